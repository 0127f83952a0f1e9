//! A server, a proxy before it, and buckets that are opened through either.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use replay_remote::{Address, Bucket, FaultKind, Key, Name, Options, Tag, Time};
use replay_s3::{Config, Elsewhere, Proxy, Quirks, Server};
use tempfile::TempDir;

pub const ACCESS_KEY_ID: &str = "AKIAEXAMPLE";
pub const SECRET: &str = "hidden-secret-key";
pub const START: u64 = 1_790_000_000_000;

pub struct Site {
    /// What keys begin with, with the bucket.
    place: String,
    options: Options,
    pub proxy: Proxy,
    address: SocketAddr,
    /// None if the server is one that the environment names.
    local: Option<Local>,
}

struct Local {
    folder: TempDir,
    _server: Server,
}

impl Site {
    /// With the server that the environment names, or one of its own.
    pub fn new() -> Site {
        let Some(elsewhere) = Elsewhere::from_env().unwrap() else {
            return Site::local();
        };
        let options = Options {
            region: Some(elsewhere.region),
            access_key_id: Some(elsewhere.access_key_id.into()),
            secret_access_key: Some(elsewhere.secret_access_key.into()),
            ..Options::default()
        };
        let place = format!("s3://{}/{}", elsewhere.bucket, Elsewhere::prefix());
        Site::at(place, elsewhere.address, options, None)
    }

    /// With a server of its own, whose folder can be looked into.
    pub fn local() -> Site {
        Site::with(Quirks::default())
    }

    /// With a server of its own that is so.
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
        let address = server.address();
        let local = Local {
            folder,
            _server: server,
        };
        let place = "s3://replays/some/prefix".to_owned();
        Site::at(place, address, options(address), Some(local))
    }

    fn at(place: String, address: SocketAddr, options: Options, local: Option<Local>) -> Site {
        Site {
            place,
            options,
            proxy: Proxy::start(address).unwrap(),
            address,
            local,
        }
    }

    /// Where the server of its own listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the server of its own has what the bucket has.
    pub fn folder(&self) -> PathBuf {
        let local = self.local.as_ref().unwrap();
        local.folder.path().join("replays/some/prefix")
    }

    /// The bucket's address, and a prefix more.
    pub fn place(&self, more: &str) -> String {
        format!("{}{more}", self.place)
    }

    /// A bucket through the proxy.
    pub fn bucket(&self) -> Bucket {
        open(&self.place, &self.options())
    }

    /// The same, without the proxy.
    pub fn direct(&self) -> Bucket {
        open(&self.place, &self.options_for(self.address))
    }

    pub fn options(&self) -> Options {
        self.options_for(self.proxy.address())
    }

    fn options_for(&self, address: SocketAddr) -> Options {
        Options {
            endpoint: Some(format!("http://{address}")),
            ..self.options.clone()
        }
    }

    /// As `bucket`, for who gives up soon.
    pub fn hasty(&self) -> Bucket {
        let options = Options {
            request_timeout: Duration::from_millis(300),
            ..self.options()
        };
        open(&self.place, &options)
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
    Key::recording(time(START + after_ms), 7, name(file)).unwrap()
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
