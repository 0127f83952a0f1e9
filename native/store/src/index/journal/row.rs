//! An entry as the bytes of a frame.
//!
//! That a file is gone is not written down, neither its name: opening compares with the directory
//! anyway. Rows borrow from the bytes they are read from. The encoding is bincode's standard one,
//! which writes one field after the other: a row of an earlier version is the beginning of one of
//! this, and is read as well.

use std::sync::Arc;

use bincode::config;
use replay_etf::recording;
use serde::{Deserialize, Serialize};

use crate::codec::{Format, Subject};
use crate::disk::Stamp;
use crate::index::entry::{OwnId, Shared, own_id, stem_len};
use crate::index::pages::Extent;
use crate::index::{Entry, Pages, View, name};

/// The version of what is written.
pub(super) const VERSION: u32 = 3;

#[derive(Serialize, Deserialize)]
pub(super) struct Row<'a> {
    #[serde(borrow)]
    first: FirstRow<'a>,
    subject: Option<SubjectRow<'a>>,
    pages: PagesRow<'a>,
}

/// What version 2 consists of.
#[derive(Deserialize)]
struct SecondRow<'a> {
    #[serde(borrow)]
    first: FirstRow<'a>,
    subject: Option<SubjectRow<'a>>,
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
enum SubjectRow<'a> {
    Integer(i64),
    Text(&'a [u8]),
}

#[derive(Serialize, Deserialize)]
enum PagesRow<'a> {
    #[serde(borrow)]
    Whole(&'a [u8]),
    Cut(&'a [u8]),
    /// They were not written down in earlier versions, and have not been read since.
    Unknown,
}

/// Appends an entry to `out`. What can't be encoded is left out: the file will be read again.
pub(super) fn encode(entry: &Entry, out: &mut Vec<u8>) {
    let start = out.len();
    if bincode::serde::encode_into_std_write(row(entry), out, config::standard()).is_err() {
        out.truncate(start);
    }
}

/// Reads what was written of an entry in a version; `None` if the bytes are none.
pub(super) fn read(bytes: &[u8], version: u32) -> Option<Row<'_>> {
    let row: Row<'_> = match version {
        1 => Row {
            first: whole(bytes)?,
            subject: None,
            pages: PagesRow::Unknown,
        },
        2 => {
            let SecondRow { first, subject } = whole(bytes)?;
            let pages = PagesRow::Unknown;
            Row {
                first,
                subject,
                pages,
            }
        }
        VERSION => whole(bytes)?,
        _ => return None,
    };
    // A name leads to a file: it must be one that a listing of the directory can give.
    let file = row.first.file;
    let is_name = name::parse(file).is_some() && !file.contains(&b'/') && !file.contains(&0);
    let is_subject = match row.subject {
        Some(SubjectRow::Text(text)) => Subject::text(text).is_some(),
        _ => true,
    };
    (is_name && is_subject).then_some(row)
}

/// The entries of some rows. What they may share is made before them, so that they lie in memory
/// side by side: walking over them takes less time then.
pub(super) fn entries(rows: Vec<Row<'_>>, shared: &Shared) -> impl Iterator<Item = Entry> {
    let pages: Vec<_> = rows.iter().map(|row| pages(&row.pages, shared)).collect();
    let rows = rows.into_iter().zip(pages);
    rows.map(|(row, pages)| entry(row, pages, shared))
}

fn pages(row: &PagesRow<'_>, shared: &Shared) -> Arc<Pages> {
    shared.pages(match row {
        PagesRow::Whole(packed) => Pages::of_packed(packed, Extent::Whole),
        PagesRow::Cut(packed) => Pages::of_packed(packed, Extent::Cut),
        PagesRow::Unknown => Pages::unknown(),
    })
}

/// What all of the bytes are.
fn whole<'a, R: Deserialize<'a>>(bytes: &'a [u8]) -> Option<R> {
    let (row, read) = bincode::serde::borrow_decode_from_slice(bytes, config::standard()).ok()?;
    (read == bytes.len()).then_some(row)
}

fn row(entry: &Entry) -> Row<'_> {
    Row {
        first: first_row(entry),
        subject: entry.subject.as_deref().map(|subject| match subject {
            Subject::Integer(number) => SubjectRow::Integer(*number),
            Subject::Text(text) => SubjectRow::Text(text),
        }),
        pages: match entry.pages.extent() {
            Extent::Whole => PagesRow::Whole(entry.pages.packed()),
            Extent::Cut => PagesRow::Cut(entry.pages.packed()),
            Extent::Unknown => PagesRow::Unknown,
        },
    }
}

fn first_row(entry: &Entry) -> FirstRow<'_> {
    FirstRow {
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
    }
}

fn entry(row: Row<'_>, pages: Arc<Pages>, shared: &Shared) -> Entry {
    let subject = match row.subject {
        Some(SubjectRow::Integer(number)) => Some(Subject::Integer(number)),
        Some(SubjectRow::Text(text)) => Subject::text(text),
        None => None,
    };
    let row = row.first;
    Entry {
        id: row.id.and_then(|id| own_id(row.file, id)),
        stem_len: stem_len(row.file),
        file: row.file.into(),
        view: shared.view(match row.view {
            ViewRow::Atom(name) => recording::View::Atom(name.into()),
            ViewRow::Name(name) => recording::View::Name(name.into()),
            ViewRow::None => recording::View::None,
        }),
        names: shared.names(row.names),
        pages,
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
    }
}
