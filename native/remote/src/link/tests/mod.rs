//! Nodes, and a server.

mod absent;
mod deleting;
mod erasing;
mod faults;
mod limits;
mod refusals;
mod running;
mod sharing;
mod stubborn;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use replay_s3::{Config, Elsewhere, Proxy, Quirks, Server};
use replay_store::{Filter, Format, Options as StoreOptions, Sort, Store};
use tempfile::TempDir;

use super::clock::local_ms;
use super::*;
use crate::address::{Address, Options};
use crate::bucket::Cursor;
use crate::key::Key;

/// Nothing here takes so long.
const LONG: Duration = Duration::from_secs(60);

/// A server, with a proxy before it: one that the environment names, or one of its own.
struct World {
    /// The name of the bucket, and what keys begin with.
    bucket: String,
    prefix: String,
    options: Options,
    proxy: Proxy,
    /// Without the proxy.
    direct: Bucket,
    local: Option<(TempDir, Server)>,
}

/// A directory and what is open there.
struct Node {
    // Dropped first.
    link: Link,
    store: Store,
    dir: TempDir,
}

impl World {
    fn new() -> World {
        let Some(elsewhere) = Elsewhere::from_env().unwrap() else {
            return World::local();
        };
        let options = Options {
            region: Some(elsewhere.region),
            access_key_id: Some(elsewhere.access_key_id.into()),
            secret_access_key: Some(elsewhere.secret_access_key.into()),
            ..Options::default()
        };
        World::at(elsewhere.bucket, elsewhere.address, options, None)
    }

    fn local() -> World {
        let folder = tempfile::tempdir().unwrap();
        let config = Config {
            folder: folder.path().to_owned(),
            buckets: vec!["bucket".into()],
            access_key_id: "id".into(),
            secret_access_key: "secret".into(),
            quirks: Quirks::default(),
            port: 0,
        };
        let server = Server::start(&config).unwrap();
        let address = server.address();
        let options = Options {
            access_key_id: Some("id".to_owned().into()),
            secret_access_key: Some("secret".to_owned().into()),
            ..Options::default()
        };
        World::at("bucket".into(), address, options, Some((folder, server)))
    }

    fn at(
        bucket: String,
        address: SocketAddr,
        options: Options,
        local: Option<(TempDir, Server)>,
    ) -> World {
        let prefix = format!("{}/prefix", Elsewhere::prefix());
        let place = Address::parse(&format!("s3://{bucket}/{prefix}")).unwrap();
        let direct = Options {
            endpoint: Some(format!("http://{address}")),
            ..options.clone()
        };
        World {
            direct: Bucket::open(&place, &direct).unwrap(),
            bucket,
            prefix,
            options,
            proxy: Proxy::start(address).unwrap(),
            local,
        }
    }

    /// Whether the server is one that the environment names.
    fn is_elsewhere(&self) -> bool {
        self.local.is_none()
    }

    fn bucket(&self) -> Bucket {
        self.bucket_as(&self.bucket, None)
    }

    /// The bucket of this name, for who has another secret.
    fn bucket_as(&self, bucket: &str, secret: Option<&str>) -> Bucket {
        let mut options = Options {
            endpoint: Some(format!("http://{}", self.proxy.address())),
            request_timeout: Duration::from_secs(2),
            connect_timeout: Duration::from_secs(2),
            ..self.options.clone()
        };
        if let Some(secret) = secret {
            options.secret_access_key = Some(secret.to_owned().into());
        }
        let place = format!("s3://{bucket}/{}", self.prefix);
        Bucket::open(&Address::parse(&place).unwrap(), &options).unwrap()
    }

    fn node(&self, name: &str) -> Node {
        self.node_in(tempfile::tempdir().unwrap(), name, |_| {}, |_| {})
    }

    fn node_in(
        &self,
        dir: TempDir,
        name: &str,
        set_store: impl FnOnce(&mut StoreOptions),
        set: impl FnOnce(&mut Settings),
    ) -> Node {
        let mut options = StoreOptions::default();
        set_store(&mut options);
        let store = Store::open(dir.path(), options).unwrap();
        let mut settings = Settings {
            node: name.into(),
            poll: Duration::from_millis(50),
            timeout: Duration::from_secs(5),
            ..Settings::default()
        };
        set(&mut settings);
        let link = Link::open(&store, self.bucket(), settings).unwrap();
        Node { link, store, dir }
    }

