//! An entry as the bytes of a frame.
//!
//! That a file is gone is not written down, neither its name: opening compares with the directory
//! anyway. Rows borrow from the bytes they are read from. The encoding is bincode's standard one.

use bincode::config;
use replay_etf::recording;
use serde::{Deserialize, Serialize};

use crate::codec::{Format, Subject};
use crate::disk::Stamp;
use crate::index::entry::{OwnId, Shared, own_id, stem_len};
use crate::index::{Entry, View, name};

#[derive(Serialize, Deserialize)]
struct Row<'a> {
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
    subject: Option<SubjectRow<'a>>,
}

#[derive(Serialize, Deserialize)]
enum ViewRow<'a> {
    Atom(&'a str),
    Name(&'a str),
    None,
}

#[derive(Serialize, Deserialize)]
enum SubjectRow<'a> {
    Integer(i64),
    Text(&'a [u8]),
}

/// Appends an entry to `out`. What can't be encoded is left out: the file will be read again.
pub(super) fn encode(entry: &Entry, out: &mut Vec<u8>) {
    let start = out.len();
    if bincode::serde::encode_into_std_write(row(entry), out, config::standard()).is_err() {
        out.truncate(start);
    }
}

/// Reads an entry; `None` if the bytes are none.
pub(super) fn decode(bytes: &[u8], shared: &Shared) -> Option<Entry> {
    let (row, read) = bincode::serde::borrow_decode_from_slice(bytes, config::standard()).ok()?;
    if read == bytes.len() {
        entry(row, shared)
    } else {
        None
    }
}

fn row(entry: &Entry) -> Row<'_> {
    Row {
        file: entry.file(),
        id: entry.id.as_ref().map(|OwnId(id)| &***id),
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
        subject: entry.subject.as_deref().map(|subject| match subject {
            Subject::Integer(number) => SubjectRow::Integer(*number),
            Subject::Text(text) => SubjectRow::Text(text),
        }),
    }
}

fn entry(row: Row<'_>, shared: &Shared) -> Option<Entry> {
    // A name leads to a file: it must be one that a listing of the directory can give.
    let parts = name::parse(row.file)?;
    if row.file.contains(&b'/') || row.file.contains(&0) {
        return None;
    }
    let id = row.id.unwrap_or(parts.stem);
    let subject = match row.subject {
        Some(SubjectRow::Integer(number)) => Some(Subject::Integer(number)),
        Some(SubjectRow::Text(text)) => Some(Subject::text(text)?),
        None => None,
    };
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
        url: row.url.map(Box::from),
        subject: subject.map(|subject| shared.subject(subject)),
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
