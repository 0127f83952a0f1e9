//! Nodes, and a server.

mod deleting;
mod faults;
mod running;
mod sharing;

use std::path::Path;
use std::time::{Duration, Instant};

use replay_s3::{Config, Proxy, Quirks, Server};
use replay_store::{Filter, Format, Options as StoreOptions, Sort, Store};
use tempfile::TempDir;

use super::clock::local_ms;
use super::*;
use crate::address::{Address, Options};

/// Nothing here takes so long.
const LONG: Duration = Duration::from_secs(60);

/// A server, with a proxy before it.
struct World {
    folder: TempDir,
    proxy: Proxy,
    _server: Server,
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
        let proxy = Proxy::start(server.address()).unwrap();
        World {
            folder,
            proxy,
            _server: server,
        }
    }

    fn bucket(&self) -> Bucket {
        self.bucket_as("s3://bucket/some/prefix", "secret")
    }

    fn bucket_as(&self, address: &str, secret: &str) -> Bucket {
        let options = Options {
            endpoint: Some(format!("http://{}", self.proxy.address())),
            access_key_id: Some("id".to_owned().into()),
            secret_access_key: Some(secret.to_owned().into()),
            request_timeout: Duration::from_secs(2),
            connect_timeout: Duration::from_secs(2),
            ..Options::default()
        };
        Bucket::open(&Address::parse(address).unwrap(), &options).unwrap()
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

    /// The names of the objects that are recordings, or end as asked for.
    fn objects(&self, end: &str) -> Vec<String> {
        let mut found = Vec::new();
        files_below(self.folder.path(), &mut found);
        found.retain(|name| name.ends_with(end));
        found
    }
}

fn files_below(dir: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        match path.is_dir() {
            true => files_below(&path, found),
            false => found.push(path.to_string_lossy().into_owned()),
        }
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
