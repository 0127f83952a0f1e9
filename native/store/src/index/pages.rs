use replay_etf::recording;

/// How much of a recording's pages is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Extent {
    /// Each of them.
    Whole,
    /// Those that there was room for.
    Cut,
    /// None yet: an earlier version wrote the index down without them.
    Unknown,
}

/// The distinct pages that a recording was on, in the order in which they were first visited: what
/// [`page`](recording::page) makes of their URLs. There are at most
/// [`MAX_PAGES`](recording::MAX_PAGES).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pages {
    /// All in one allocation, each behind its length in two bytes: many recordings share them
    /// with none.
    packed: Box<[u8]>,
    extent: Extent,
}

impl Pages {
    pub(crate) fn new<P: AsRef<[u8]>>(pages: &[P], extent: Extent) -> Self {
        let bytes = pages.iter().map(|page| 2 + page.as_ref().len()).sum();
        let mut packed = Vec::with_capacity(bytes);
        for page in pages {
            // None is longer than the summary lets it be.
            let page = page.as_ref();
            let length = u16::try_from(page.len()).unwrap_or(u16::MAX);
            packed.extend(length.to_le_bytes());
            packed.extend(page.iter().take(length.into()));
        }
        Pages {
            packed: packed.into(),
            extent,
        }
    }

    /// Those of [`Pages::packed`].
    pub(crate) fn of_packed(packed: &[u8], extent: Extent) -> Self {
        Pages {
            packed: packed.into(),
            extent,
        }
    }

    /// Of which nothing is known.
    pub(crate) fn unknown() -> Self {
        Pages::new::<&[u8]>(&[], Extent::Unknown)
    }

    /// Those of a recording in which nobody has looked for them.
    pub(crate) fn unread() -> Self {
        Pages::new::<&[u8]>(&[], Extent::Cut)
    }

    /// Each page that is known.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = &*self.packed;
        std::iter::from_fn(move || {
            let (length, pages) = rest.split_first_chunk::<2>()?;
            let (page, after) = pages.split_at_checked(u16::from_le_bytes(*length).into())?;
            rest = after;
            Some(page)
        })
    }

    /// Whether there are no others.
    pub fn is_complete(&self) -> bool {
        self.extent == Extent::Whole
    }

    pub(crate) fn is_unknown(&self) -> bool {
        self.extent == Extent::Unknown
    }

    pub(crate) fn extent(&self) -> Extent {
        self.extent
    }

    /// All of them in one, each behind its length: what is not in here is in no page.
    pub(crate) fn packed(&self) -> &[u8] {
        &self.packed
    }
}

impl From<recording::Pages<'_>> for Pages {
    fn from(pages: recording::Pages<'_>) -> Self {
        let extent = match pages.cut {
            true => Extent::Cut,
            false => Extent::Whole,
        };
        Pages::new(&pages.list, extent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_come_back_in_order() {
        let long = [b'x'; recording::MAX_PAGE_BYTES];
        let all: [&[u8]; 4] = [b"/orders", b"", &long, b"/"];
        let pages = Pages::new(&all, Extent::Cut);
        assert!(pages.iter().eq(all));
        assert!(!pages.is_complete() && !pages.is_unknown());
        assert_eq!(Pages::unknown().iter().count(), 0);
        assert!(Pages::unknown().is_unknown() && !Pages::unknown().is_complete());
    }
}