    /// The keys of the objects that end so.
    fn objects(&self, end: &str) -> Vec<String> {
        let mut found = Vec::new();
        let mut next = Some(Cursor::start());
        while let Some(cursor) = next {
            // What goes meanwhile is no fault, and what does not answer is asked again.
            let Ok(page) = self.direct.list(&cursor) else {
                thread::sleep(Duration::from_millis(100));
                next = Some(cursor);
                continue;
            };
            found.extend(page.objects.into_iter().map(|it| it.text));
            next = page.next;
        }
        found.retain(|name| name.ends_with(end));
        found
    }

    /// What an object holds; empty if there is none.
    fn read(&self, key: &str) -> Vec<u8> {
        let key = Key::parse(key).unwrap();
        self.direct
            .get(&key, 1 << 20)
            .map_or(Vec::new(), |bytes| bytes.to_vec())
    }

    fn write(&self, key: &str, bytes: Vec<u8>) {
        let key = Key::parse(key).unwrap();
        self.direct.put(&key, bytes.into()).unwrap();
    }

    fn remove(&self, key: &str) {
        self.direct.delete_text(key).unwrap();
    }
}

/// A recording with one event of a user, as an external term.
fn recording(id: &str, at: i64) -> Vec<u8> {
    let atom = |text: &str| [&[119, text.len() as u8], text.as_bytes()].concat();
    let binary = |text: &str| {
        [
            &[109],
            &(text.len() as u32).to_be_bytes()[..],
            text.as_bytes(),
        ]
        .concat()
    };
    let integer = [
        &[110, 8, u8::from(at < 0)],
        &at.unsigned_abs().to_le_bytes()[..],
    ]
    .concat();
    let map =
        |size: u32, pairs: &[Vec<u8>]| [&[116], &size.to_be_bytes()[..], &pairs.concat()].concat();
    let params = map(1, &[binary("secret"), binary(&format!("s-{id}"))]);
    let payload = map(2, &[atom("name"), binary("n"), atom("params"), params]);
    let event = [vec![104, 3, 97, 1], atom("event"), payload].concat();
    let events = [&[108, 0, 0, 0, 1], &event[..], &[106]].concat();
    let fields = [
        [atom("connected_at"), integer],
        [atom("events"), events],
        [atom("id"), binary(id)],
        [atom("url"), binary(&format!("http://h/{id}"))],
        [atom("view"), atom("Elixir.V")],
    ];
    [vec![131], map(5, &fields.concat())].concat()
}

fn by_id(prefix: &str) -> Filter {
    Filter {
        id: Some(prefix.as_bytes().into()),
        ..Filter::default()
    }
}

impl Node {
    fn save(&self, id: &str, at: i64) {
        self.store.save(&recording(id, at), Format::Etf).unwrap();
    }

    fn drain(&self) {
        let status = self.link.drain(LONG);
        assert_eq!(
            (status.pending_uploads, status.pending_deletes),
            (0, 0),
            "{status:?}"
        );
    }

    fn ids(&self) -> Vec<String> {
        let page = self
            .store
            .query(&Filter::default(), Sort::Newest, 10_000, None);
        let ids = page.unwrap().items;
        let ids = ids
            .iter()
            .map(|it| String::from_utf8_lossy(it.id()).into_owned());
        ids.collect()
    }

    fn lists(&self, ids: &[&str]) {
        eventually(&format!("{ids:?} are listed"), || self.ids() == ids);
    }

    fn files(&self) -> usize {
        let names = std::fs::read_dir(self.dir.path()).unwrap();
        let names = names.map(|it| it.unwrap().file_name());
        names.filter(|name| name != ".native").count()
    }

    /// Ends it, and leaves the directory.
    fn close(self) -> TempDir {
        drop(self.link);
        drop(self.store);
        self.dir
    }
}

fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + LONG;
    while !holds() {
        assert!(Instant::now() < deadline, "not in time: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}
