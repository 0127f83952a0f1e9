//! The server.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use s3s::S3Result;
use s3s::auth::SimpleAuth;
use s3s::host::{S3Host, VirtualHost};
use s3s::service::{S3ServiceBuilder, SharedS3Service};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

use crate::shelf::{Quirks, Shelf};

/// Names below this one are of buckets. There is no such host: whoever asks one asks by a proxy.
const DOMAIN: &str = "s3.test";

/// What is served.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the buckets are.
    pub folder: PathBuf,
    /// Those that are made if they are not there.
    pub buckets: Vec<String>,
    /// Who may do everything.
    pub access_key_id: String,
    /// Belongs to it.
    pub secret_access_key: String,
    /// What it does otherwise than AWS.
    pub quirks: Quirks,
    /// Where it listens; 0 for one of the system's choice.
    pub port: u16,
}

/// A server that runs until this is dropped.
pub struct Server {
    address: SocketAddr,
    runtime: Option<Runtime>,
}

impl Server {
    /// Starts it.
    ///
    /// # Errors
    ///
    /// The folder can't be written, or the port is taken.
    pub fn start(config: &Config) -> io::Result<Server> {
        let shelf = Shelf::new(&config.folder, &config.buckets, config.quirks)?;
        let mut service = S3ServiceBuilder::new(shelf);
        service.set_auth(SimpleAuth::from_single(
            config.access_key_id.clone(),
            config.secret_access_key.clone(),
        ));
        service.set_host(Hosts);
        let service = service.build().into_shared();
        let runtime = runtime()?;
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, config.port)))?;
        let address = listener.local_addr()?;
        runtime.spawn(serve(listener, service));
        Ok(Server {
            address,
            runtime: Some(runtime),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

/// A bucket is named in the path, or in the host.
struct Hosts;

impl S3Host for Hosts {
    fn parse_host_header<'a>(&'a self, host: &'a str) -> S3Result<VirtualHost<'a>> {
        let name = host.split(':').next().unwrap_or_default();
        let bucket = name
            .strip_suffix(DOMAIN)
            .and_then(|it| it.strip_suffix('.'));
        Ok(match bucket {
            Some(bucket) => VirtualHost::with_bucket(DOMAIN, bucket),
            None => VirtualHost::new(host),
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

pub(crate) fn runtime() -> io::Result<Runtime> {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
}

async fn serve(listener: TcpListener, service: SharedS3Service) -> Infallible {
    loop {
        if let Ok((socket, _)) = listener.accept().await {
            let connection =
                http1::Builder::new().serve_connection(TokioIo::new(socket), service.clone());
            tokio::spawn(connection);
        }
    }
}
