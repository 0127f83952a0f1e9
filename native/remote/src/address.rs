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
    /// The region; without it what the environment says, then `us-east-1`.
    pub region: Option<String>,
    /// Without it, credentials are looked for as is usual for AWS: in the environment, by a web
    /// identity, at the container's or the instance's metadata service.
    pub access_key_id: Option<Secret>,
    /// Belongs to `access_key_id`.
    pub secret_access_key: Option<Secret>,
    /// Belongs to `access_key_id`, where that is a temporary one.
    pub session_token: Option<Secret>,
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
            virtual_hosted: None,
            sse: Sse::Default,
            ca_file: None,
            request_timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(10),
        }
    }
}

impl Address {
    /// Reads `s3://bucket/prefix`; the prefix may be missing.
    ///
    /// # Errors
    ///
    /// [`AddressError::Address`].
    pub fn parse(text: &str) -> Result<Address, AddressError> {
        let rest = text
            .strip_prefix("s3://")
            .ok_or(AddressError::Address("an address begins with s3://"))?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        Ok(Address {
            bucket: bucket.to_owned(),
            prefix: prefix.trim_matches('/').to_owned(),
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
        write!(f, "s3://{}/{}", self.bucket, self.prefix)
    }
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
