//! The HTTP client beneath: connections and certificates.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Certificate, Client};

use crate::address::AddressError;

/// Bytes of a file of certificates.
const MAX_CA_BYTES: u64 = 4 << 20;
/// Connections are closed before servers do it, so that a request seldom meets a closed one.
const IDLE: Duration = Duration::from_secs(15);

/// Whose certificates count.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Trust<'a> {
    /// None are asked for.
    Plain,
    /// Those of the system, and of this file.
    System(Option<&'a Path>),
}

/// A client. `is_near` keeps it from asking a proxy.
pub(crate) fn client(
    trust: Trust<'_>,
    connect_timeout: Duration,
    is_near: bool,
) -> Result<Client, AddressError> {
    // Whoever was first has chosen; it is the same one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = Client::builder()
        .user_agent(concat!("phoenix_replay_native/", env!("CARGO_PKG_VERSION")))
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout(connect_timeout)
        .pool_idle_timeout(IDLE);
    if is_near {
        builder = builder.no_proxy();
    }
    builder = match trust {
        Trust::Plain => builder.tls_certs_only([]),
        Trust::System(None) => builder,
        Trust::System(Some(file)) => builder.tls_certs_merge(certificates(file)?),
    };
    builder.build().map_err(|_| AddressError::Option {
        key: "ca_file",
        reason: "the system has no certificates of authorities, or none that can be read",
    })
}

fn certificates(file: &Path) -> Result<Vec<Certificate>, AddressError> {
    let wrong = |reason| AddressError::Option {
        key: "ca_file",
        reason,
    };
    let mut pem = Vec::new();
    File::open(file)
        .and_then(|it| it.take(MAX_CA_BYTES).read_to_end(&mut pem))
        .map_err(|_| wrong("the file can't be read"))?;
    match Certificate::from_pem_bundle(&pem) {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(wrong("there is no certificate in it, in PEM")),
    }
}
