//! An entry as the bytes of a frame.
//!
//! That a file is gone is not written down, neither its name: opening compares with the directory
//! anyway. Rows borrow from the bytes they are read from. The encoding is bincode's standard one,
//! which writes one field after the other: a row of an earlier version is the beginning of one of
//! this, and is read as well.

use bincode::config;
use replay_etf::recording;
use serde::{Deserialize, Serialize};

use crate::codec::Format;
use crate::disk::Stamp;
use crate::index::entry::{Shared, own_id, stem_len};
use crate::index::pages::Extent;
use crate::index::{Entry, Pages, View, name};

/// The version of what is written.
pub(super) const VERSION: u32 = 2;

#[derive(Serialize, Deserialize)]
struct Row<'a> {
    #[serde(borrow)]
    first: FirstRow<'a>,
    pages: PagesRow<'a>,
}

/// What version 1 consists of.
#[derive(Serialize, Deserialize)]
struct FirstRow<'a> {
    file: &'a [u8],
    /// `None` if it is the file's stem.
    id: Option<&'a [u8]>,
    view: ViewRow<'a>,
    names: Vec<&'a [u8]>,
    url: Option<&'a [u8]>,
    connected_at: i64,
    duration_ms: i64,
    event_count: u32,
    json: bool,
    recovered: bool,
    truncated: bool,
    len: u64,
    modified_ns: i64,
    inode: u64,
}

#[derive(Serialize, Deserialize)]
enum ViewRow<'a> {
    Atom(&'a str),
    Name(&'a str),
    None,
}

#[derive(Serialize, Deserialize)]
enum PagesRow<'a> {
    #[serde(borrow)]
    Whole(Vec<&'a [u8]>),
    Cut(Vec<&'a [u8]>),
    /// They were not written down in version 1, and have not been read since.
    Unknown,
}

/// Appends an entry to `out`. What can't be encoded is left out: the file will be read again.
pub(super) fn encode(entry: &Entry, out: &mut Vec<u8>) {
    let start = out.len();
    if bincode::serde::encode_into_std_write(row(entry), out, config::standard()).is_err() {
        out.truncate(start);
    }
}

/// Reads an entry of a version; `None` if the bytes are none.
pub(super) fn decode(bytes: &[u8], version: u32, shared: &Shared) -> Option<Entry> {
    let row = match version {
        1 => Row {
            first: whole(bytes)?,
            pages: PagesRow::Unknown,
        },
        VERSION => whole(bytes)?,
        _ => return None,
    };
    entry(row, shared)
}

/// What all of the bytes are.
fn whole<'a, R: Deserialize<'a>>(bytes: &'a [u8]) -> Option<R> {
    let (row, read) = bincode::serde::borrow_decode_from_slice(bytes, config::standard()).ok()?;
    (read == bytes.len()).then_some(row)
}

fn row(entry: &Entry) -> Row<'_> {
    let pages = || entry.pages.iter().collect();
    Row {
        first: first_row(entry),
        pages: match entry.pages.extent() {
            Extent::Whole => PagesRow::Whole(pages()),
            Extent::Cut => PagesRow::Cut(pages()),
            Extent::Unknown => PagesRow::Unknown,
        },
    }
}

fn first_row(entry: &Entry) -> FirstRow<'_> {
    FirstRow {
        file: entry.file(),
        id: entry.id.as_deref(),
        view: match &*entry.view {
            View::Atom(name) => ViewRow::Atom(name),
            View::Name(name) => ViewRow::Name(name),
            View::None => ViewRow::None,
        },
        names: entry.names.iter().collect(),
        url: entry.url.as_deref(),
        connected_at: entry.connected_at,
        duration_ms: entry.duration_ms,
        event_count: entry.event_count,
        json: entry.format == Format::Json,
        recovered: entry.recovered,
        truncated: entry.truncated,
        len: entry.stamp.len,
        modified_ns: entry.stamp.modified_ns,
        inode: entry.stamp.inode,
    }
}

fn entry(Row { first: row, pages }: Row<'_>, shared: &Shared) -> Option<Entry> {
    // A name leads to a file: it must be one that a listing of the directory can give.
    let parts = name::parse(row.file)?;
    if row.file.contains(&b'/') || row.file.contains(&0) {
        return None;
    }
    let id = row.id.unwrap_or(parts.stem);
    Some(Entry {
        id: own_id(row.file, id),
        stem_len: stem_len(row.file),
        file: row.file.into(),
        view: shared.view(match row.view {
            ViewRow::Atom(name) => recording::View::Atom(name.into()),
            ViewRow::Name(name) => recording::View::Name(name.into()),
            ViewRow::None => recording::View::None,
        }),
        names: shared.names(row.names),
        pages: shared.pages(match pages {
            PagesRow::Whole(pages) => Pages::new(&pages, Extent::Whole),
            PagesRow::Cut(pages) => Pages::new(&pages, Extent::Cut),
            PagesRow::Unknown => Pages::unknown(),
        }),
        url: row.url.map(Box::from),
        connected_at: row.connected_at,
        duration_ms: row.duration_ms,
        stamp: Stamp {
            len: row.len,
            modified_ns: row.modified_ns,
            inode: row.inode,
        },
        event_count: row.event_count,
        format: if row.json { Format::Json } else { Format::Etf },
        recovered: row.recovered,
        truncated: row.truncated,
    })
}
