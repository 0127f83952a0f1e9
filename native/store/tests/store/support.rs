//! What the tests share: recordings made by hand, and directories to keep them in.

use std::fs;
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use libdeflater::{CompressionLvl, Compressor};
use replay_etf::tag;
use replay_store::{Compression, Durability, Entry, Error, Options, Store, compress};
use tempfile::TempDir;

/// A recording to be written as an external term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    pub id: Vec<u8>,
    pub connected_at: i64,
    pub events: u16,
    /// Makes two recordings of the same size differ: twenty of it are the name of its events.
    pub mark: u8,
    pub view: &'static str,
    pub url: &'static str,
    /// The URLs of its events about parameters, which come before the others.
    pub pages: Vec<String>,
}

impl Recording {
    pub fn new(id: impl AsRef<[u8]>) -> Self {
        Recording {
            id: id.as_ref().to_vec(),
            connected_at: 1_000,
            events: 2,
            mark: b'a',
            view: "Elixir.MyAppWeb.HomeLive",
            url: "http://localhost/",
            pages: Vec::new(),
        }
    }

    pub fn at(self, connected_at: i64) -> Self {
        Recording {
            connected_at,
            ..self
        }
    }

    pub fn events(self, events: u16) -> Self {
        Recording { events, ..self }
    }

    pub fn mark(self, mark: u8) -> Self {
        Recording { mark, ..self }
    }

    pub fn view(self, view: &'static str) -> Self {
        Recording { view, ..self }
    }

    pub fn url(self, url: &'static str) -> Self {
        Recording { url, ..self }
    }

    pub fn pages<P: Into<String>>(self, pages: impl IntoIterator<Item = P>) -> Self {
        let pages = pages.into_iter().map(Into::into).collect();
        Recording { pages, ..self }
    }

    pub fn event_count(&self) -> usize {
        self.pages.len() + usize::from(self.events)
    }

    /// The term, with its version byte.
    pub fn etf(&self) -> Vec<u8> {
        let mut out = vec![tag::VERSION, tag::MAP, 0, 0, 0, 7];
        atom(&mut out, "connected_at");
        integer(&mut out, self.connected_at);
        atom(&mut out, "events");
        if self.event_count() > 0 {
            out.push(tag::LIST);
            out.extend((self.event_count() as u32).to_be_bytes());
        }
        for page in &self.pages {
            out.extend([tag::SMALL_TUPLE, 3, tag::SMALL_INTEGER, 0]);
            atom(&mut out, "handle_params");
            out.extend([tag::MAP, 0, 0, 0, 2]);
            atom(&mut out, "params");
            out.extend([tag::MAP, 0, 0, 0, 0]);
            atom(&mut out, "url");
            binary(&mut out, page.as_bytes());
        }
        for n in 0..self.events {
            out.extend([tag::SMALL_TUPLE, 3]);
            integer(&mut out, i64::from(n) * 10);
            atom(&mut out, if n == 0 { "mount" } else { "event" });
            out.extend([tag::MAP, 0, 0, 0, 1]);
            atom(&mut out, "name");
            binary(&mut out, &[self.mark; 20]);
        }
        out.push(tag::NIL);
        atom(&mut out, "id");
        binary(&mut out, &self.id);
        atom(&mut out, "params");
        out.extend([tag::MAP, 0, 0, 0, 0]);
        atom(&mut out, "session");
        out.extend([tag::MAP, 0, 0, 0, 0]);
        atom(&mut out, "url");
        binary(&mut out, self.url.as_bytes());
        atom(&mut out, "view");
        atom(&mut out, self.view);
        out
    }
}

fn atom(out: &mut Vec<u8>, text: &str) {
    out.extend([tag::SMALL_ATOM_UTF8, text.len() as u8]);
    out.extend(text.as_bytes());
}

