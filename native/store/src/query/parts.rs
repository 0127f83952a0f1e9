//! What is looked for in the URL of a recording and in those of its pages.

use memchr::memmem::Finder;
use replay_etf::recording::{origin, path_and_query};

use crate::index::Pages;

/// A part of a URL, prepared to be looked for many times.
#[derive(Debug, Clone)]
pub struct UrlPart {
    finder: Finder<'static>,
    /// Where it may be cut so that its end is the beginning of a page that is kept without scheme
    /// and authority, which end in what stands before.
    joints: Box<[usize]>,
}

impl UrlPart {
    /// Prepares it. What is empty is in every URL.
    pub fn new(part: &[u8]) -> Self {
        let begins_page = |(_, byte): &(usize, &u8)| matches!(byte, b'/' | b'?' | b'#');
        let joints = part.iter().enumerate().skip(1).filter(begins_page);
        UrlPart {
            finder: Finder::new(part).into_owned(),
            joints: joints.map(|(at, _)| at).collect(),
        }
    }

    /// What it was made of.
    pub(super) fn bytes(&self) -> &[u8] {
        self.finder.needle()
    }

    /// Whether there is nothing to look for.
    pub(super) fn is_empty(&self) -> bool {
        self.finder.needle().is_empty()
    }

    /// Whether it is in a whole URL.
    pub(super) fn is_in(&self, url: &[u8]) -> bool {
        self.finder.find(url).is_some()
    }

    /// Whether it is in the URL of one of these pages, of a recording with this URL.
    pub(super) fn is_in_one_of(&self, pages: &Pages, own: &[u8]) -> bool {
        let own = self.joinable(own);
        (!own.is_empty() || self.is_in(pages.packed()))
            && pages.iter().any(|page| self.is_in_page(page, own))
    }

    /// Whether it is in the URL of a page, of a recording with this [`origin`].
    pub(super) fn is_in_page(&self, page: &[u8], own: &[u8]) -> bool {
        let joins = |(before, after)| own.ends_with(before) && page.starts_with(after);
        self.is_in(page) || self.halves().any(joins)
    }

    /// Scheme and authority of a recording's URL, if it can go on from there.
    fn joinable<'u>(&self, own: &'u [u8]) -> &'u [u8] {
        if self.joints.is_empty() {
            return &[];
        }
        let own = origin(own);
        match self.halves().any(|(before, _)| own.ends_with(before)) {
            true => own,
            false => &[],
        }
    }

    fn halves(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let halves = |at: &usize| self.finder.needle().split_at_checked(*at);
        self.joints.iter().filter_map(halves)
    }
}

impl PartialEq for UrlPart {
    fn eq(&self, other: &Self) -> bool {
        self.finder.needle() == other.finder.needle()
    }
}

impl Eq for UrlPart {}

/// What the path of a page is to be, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathPart {
    /// The path; with a `?` in it, path and query.
    Exact(Box<[u8]>),
    /// The beginning of path and query.
    Prefix(Box<[u8]>),
}

impl PathPart {
    /// Whether it is so of a page, as it is kept.
    pub(super) fn fits(&self, page: &[u8]) -> bool {
        let (PathPart::Exact(beginning) | PathPart::Prefix(beginning)) = self;
        let Some(rest) = path_and_query(page).strip_prefix(&**beginning) else {
            return false;
        };
        match (self, rest.first()) {
            (PathPart::Prefix(_), _) | (_, None) => true,
            (PathPart::Exact(path), Some(b'?' | b'#')) => !path.contains(&b'?'),
            _ => false,
        }
    }

    /// Whether it is so of every page: a path begins with a slash.
    pub(super) fn says_nothing(&self) -> bool {
        matches!(self, PathPart::Prefix(prefix) if matches!(&**prefix, b"" | b"/"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::pages::Extent;

    #[test]
    fn a_part_is_found_where_it_is_in_the_whole_url_of_a_page() {
        let own = b"https://shop.test/start";
        let kept: [&[u8]; 5] = [b"/orders?page=2", b"", b"?q#x", b"https://pay.test/a", b"/"];
        let pages = Pages::new(&kept, Extent::Whole);
        let whole = kept.map(|page| match page.first() {
            Some(b'h') => page.to_vec(),
            _ => [b"https://shop.test", page].concat(),
        });
        let mut parts: Vec<Vec<u8>> = [
            &b"orders/"[..],
            b"test/pay",
            b"test//",
            b"shop.test/start",
            b"2\0",
        ]
        .map(<[u8]>::to_vec)
        .to_vec();
        for url in &whole {
            for start in 0..url.len() {
                parts.extend((start..=url.len()).map(|end| url[start..end].to_vec()));
            }
        }
        for part in parts {
            let contains =
                |url: &[u8]| part.is_empty() || url.windows(part.len()).any(|it| it == part);
            let expected = whole.iter().any(|url| contains(url));
            let text = String::from_utf8_lossy(&part);
            let part = UrlPart::new(&part);
            // What is in scheme and authority alone is in the URL of its own.
            let found = part.is_in(b"https://shop.test") || part.is_in_one_of(&pages, own);
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn a_path_is_found_with_and_without_its_query() {
        let exact = |path: &str| PathPart::Exact(path.as_bytes().into());
        let prefix = |path: &str| PathPart::Prefix(path.as_bytes().into());
        for (part, page, fits) in [
            (exact("/orders/7"), "/orders/7", true),
            (exact("/orders/7"), "/orders/7?tab=2", true),
            (exact("/orders/7"), "/orders/7#end", true),
            (exact("/orders/7"), "https://shop.test/orders/7?a", true),
            (exact("/orders/7"), "/orders/71", false),
            (exact("/orders/7"), "/orders", false),
            (exact("/orders/7"), "/a?b=/orders/7", false),
            (exact("/orders/7?tab=2"), "/orders/7?tab=2", true),
            (exact("/orders/7?tab=2"), "/orders/7?tab=21", false),
            (exact("/orders/7?tab=2"), "/orders/7", false),
            (exact("/orders/7?"), "/orders/7", false),
            (exact(""), "/", false),
            (prefix("/orders/"), "/orders/7?tab=2", true),
            (prefix("/orders/"), "https://shop.test/orders/7", true),
            (prefix("/orders/"), "/orders", false),
            (prefix("/orders/7?tab"), "/orders/7?tab=2", true),
            (prefix("/7"), "/orders/7", false),
            (prefix(""), "", true),
        ] {
            assert_eq!(part.fits(page.as_bytes()), fits, "{part:?} {page}");
        }
    }
}
