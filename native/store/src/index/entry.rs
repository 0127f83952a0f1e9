use std::borrow::Cow;
use std::sync::Arc;

use replay_etf::recording::{self, Summary};

use super::interned::Interned;
use super::name;
use super::pages::Pages;
use crate::codec::{Beside, Flags, Format, Subject};
use crate::disk::Stamp;

/// What a recording says about the view it was made in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum View {
    /// An atom, such as `Elixir.MyAppWeb.HomeLive`.
    Atom(Box<str>),
    /// A string, such as the `MyAppWeb.HomeLive` of a JSON file.
    Name(Box<str>),
    /// Nothing of use.
    None,
}

/// The distinct names of a recording's user events, in order of their bytes. There are at most
/// [`MAX_NAMES`](recording::MAX_NAMES).
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Names(Box<[Box<[u8]>]>);

impl Names {
    /// Each name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.0.iter().map(|name| &**name)
    }

    /// Whether one of the names is this one.
    pub fn contains(&self, name: &[u8]) -> bool {
        self.0.binary_search_by(|known| (**known).cmp(name)).is_ok()
    }
}

impl<N: AsRef<[u8]>> FromIterator<N> for Names {
    fn from_iter<I: IntoIterator<Item = N>>(names: I) -> Self {
        let mut names: Vec<Box<[u8]>> =
            names.into_iter().map(|name| name.as_ref().into()).collect();
        names.sort_unstable();
        names.dedup();
        Names(names.into())
    }
}

/// One recording, as the index knows it: enough for a summary, without opening its file.
///
/// There is one for each of perhaps a million recordings, hence so compact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub(crate) file: Box<[u8]>,
    /// `None` if it is the file's stem.
    pub(crate) id: Option<OwnId>,
    /// How long the file's stem is: a file name has at most 255 bytes.
    pub(crate) stem_len: u8,
    /// The view it was made in. Equal ones are one allocation, so that a view can be recognised
    /// by its address.
    pub view: Arc<View>,
    /// The names of its user events. Equal sets of names are one allocation.
    pub names: Arc<Names>,
    /// The pages it was on. Equal ones are one allocation.
    pub pages: Arc<Pages>,
    /// The URL it was started at.
    pub url: Option<Box<[u8]>>,
    /// Whom it belongs to. Equal ones are one allocation.
    pub subject: Option<Arc<Subject>>,
    /// When it was started, in milliseconds since the Unix epoch.
    pub connected_at: i64,
    /// Offset of the last event in milliseconds; 0 without events.
    pub duration_ms: i64,
    /// Size, time and inode of the file when it was looked at.
    pub stamp: Stamp,
    /// Number of events.
    pub event_count: u32,
    /// Encoding of the file.
    pub format: Format,
    /// Whether it was cut off by a crash and recovered.
    pub recovered: bool,
    /// Whether events were refused because there were too many.
    pub truncated: bool,
}

impl Entry {
    pub(crate) fn new(
        summary: Summary<'_>,
        beside: Beside,
        format: Format,
        file: Box<[u8]>,
        stamp: Stamp,
        shared: &Shared,
    ) -> Self {
        Entry {
            id: own_id(&file, &summary.id),
            stem_len: stem_len(&file),
            file,
            view: shared.view(summary.view),
            names: shared.names(summary.names),
            pages: shared.pages(summary.pages.into()),
            url: summary.url.map(|url| Box::from(&*url)),
            subject: beside.subject.map(|subject| shared.subject(subject)),
            connected_at: summary.connected_at,
            event_count: summary.event_count,
            duration_ms: summary.duration_ms,
            recovered: beside.flags.recovered,
            truncated: beside.flags.truncated,
            format,
            stamp,
        }
    }

    /// The id inside the recording, which is any byte string.
    pub fn id(&self) -> &[u8] {
        match &self.id {
            Some(OwnId(id)) => id,
            None => self.file.get(..self.stem_len.into()).unwrap_or(&self.file),
        }
    }

