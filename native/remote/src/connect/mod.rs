//! From an address and options to a client that signs requests.

mod check;
mod environment;
mod url;

use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::FutureExt as _;
use object_store::aws::{
    AmazonS3, AmazonS3Builder, AmazonS3ConfigKey as Key, AwsCredential, AwsCredentialProvider,
    S3ConditionalPut,
};
use object_store::client::CredentialProvider;
use object_store::{BackoffConfig, RetryConfig};

use crate::address::{Address, AddressError, Options, Sse};
use crate::fault::Fault;
use crate::net::{Connector, Transport, Trust, client};
use crate::requests::Counts;

use check::{check, check_region, wrong};
use environment::Environment;
use url::{bucket_url, is_near};

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
    let environment = Environment::read(&options.environment);
    let region = options.region.clone().or(environment.region.clone());
    let region = region.unwrap_or_else(|| REGION.to_owned());
    check_region(&region)?;
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

fn tries(max_retries: usize) -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig::default(),
        max_retries,
        retry_timeout: NEAR * 5,
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

/// Credentials that can be in a header. The layer between panics with others, and with what it is
/// answered by whoever is at the address of a metadata service and is none.
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
        let asked = AssertUnwindSafe(self.0.get_credential())
            .catch_unwind()
            .await;
        let none = || fault("no credentials are to be had");
        let credential = asked.map_err(|_| none())?.map_err(|_| none())?;
        let is_plain = |it: &str| it.bytes().all(|it| it.is_ascii_graphic());
        let token = credential.token.as_deref().unwrap_or_default();
        if !is_plain(&credential.key_id) || !is_plain(token) {
            return Err(fault("the credentials can't be used"));
        }
        Ok(credential)
    }
}
