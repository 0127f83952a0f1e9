//! A server, a proxy before it, and buckets that are opened through either.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use replay_remote::{Address, Bucket, FaultKind, Key, Name, Options, Tag, Time};
use replay_s3::{Config, Proxy, Quirks, Server};
use tempfile::TempDir;

pub const ACCESS_KEY_ID: &str = "AKIAEXAMPLE";
pub const SECRET: &str = "hidden-secret-key";
pub const START: u64 = 1_790_000_000_000;

pub struct Site {
    pub folder: TempDir,
    pub server: Server,
    pub proxy: Proxy,
}

impl Site {
    pub fn new() -> Site {
        Site::with(Quirks::default())
    }

    pub fn with(quirks: Quirks) -> Site {
        let folder = TempDir::new().unwrap();
        let server = Server::start(&Config {
            folder: folder.path().to_owned(),
            buckets: vec!["replays".to_owned()],
            access_key_id: ACCESS_KEY_ID.to_owned(),
            secret_access_key: SECRET.to_owned(),
            quirks,
            port: 0,
        })
        .unwrap();
        let proxy = Proxy::start(server.address()).unwrap();
        Site {
            folder,
            server,
            proxy,
        }
    }

    /// A bucket through the proxy.
    pub fn bucket(&self) -> Bucket {
        open("s3://replays/some/prefix", &self.options())
    }

    /// The same, without the proxy.
    pub fn direct(&self) -> Bucket {
        let options = options(self.server.address());
        open("s3://replays/some/prefix", &options)
    }

    pub fn options(&self) -> Options {
        options(self.proxy.address())
    }

    /// As `bucket`, for who gives up soon.
    pub fn hasty(&self) -> Bucket {
        let options = Options {
            request_timeout: Duration::from_millis(300),
            ..self.options()
        };
        open("s3://replays/some/prefix", &options)
    }
}

pub fn options(address: SocketAddr) -> Options {
    Options {
        endpoint: Some(format!("http://{address}")),
        access_key_id: Some(ACCESS_KEY_ID.to_owned().into()),
        secret_access_key: Some(SECRET.to_owned().into()),
        ..Options::default()
    }
}

pub fn open(address: &str, options: &Options) -> Bucket {
    Bucket::open(&Address::parse(address).unwrap(), options).unwrap()
}

pub fn name(bytes: &[u8]) -> Name {
    Name::new(bytes).unwrap()
}

pub fn time(ms: u64) -> Time {
    Time::from_ms(ms).unwrap()
}

/// The key of a recording, so many milliseconds after the start.
pub fn recording(after_ms: u64, file: &[u8]) -> Key {
    Key::recording(time(START + after_ms), name(file)).unwrap()
}

pub fn rows(after_ms: u64) -> Key {
    Key::Rows {
        time: time(START + after_ms),
        tag: Tag(7),
    }
}

pub fn bytes(size: usize) -> Bytes {
    (0..size).map(|it| (it * 7 % 251) as u8).collect()
}

#[track_caller]
pub fn is<T: std::fmt::Debug>(result: Result<T, replay_remote::Fault>, kind: FaultKind) {
    let fault = result.unwrap_err();
    assert_eq!(fault.kind(), kind, "{fault}");
}