    /// Whether what was just read of a file says the same, as far as this knows.
    pub(crate) fn agrees(&self, read: &Entry) -> bool {
        if !self.pages.is_unknown() {
            return self == read;
        }
        let (pages, subject) = (Arc::clone(&self.pages), self.subject.clone());
        *self
            == Entry {
                pages,
                subject,
                ..read.clone()
            }
    }

    /// What its file has beside the content.
    pub fn beside(&self) -> Beside {
        Beside {
            flags: Flags {
                recovered: self.recovered,
                truncated: self.truncated,
            },
            subject: self.subject.as_deref().cloned(),
        }
    }

    /// Whether its file is in the directory, and not in the bucket only.
    pub fn is_here(&self) -> bool {
        self.stamp.inode != Stamp::ELSEWHERE
    }

    /// Name of the file within the directory.
    pub fn file(&self) -> &[u8] {
        &self.file
    }

    /// As [`Entry::file`], bytes that are not UTF-8 replaced.
    pub fn file_name(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.file)
    }
}

/// An id that the file's name does not have. There are few, and where there is none this takes
/// half of what a string would.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OwnId(pub(crate) Box<Box<[u8]>>);

/// An id, unless it can be read off the file's name.
pub(crate) fn own_id(file: &[u8], id: &[u8]) -> Option<OwnId> {
    (stem(file) != id).then(|| OwnId(Box::new(id.into())))
}

fn stem(file: &[u8]) -> &[u8] {
    name::parse(file).map_or(file, |parts| parts.stem)
}

pub(crate) fn stem_len(file: &[u8]) -> u8 {
    u8::try_from(stem(file).len()).unwrap_or(u8::MAX)
}

/// What entries have in common.
pub(crate) struct Shared {
    views: Interned<View>,
    names: Interned<Names>,
    subjects: Interned<Subject>,
    pages: Interned<Pages>,
    /// What all entries have whose pages are not known.
    unknown: Arc<Pages>,
}

impl Shared {
    pub(crate) fn new() -> Self {
        Shared {
            views: Interned::new(),
            names: Interned::new(),
            subjects: Interned::new(),
            pages: Interned::new(),
            unknown: Arc::new(Pages::unknown()),
        }
    }

    pub(crate) fn names<N: AsRef<[u8]>>(&self, names: Vec<N>) -> Arc<Names> {
        self.names.share(names.into_iter().collect())
    }

    pub(crate) fn subject(&self, subject: Subject) -> Arc<Subject> {
        self.subjects.share(subject)
    }

    pub(crate) fn pages(&self, pages: Pages) -> Arc<Pages> {
        match pages.is_unknown() {
            true => Arc::clone(&self.unknown),
            false => self.pages.share(pages),
        }
    }

    /// Whether there may be an entry whose pages are not known.
    pub(crate) fn is_incomplete(&self) -> bool {
        Arc::strong_count(&self.unknown) > 1
    }

    pub(crate) fn view(&self, view: recording::View<'_>) -> Arc<View> {
        self.views.share(match view {
            recording::View::Atom(name) => View::Atom(name.into()),
            recording::View::Name(name) => View::Name(name.into()),
            recording::View::None => View::None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_small() {
        // With the counts of its `Arc` it takes no more of the allocator than 112 bytes did.
        assert!(size_of::<Entry>() <= 120, "{}", size_of::<Entry>());
    }

    #[test]
    fn an_id_is_stored_only_where_the_file_name_does_not_have_it() {
        assert_eq!(own_id(b"x.etf.gz", b"x"), None);
        let own = |id: &[u8]| Some(OwnId(Box::new(id.into())));
        assert_eq!(own_id(b"x.etf.gz", b"y"), own(b"y"));
        assert_eq!(own_id(b"~=2e.etf.gz", b"."), own(b"."));
        assert_eq!(own_id(b"~=2e.etf.gz", b"~=2e"), None, "a hand-made file");
    }

    #[test]
    fn names_are_found() {
        let names: Names = ["validate", "add", "validate"].into_iter().collect();
        assert!(names.iter().eq([&b"add"[..], b"validate"]));
        assert!(names.contains(b"add") && names.contains(b"validate"));
        assert!(!names.contains(b"a"));
    }
}
