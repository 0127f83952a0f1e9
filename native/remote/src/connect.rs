//! From an address and options to a client that signs requests.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use object_store::aws::{
    AmazonS3, AmazonS3Builder, AmazonS3ConfigKey as Key, AwsCredential, AwsCredentialProvider,
    S3ConditionalPut,
};
use object_store::client::CredentialProvider;
use object_store::{BackoffConfig, RetryConfig};
use reqwest::Url;

use crate::address::{Address, AddressError, Options, Sse};
use crate::fault::Fault;
use crate::net::{Connector, Transport, Trust, client};
use crate::requests::Counts;

/// Where AWS is asked without a region.
const REGION: &str = "us-east-1";
/// How long whoever gives credentials may take to be reached: it is near, or not there.
const NEAR: Duration = Duration::from_secs(2);

/// A client for the bucket; each request that it sends is counted.
pub(crate) fn connect(
    address: &Address,
    options: &Options,
    counts: Arc<Counts>,
) -> Result<AmazonS3, AddressError> {
    check(options)?;
    let environment = Environment::read();
    let region = options.region.clone().or(environment.region.clone());
    let region = region.unwrap_or_else(|| REGION.to_owned());
    let endpoint = options.endpoint.clone().or(environment.endpoint.clone());
    let url = bucket_url(address.bucket(), endpoint.as_deref(), &region, options)?;

    let trust = match url.scheme() {
        "http" => Trust::Plain,
        _ => Trust::System(options.ca_file.as_deref()),
    };
    let http = client(trust, options.connect_timeout, is_near(&url))?;
    let transport = Transport::new(http, options.request_timeout, counts);
    let credentials = credentials(environment.builder, options, &region)?;

    let mut builder = AmazonS3Builder::new()
        .with_http_connector(Connector(transport))
        .with_credentials(Arc::new(Checked(credentials)))
        .with_bucket_name(address.bucket())
        .with_region(region)
        // The bucket is in the URL already.
        .with_config(Key::S3Endpoint, url.as_str().trim_end_matches('/'))
        .with_virtual_hosted_style_request(true)
        .with_conditional_put(S3ConditionalPut::ETagMatch)
        .with_disable_tagging(true)
        // Not every server has a request for many at once.
        .with_disable_bulk_delete(true)
        .with_retry(tries(0));
    builder = match &options.sse {
        Sse::Default => builder,
        Sse::Aes256 => match "aws_server_side_encryption".parse() {
            Ok(key) => builder.with_config(key, "AES256"),
            Err(_) => return Err(wrong("sse", "it can't be asked for")),
        },
        Sse::Kms(key) => builder.with_sse_kms_encryption(key),
    };
    builder
        .build()
        .map_err(|_| wrong("remote", "it can't be used"))
}

fn wrong(key: &'static str, reason: &'static str) -> AddressError {
    AddressError::Option { key, reason }
}

fn tries(max_retries: usize) -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig::default(),
        max_retries,
        retry_timeout: NEAR * 5,
    }
}

fn check(options: &Options) -> Result<(), AddressError> {
    let is_plain = |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_graphic());
    let not_plain = "it has printable characters of ASCII, without spaces";
    for (key, value) in [
        ("access_key_id", &options.access_key_id),
        ("secret_access_key", &options.secret_access_key),
        ("session_token", &options.session_token),
    ] {
        if value.as_ref().is_some_and(|it| !is_plain(it.reveal())) {
            return Err(wrong(key, not_plain));
        }
    }
    let pair = (&options.access_key_id, &options.secret_access_key);
    match pair {
        (Some(_), None) => return Err(wrong("secret_access_key", "access_key_id needs it")),
        (None, Some(_)) => return Err(wrong("access_key_id", "secret_access_key needs it")),
        (None, None) if options.session_token.is_some() => {
            return Err(wrong("access_key_id", "session_token needs it"));
        }
        _ => (),
    }
    let is_region = |it: &str| {
        it.bytes()
            .all(|it| it.is_ascii_alphanumeric() || it == b'-')
    };
    if let Some(region) = &options.region
        && !(is_plain(region) && is_region(region))
    {
        return Err(wrong("region", "it has letters, digits and hyphens"));
    }
    if let Sse::Kms(key) = &options.sse
        && !is_plain(key)
    {
        return Err(wrong("sse", not_plain));
    }
    for (key, time) in [
        ("request_timeout", options.request_timeout),
        ("connect_timeout", options.connect_timeout),
    ] {
        if !(Duration::from_millis(1)..=Duration::from_secs(3600)).contains(&time) {
            return Err(wrong(key, "it is from 1 ms to an hour"));
        }
    }
    Ok(())
}

