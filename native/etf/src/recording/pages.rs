//! The pages that a recording was on: the `url` of each of its `:handle_params` events.
//!
//! A page is kept as what follows scheme and authority where these are the recording's own, and
//! as the whole URL where they are others. So what has neither is taken for one of its own.

use std::borrow::Cow;

use super::texts::Texts;

/// Distinct pages that a summary holds at most.
pub const MAX_PAGES: usize = 64;

/// A page whose URL is longer is left out of a summary, in bytes.
pub const MAX_PAGE_BYTES: usize = 512;

/// What the pages of a summary have at most together, in bytes: where another one of full length
/// could be too much, none is added any more.
pub const MAX_PAGES_BYTES: usize = 4096;

/// Collects the URLs as they are in the events, because the recording's own may come behind them.
/// Each page has two at most, with and without the recording's own scheme and authority.
pub(crate) type Urls<'a> = Texts<'a, { 2 * MAX_PAGES + 1 }, MAX_PAGE_BYTES>;

/// The distinct pages of a recording, within [`MAX_PAGES`], [`MAX_PAGE_BYTES`] and
/// [`MAX_PAGES_BYTES`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pages<'a> {
    /// Each page once, in the order in which they were first visited.
    pub list: Vec<Cow<'a, [u8]>>,
    /// Whether one was left out.
    pub cut: bool,
}

impl<'a> Pages<'a> {
    /// The pages with these URLs, of a recording whose own URL is `own`.
    pub(super) fn of(urls: Urls<'a>, own: Option<&[u8]>) -> Self {
        let (urls, cut) = urls.in_order();
        let own = origin(own.unwrap_or_default());
        let list = Vec::with_capacity(urls.len().min(MAX_PAGES));
        let mut pages = Pages { list, cut };
        for url in urls {
            let page = match url {
                Cow::Borrowed(url) => Cow::Borrowed(page(url, own)),
                Cow::Owned(mut url) => {
                    let before = url.len() - page(&url, own).len();
                    url.drain(..before);
                    Cow::Owned(url)
                }
            };
            if pages.is_wanted(&page) {
                pages.list.push(page);
            }
        }
        pages
    }

    /// Adds the page with this URL, unless it is there.
    pub(super) fn append(&mut self, url: &[u8], own: Option<&[u8]>) {
        if url.len() > MAX_PAGE_BYTES {
            self.cut = true;
            return;
        }
        let page = page(url, origin(own.unwrap_or_default()));
        if self.is_wanted(page) {
            self.list.push(Cow::Owned(page.to_vec()));
        }
    }

    /// Whether a page is new, and there is room for it; notes where there is none.
    fn is_wanted(&mut self, page: &[u8]) -> bool {
        if self.list.iter().any(|known| **known == *page) {
            return false;
        }
        let bytes: usize = self.list.iter().map(|page| page.len()).sum();
        let is_full = self.list.len() >= MAX_PAGES || bytes > MAX_PAGES_BYTES - MAX_PAGE_BYTES;
        self.cut |= is_full;
        !is_full
    }

    /// A copy that borrows nothing.
    pub fn into_owned(self) -> Pages<'static> {
        let list = self.list.into_iter();
        Pages {
            list: list.map(|page| Cow::Owned(page.into_owned())).collect(),
            cut: self.cut,
        }
    }
}

/// Scheme and authority of a URL, such as `https://shop.test`; nothing where it does not begin
/// with them.
pub fn origin(url: &[u8]) -> &[u8] {
    let is_end = |byte: &u8| matches!(byte, b'/' | b'?' | b'#');
    let scheme = url.iter().position(|byte| *byte == b':' || is_end(byte));
    let Some((scheme, rest)) = scheme.and_then(|at| url.split_at_checked(at)) else {
        return &[];
    };
    match rest.strip_prefix(b"://") {
        Some(rest) if !scheme.is_empty() => {
            let after = rest.iter().position(is_end);
            let after = after.map_or(0, |at| rest.len() - at);
            url.get(..url.len() - after).unwrap_or(url)
        }
        _ => &[],
    }
}

/// What is kept of the URL of a page, for a recording with this [`origin`].
pub fn page<'u>(url: &'u [u8], origin: &[u8]) -> &'u [u8] {
    match url.strip_prefix(origin) {
        Some(page) if matches!(page.first(), None | Some(b'/' | b'?' | b'#')) => page,
        _ => url,
    }
}

/// Path and query of a page, and what comes behind them.
pub fn path_and_query(page: &[u8]) -> &[u8] {
    match page {
        [b'/', ..] => page,
        _ => page.strip_prefix(origin(page)).unwrap_or(page),
    }
}

