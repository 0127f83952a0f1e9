//! Where the bucket is, and how it is spoken to.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Bytes of a prefix: with the longest name of a file, every server takes the key.
pub(crate) const MAX_PREFIX_BYTES: usize = 200;

/// A bucket, and where in it everything of ours is: `s3://bucket/prefix`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    bucket: String,
    prefix: String,
}

/// Why a bucket can't be spoken to at all, whatever the network does.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// The address is none.
    #[error("remote: {0}")]
    Address(&'static str),
    /// An option has a value that can't be used.
    #[error("{key}: {reason}")]
    Option {
        /// The field of [`Options`].
        key: &'static str,
        /// What is wrong, without the value.
        reason: &'static str,
    },
    /// There are no threads for it.
    #[error("no threads for requests: {0}")]
    Threads(#[source] io::Error),
}

/// A value that neither `Debug` nor an error shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// How the server encrypts what it stores.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Sse {
    /// As the bucket's own setting says.
    #[default]
    Default,
    /// With keys of the server: `AES256`.
    Aes256,
    /// With this key of the server's key service: `aws:kms`.
    Kms(String),
}

/// How a bucket is spoken to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The server, such as `https://minio.internal:9000`. Without it, that of AWS. One that begins
    /// with `http://` is spoken to without encryption.
    pub endpoint: Option<String>,
    /// The region; without it what the `environment` says, then `us-east-1`.
    pub region: Option<String>,
    /// Without it, credentials are looked for as is usual for AWS: in the `environment`, by a web
    /// identity, at the container's or the instance's metadata service.
    pub access_key_id: Option<Secret>,
    /// Belongs to `access_key_id`.
    pub secret_access_key: Option<Secret>,
    /// Belongs to `access_key_id`, where that is a temporary one.
    pub session_token: Option<Secret>,
    /// Variables such as `AWS_REGION`, for what is not said here. They are given and not read, as
    /// who runs in a VM has its environment, which may differ from that of the process.
    pub environment: Vec<(String, Secret)>,
    /// Whether the bucket is named in the host (`bucket.host/key`) or in the path
    /// (`host/bucket/key`). Without it, in the host on AWS and in the path elsewhere.
    pub virtual_hosted: Option<bool>,
    /// How the server encrypts what it stores.
    pub sse: Sse,
    /// Certificates, in PEM, that are trusted besides those of the system.
    pub ca_file: Option<PathBuf>,
    /// How long a request may make no progress. What is large may take longer in all.
    pub request_timeout: Duration,
    /// How long a connection may take to be made.
    pub connect_timeout: Duration,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            endpoint: None,
            region: None,
            access_key_id: None,
            secret_access_key: None,
            session_token: None,
            environment: Vec::new(),
            virtual_hosted: None,
            sse: Sse::Default,
            ca_file: None,
            request_timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(10),
        }
    }
}

impl Address {
    /// Reads `s3://bucket/prefix`; the prefix may be missing, or have a slash at its end.
    ///
    /// # Errors
    ///
    /// [`AddressError::Address`].
    pub fn parse(text: &str) -> Result<Address, AddressError> {
        let rest = text
            .strip_prefix("s3://")
            .ok_or(AddressError::Address("an address begins with s3://"))?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let prefix = match prefix.strip_suffix('/') {
            // Two slashes have nothing between them.
            None | Some("") => prefix,
            Some(prefix) => prefix,
        };
        if !is_bucket(bucket) {
            return Err(AddressError::Address(
                "a bucket's name has 3 to 63 lower-case letters, digits, dots and hyphens, and \
                 begins and ends with a letter or a digit",
            ));
        }
        if !prefix.is_empty() && !prefix.split('/').all(is_segment) {
            return Err(AddressError::Address(
                "a prefix has letters, digits and -_.~=@ between its slashes",
            ));
        }
        if prefix.len() > MAX_PREFIX_BYTES {
            return Err(AddressError::Address("a prefix has up to 200 bytes"));
        }
        Ok(Address {
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
        })
    }

    /// The bucket's name.
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// What every key begins with, without a slash at its end; empty if nothing.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.prefix.as_str() {
            "" => write!(f, "s3://{}", self.bucket),
            prefix => write!(f, "s3://{}/{prefix}", self.bucket),
        }
    }
}

/// What AWS and those like it take for a bucket's name.
fn is_bucket(name: &str) -> bool {
    let inner = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit();
    (3..=63).contains(&name.len())
        && name.bytes().all(|it| inner(it) || it == b'.' || it == b'-')
        && name.bytes().next().is_some_and(inner)
        && name.bytes().last().is_some_and(inner)
        && !name.contains("..")
}

/// What needs no escape, and no server takes for a directory.
fn is_segment(text: &str) -> bool {
    let plain = |it: u8| it.is_ascii_alphanumeric() || b"-_.~=@".contains(&it);
    !matches!(text, "" | "." | "..") && text.bytes().all(plain)
}

impl Secret {
    /// The value itself.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(value: String) -> Secret {
        Secret(value)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_bucket_and_perhaps_a_prefix() {
        for (text, bucket, prefix) in [
            ("s3://abc", "abc", ""),
            ("s3://abc/", "abc", ""),
            ("s3://my.bucket-1/replays", "my.bucket-1", "replays"),
            ("s3://abc/a/b_c=d@e~f.g/", "abc", "a/b_c=d@e~f.g"),
        ] {
            let address = Address::parse(text).unwrap();
            assert_eq!((address.bucket(), address.prefix()), (bucket, prefix));
            assert_eq!(Address::parse(&address.to_string()).unwrap(), address);
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = format!("s3://abc/{}", "x".repeat(MAX_PREFIX_BYTES + 1));
        for text in [
            "",
            "abc",
            "S3://abc",
            "https://abc/x",
            "s3://",
            "s3://ab",
            "s3://Abc",
            "s3://abc-",
            "s3://a..b",
            "s3://a_b",
            "s3://abc//x",
            "s3://abc//",
            "s3://abc/x//y",
            "s3://abc/./x",
            "s3://abc/../x",
            "s3://abc/x y",
            "s3://abc/x?y",
            "s3://abc/é",
            "s3://user:secret@abc/x",
            &long,
        ] {
            let error = Address::parse(text).unwrap_err();
            assert!(matches!(error, AddressError::Address(_)), "{text}");
            assert!(!error.to_string().contains("secret"));
        }
    }

    #[test]
    fn credentials_are_not_shown() {
        let secret = |text: &str| Some(Secret::from(text.to_owned()));
        let options = Options {
            access_key_id: secret("AKIA-hidden"),
            secret_access_key: secret("hidden-key"),
            session_token: secret("hidden-token"),
            ..Options::default()
        };
        let shown = format!("{options:?} {options:#?}");
        assert!(!shown.contains("hidden"), "{shown}");
    }
}