/// The URL that keys are put behind.
fn bucket_url(
    bucket: &str,
    endpoint: Option<&str>,
    region: &str,
    options: &Options,
) -> Result<Url, AddressError> {
    let none = || {
        wrong(
            "endpoint",
            "it is not like https://host or http://host:port",
        )
    };
    // Certificates of AWS are for names with one dot less.
    let by_default = endpoint.is_none() && !bucket.contains('.');
    let in_host = options.virtual_hosted.unwrap_or(by_default);
    let mut url: Url = match endpoint {
        Some(endpoint) => endpoint.parse().map_err(|_| none())?,
        None => format!("https://s3.{region}.amazonaws.com")
            .parse()
            .map_err(|_| none())?,
    };
    let host = url.host_str().ok_or_else(none)?.to_owned();
    let is_bare = url.query().is_none() && url.fragment().is_none();
    let is_anonymous = url.username().is_empty() && url.password().is_none();
    if !matches!(url.scheme(), "http" | "https") || !is_bare || !is_anonymous {
        return Err(none());
    }
    if in_host {
        url.set_host(Some(&format!("{bucket}.{host}")))
            .map_err(|_| wrong("virtual_hosted", "the endpoint's host has no subdomains"))?;
    } else {
        let path = format!("{}/{bucket}", url.path().trim_end_matches('/'));
        url.set_path(&path);
    }
    Ok(url)
}

/// Whether it is this machine, where no proxy leads to.
fn is_near(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let is_loopback = host
        .parse()
        .is_ok_and(|it: std::net::IpAddr| it.is_loopback());
    is_loopback || host == "localhost" || host.ends_with(".localhost")
}

/// What the environment says, as is usual for AWS.
struct Environment {
    builder: AmazonS3Builder,
    region: Option<String>,
    endpoint: Option<String>,
}

impl Environment {
    fn read() -> Environment {
        let builder = AmazonS3Builder::from_env();
        let value = |key| builder.get_config_value(&key).filter(|it| !it.is_empty());
        Environment {
            region: value(Key::Region),
            endpoint: value(Key::S3Endpoint).or_else(|| value(Key::Endpoint)),
            builder,
        }
    }
}

/// Those of the options, or whoever gives them.
fn credentials(
    environment: AmazonS3Builder,
    options: &Options,
    region: &str,
) -> Result<AwsCredentialProvider, AddressError> {
    let mut builder = match (&options.access_key_id, &options.secret_access_key) {
        (Some(id), Some(key)) => AmazonS3Builder::new()
            .with_access_key_id(id.reveal())
            .with_secret_access_key(key.reveal()),
        _ => environment,
    };
    if let Some(token) = &options.session_token {
        builder = builder.with_token(token.reveal());
    }
    let has_keys = builder.get_config_value(&Key::AccessKeyId).is_some();
    let is_far = builder
        .get_config_value(&Key::WebIdentityTokenFile)
        .is_some();
    let trust: Trust<'_> = match has_keys {
        true => Trust::Plain,
        false => Trust::System(options.ca_file.as_deref() as Option<&Path>),
    };
    let http = client(trust, options.connect_timeout.min(NEAR), !is_far)?;
    let store = builder
        .with_http_connector(Connector(Transport::foreign(http, NEAR)))
        .with_bucket_name("none")
        .with_region(region)
        .with_retry(tries(2))
        .build()
        .map_err(|_| {
            wrong(
                "access_key_id",
                "the environment's credentials can't be used",
            )
        })?;
    Ok(store.credentials().clone())
}

/// Credentials that can be in a header: the layer between would give up on others.
#[derive(Debug)]
struct Checked(AwsCredentialProvider);