/// The path of a page.
pub fn path(page: &[u8]) -> &[u8] {
    let page = path_and_query(page);
    let end = page.iter().position(|byte| matches!(byte, b'?' | b'#'));
    end.and_then(|end| page.get(..end)).unwrap_or(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: Option<&[u8]> = Some(b"https://shop.test");

    /// The pages with these URLs, collected in both ways.
    fn pages(urls: &[&[u8]]) -> Pages<'static> {
        let mut collected = Urls::default();
        let mut appended = Pages::default();
        for url in urls {
            collected.add(url);
            appended.append(url, OWN);
        }
        assert_eq!(Pages::of(collected, OWN), appended);
        let mut copied = Urls::default();
        urls.iter().for_each(|url| copied.add_copy(url));
        assert_eq!(Pages::of(copied, OWN), appended);
        appended
    }

    fn numbered(count: usize, length: usize) -> Vec<Vec<u8>> {
        let url = |n| format!("https://shop.test/{n:0>width$}", width = length - 18);
        (0..count).map(|n| url(n).into_bytes()).collect()
    }

    fn of_numbered(count: usize, length: usize) -> Pages<'static> {
        let urls = numbered(count, length);
        let urls: Vec<&[u8]> = urls.iter().map(|url| &**url).collect();
        pages(&urls)
    }

    #[test]
    fn a_page_is_what_follows_scheme_and_authority_of_the_recording() {
        let found = pages(&[
            b"https://shop.test/orders?page=2",
            b"https://shop.test/",
            b"https://shop.test",
            b"https://shop.test?q=1",
            b"https://shop.test/orders?page=2",
            b"https://shop.tester/",
            b"http://shop.test/orders",
            b"/",
            b"",
            b"no url",
        ]);
        let expected: [&[u8]; 7] = [
            b"/orders?page=2",
            b"/",
            b"",
            b"?q=1",
            b"https://shop.tester/",
            b"http://shop.test/orders",
            b"no url",
        ];
        assert_eq!(found.list, expected);
        assert!(!found.cut);
    }

    #[test]
    fn without_a_url_of_its_own_all_are_whole() {
        for own in [None, Some(&b""[..]), Some(b"/path")] {
            let mut pages = Pages::default();
            pages.append(b"https://shop.test/a", own);
            pages.append(b"/a", own);
            assert_eq!(pages.list, [&b"https://shop.test/a"[..], b"/a"]);
        }
    }

    #[test]
    fn scheme_and_authority_are_what_a_url_begins_with() {
        for (url, expected) in [
            ("https://shop.test/a?b", "https://shop.test"),
            ("https://shop.test?b", "https://shop.test"),
            ("http://[::1]:4000#b", "http://[::1]:4000"),
            ("http://a", "http://a"),
            ("http://", "http://"),
            ("://a/b", ""),
            ("/back?to=http://a/b", ""),
            ("mailto:a@b", ""),
            ("", ""),
        ] {
            assert_eq!(origin(url.as_bytes()), expected.as_bytes(), "{url}");
        }
    }

    #[test]
    fn a_path_ends_before_the_query() {
        for (page, both, only) in [
            ("/orders/7?tab=2#x", "/orders/7?tab=2#x", "/orders/7"),
            ("http://other/a?b=/c", "/a?b=/c", "/a"),
            ("/a#b?c", "/a#b?c", "/a"),
            ("http://other", "", ""),
            ("?q", "?q", ""),
        ] {
            assert_eq!(path_and_query(page.as_bytes()), both.as_bytes());
            assert_eq!(path(page.as_bytes()), only.as_bytes());
        }
    }

    #[test]
    fn their_number_and_size_are_bounded() {
        let enough = of_numbered(MAX_PAGES, 30);
        assert_eq!((enough.list.len(), enough.cut), (MAX_PAGES, false));
        for count in [MAX_PAGES + 1, 3 * MAX_PAGES] {
            let more = of_numbered(count, 30);
            assert_eq!((&more.list, more.cut), (&enough.list, true));
        }
        let long = of_numbered(2, MAX_PAGE_BYTES);
        assert_eq!((long.list.len(), long.cut), (2, false));
        let too_long = of_numbered(2, MAX_PAGE_BYTES + 1);
        assert_eq!((too_long.list.len(), too_long.cut), (0, true));
        let large = of_numbered(MAX_PAGES, MAX_PAGE_BYTES);
        let bytes: usize = large.list.iter().map(|page| page.len()).sum();
        assert!(large.cut && bytes <= MAX_PAGES_BYTES && bytes > MAX_PAGES_BYTES / 2);
    }

    #[test]
    fn those_behind_one_that_is_left_out_are_there() {
        let long = [b'x'; MAX_PAGE_BYTES + 1];
        let found = pages(&[&long, b"https://shop.test/a"]);
        assert_eq!((found.list, found.cut), (vec![Cow::from(&b"/a"[..])], true));
    }

    #[test]
    fn pages_that_come_in_two_forms_are_bounded_alike() {
        let urls = numbered(MAX_PAGES + 1, 30);
        let both: Vec<&[u8]> = urls.iter().flat_map(|url| [&url[..], &url[17..]]).collect();
        for count in 0..=both.len() {
            let found = pages(&both[..count]);
            assert_eq!(found.list.len(), count.div_ceil(2).min(MAX_PAGES));
            assert_eq!(found.cut, count > 2 * MAX_PAGES);
        }
    }
}