fn integer(out: &mut Vec<u8>, value: i64) {
    out.extend([tag::SMALL_BIG, 8, u8::from(value < 0)]);
    out.extend(value.unsigned_abs().to_le_bytes());
}

fn binary(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(tag::BINARY);
    out.extend((bytes.len() as u32).to_be_bytes());
    out.extend(bytes);
}

/// Like `:zlib.gzip/1`.
pub fn gzip(content: &[u8]) -> Vec<u8> {
    let mut compressor = Compressor::new(CompressionLvl::default());
    let mut gz = vec![0; compressor.gzip_compress_bound(content.len())];
    let len = compressor.gzip_compress(content, &mut gz).unwrap();
    gz.truncate(len);
    gz
}

/// Like the program `zstd`.
pub fn zstd(content: &[u8]) -> Vec<u8> {
    compress(content, Compression::Zstd(3)).unwrap()
}

/// A directory for one test.
pub struct Dir(TempDir);

impl Dir {
    pub fn new() -> Self {
        Dir(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> PathBuf {
        self.0.path().join("recordings")
    }

    pub fn outside(&self) -> &Path {
        self.0.path()
    }

    pub fn open(&self) -> Store {
        Store::open(&self.path(), options()).unwrap()
    }

    pub fn open_with(&self, compression: Compression) -> Store {
        let options = Options {
            compression,
            ..options()
        };
        Store::open(&self.path(), options).unwrap()
    }

    pub fn file(&self, name: impl AsRef<[u8]>) -> PathBuf {
        self.path().join(std::ffi::OsStr::from_bytes(name.as_ref()))
    }

    /// Writes a file the way other programs do: in place, not by rename.
    pub fn write(&self, name: impl AsRef<[u8]>, content: &[u8]) {
        fs::create_dir_all(self.path()).unwrap();
        fs::write(self.file(name), content).unwrap();
    }

    /// Names in the directory, without `.native`.
    pub fn names(&self) -> Vec<String> {
        names_in(&self.path())
            .into_iter()
            .filter(|name| name != ".native")
            .collect()
    }

    /// Names of the files that are being written, or were.
    pub fn temp_files(&self) -> Vec<String> {
        let native = self.path().join(".native");
        let names = names_in(&native).into_iter();
        names
            .filter(|name| name.starts_with("tmp-"))
            .flat_map(|name| match native.join(&name) {
                dir if dir.is_dir() => names_in(&dir),
                _ => vec![name],
            })
            .filter(|name| name != "lock")
            .collect()
    }
}

pub fn names_in(dir: &Path) -> Vec<String> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Vec::new(),
        entries => entries.unwrap(),
    };
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// Saves are not synced: what these tests look at survives in the page cache.
pub fn options() -> Options {
    Options {
        durability: Durability::Relaxed,
        threads: 2,
        ..Options::default()
    }
}

/// The ids in a list, as text.
pub fn ids(store: &Store) -> Vec<String> {
    let entries = store.list().unwrap();
    entries
        .iter()
        .map(|entry| String::from_utf8_lossy(entry.id()).into_owned())
        .collect()
}

pub fn entry(store: &Store, id: &str) -> Arc<Entry> {
    let entries = store.list().unwrap();
    entries
        .into_iter()
        .find(|entry| entry.id() == id.as_bytes())
        .unwrap()
}

pub fn is_missing(store: &Store, id: impl AsRef<[u8]>) -> bool {
    matches!(store.read(id.as_ref()), Err(Error::NotFound))
}

/// A fixture written by the pure-Elixir backend; `path` is relative to the set.
pub fn fixture(path: &str) -> Vec<u8> {
    let mut content = Vec::new();
    fs::File::open(fixtures().join(path))
        .unwrap()
        .read_to_end(&mut content)
        .unwrap();
    content
}

pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test/fixtures/phoenix_replay-0.2.0")
}

pub fn index_file(dir: &Dir, name: &str) -> PathBuf {
    dir.file(".native").join(name)
}