#[async_trait]
impl CredentialProvider for Checked {
    type Credential = AwsCredential;

    async fn get_credential(&self) -> object_store::Result<Arc<AwsCredential>> {
        let fault = |reason| object_store::Error::Generic {
            store: "S3",
            source: Box::new(Fault::unavailable(reason)),
        };
        let credential = self.0.get_credential().await;
        let credential = credential.map_err(|_| fault("no credentials are to be had"))?;
        let is_plain = |it: &str| it.bytes().all(|it| it.is_ascii_graphic());
        let token = credential.token.as_deref().unwrap_or_default();
        if !is_plain(&credential.key_id) || !is_plain(token) {
            return Err(fault("the credentials can't be used"));
        }
        Ok(credential)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(bucket: &str, endpoint: Option<&str>, in_host: Option<bool>) -> String {
        let options = Options {
            virtual_hosted: in_host,
            ..Options::default()
        };
        bucket_url(bucket, endpoint, "eu-north-1", &options)
            .map_or_else(|it| it.to_string(), |it| it.to_string())
    }

    #[test]
    fn the_bucket_is_in_the_host_or_in_the_path() {
        let minio = Some("http://minio:9000");
        for (bucket, endpoint, in_host, expected) in [
            (
                "abc",
                None,
                None,
                "https://abc.s3.eu-north-1.amazonaws.com/",
            ),
            ("a.b", None, None, "https://s3.eu-north-1.amazonaws.com/a.b"),
            (
                "abc",
                None,
                Some(false),
                "https://s3.eu-north-1.amazonaws.com/abc",
            ),
            ("abc", minio, None, "http://minio:9000/abc"),
            ("abc", minio, Some(true), "http://abc.minio:9000/"),
            ("abc", Some("https://h/s3/"), None, "https://h/s3/abc"),
            ("abc", Some("http://[::1]:9"), None, "http://[::1]:9/abc"),
        ] {
            assert_eq!(url(bucket, endpoint, in_host), expected);
        }
    }

    #[test]
    fn what_is_no_endpoint_is_refused() {
        for endpoint in [
            "",
            "minio:9000",
            "ftp://minio",
            "http://",
            "https://user:secret@minio",
            "https://minio/?x=1",
            "https://minio/#x",
        ] {
            let error = url("abc", Some(endpoint), None);
            assert!(error.starts_with("endpoint: "), "{endpoint}: {error}");
            assert!(!error.contains("secret"));
        }
        let error = url("abc", Some("http://10.0.0.1"), Some(true));
        assert!(error.starts_with("virtual_hosted: "), "{error}");
    }

    #[test]
    fn an_option_that_is_wrong_is_named() {
        let secret = |it: &str| Some(it.to_owned().into());
        let good = || Options {
            access_key_id: secret("id"),
            secret_access_key: secret("key"),
            ..Options::default()
        };
        let named = |options: Options| match check(&options) {
            Err(AddressError::Option { key, .. }) => key,
            _ => "",
        };
        assert_eq!(named(good()), "");
        let with = |change: fn(&mut Options)| {
            let mut options = good();
            change(&mut options);
            named(options)
        };
        assert_eq!(with(|it| it.access_key_id = None), "access_key_id");
        assert_eq!(with(|it| it.secret_access_key = None), "secret_access_key");
        assert_eq!(
            with(|it| it.session_token = Some("a\nb".to_owned().into())),
            "session_token"
        );
        assert_eq!(with(|it| it.region = Some("a b".into())), "region");
        assert_eq!(with(|it| it.region = Some("x.evil/".into())), "region");
        assert_eq!(with(|it| it.sse = Sse::Kms(String::new())), "sse");
        assert_eq!(
            with(|it| it.request_timeout = Duration::ZERO),
            "request_timeout"
        );
        assert_eq!(
            with(|it| it.connect_timeout = Duration::MAX),
            "connect_timeout"
        );
    }

    #[test]
    fn this_machine_is_near() {
        let near = |text: &str| is_near(&text.parse().unwrap());
        assert!(near("http://127.0.0.1:1") && near("http://[::1]:1") && near("http://localhost"));
        assert!(!near("http://10.0.0.1") && !near("https://localhost.example.com"));
    }
}
