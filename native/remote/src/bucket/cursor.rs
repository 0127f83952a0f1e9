//! Where a listing begins, and what it gives.

use crate::fault::Fault;
use crate::key::{Day, Key, MAX_KEY_BYTES, Time};
use crate::net::Listing;

/// Where in the bucket a listing begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// What keys begin with, below the bucket's prefix.
    pub(super) folder: String,
    /// The key, below the bucket's prefix, behind which it begins.
    pub(super) after: Option<String>,
    /// What the server calls that.
    pub(super) token: Option<String>,
}

/// An object in a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The key below the prefix, as the server has it.
    pub text: String,
    /// What it is; `None` if nobody of ours has written it.
    pub key: Option<Key>,
    /// Bytes.
    pub size: u64,
    /// When it was written, in milliseconds by the bucket's clock.
    pub modified_ms: u64,
}

/// One answer of a listing: up to 1 000 objects in the order of their keys' bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The objects.
    pub objects: Vec<Listed>,
    /// Where the listing goes on; `None` at its end.
    pub next: Option<Cursor>,
}

impl Cursor {
    /// From the first object on.
    pub fn start() -> Cursor {
        Cursor::folder("")
    }

    /// From the first key on that is greater than this text, which need not be one that is there.
    pub fn after(text: impl Into<String>) -> Cursor {
        Cursor {
            after: Some(text.into()),
            ..Cursor::start()
        }
    }

    /// From the first key on that an upload at this time or later has.
    pub fn from_time(time: Time) -> Cursor {
        // Nothing of ours is named so, and what is goes on with a hyphen.
        Cursor::after(format!("{}/{time}", time.day()))
    }

    /// All objects of a day.
    pub fn day(day: Day) -> Cursor {
        Cursor::folder(format!("{day}/"))
    }

    /// All objects whose key begins so. A folder's name has a slash at its end.
    pub fn folder(text: impl Into<String>) -> Cursor {
        Cursor {
            folder: text.into(),
            after: None,
            token: None,
        }
    }

    /// The page that this listing is.
    pub(super) fn page(&self, prefix: &str, listing: Listing) -> Result<Page, Fault> {
        let mut last = self.after.clone();
        let mut objects = Vec::with_capacity(listing.objects.len());
        for raw in listing.objects {
            // A server that gives what was not asked for would have the caller go in circles.
            let text = raw.key.strip_prefix(prefix);
            let text = text.filter(|it| it.starts_with(&self.folder));
            let is_behind = |it: &str| last.as_deref().is_none_or(|last| last < it);
            let text = text.filter(|it| !is_exact(it) || is_behind(it));
            let text = text.ok_or_else(|| {
                Fault::invalid("the server's listing is not in order from a key on")
            })?;
            if is_place(&raw.key) {
                last = Some(text.to_owned());
            }
            objects.push(Listed {
                key: Key::parse(text),
                text: text.to_owned(),
                size: raw.size,
                modified_ms: raw.modified_ms,
            });
        }
        let token = listing.token.filter(|it| !it.is_empty());
        let leads_on = token.is_some() && token != self.token;
        let is_stuck = !leads_on && last == self.after;
        if listing.is_truncated && is_stuck {
            return Err(Fault::invalid("the server's listing does not go on"));
        }
        let next = listing.is_truncated.then(|| Cursor {
            folder: self.folder.clone(),
            after: last,
            token,
        });
        Ok(Page { objects, next })
    }
}

/// Whether a listing can begin behind a whole key, as servers give it.
pub(super) fn is_place(key: &str) -> bool {
    key.len() <= MAX_KEY_BYTES && is_exact(key)
}

/// Whether a key is the server's own. What XML has no way to write is another character on its way,
/// which sorts elsewhere.
fn is_exact(key: &str) -> bool {
    !key.contains('\u{fffd}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Raw;

    fn listing(keys: &[&str], is_truncated: bool, token: Option<&str>) -> Listing {
        Listing {
            objects: keys
                .iter()
                .map(|key| Raw {
                    key: (*key).to_owned(),
                    ..Raw::default()
                })
                .collect(),
            is_truncated,
            token: token.map(str::to_owned),
            ..Listing::default()
        }
    }

    #[test]
    fn a_page_goes_on_behind_its_last_key() {
        let cursor = Cursor::after("a");
        let page = cursor
            .page("p/", listing(&["p/b", "p/c"], true, None))
            .unwrap();
        assert_eq!(page.next, Some(Cursor::after("c")));
        let end = cursor
            .page("p/", listing(&["p/b"], false, Some("x")))
            .unwrap();
        assert_eq!(end.next, None);
        let empty = cursor.page("p/", listing(&[], true, Some("x"))).unwrap();
        assert_eq!(empty.next.unwrap().token.as_deref(), Some("x"));
    }

    #[test]
    fn a_server_that_goes_in_circles_is_found_out() {
        let cursor = Cursor::after("b");
        for (keys, is_truncated) in [
            (&["p/b"][..], true),
            (&["p/a", "p/c"], false),
            (&["p/c", "p/c"], false),
            (&["p/d", "p/c"], false),
            (&["c"], false),
            (&[], true),
        ] {
            let listing = listing(keys, is_truncated, None);
            assert!(cursor.page("p/", listing).is_err(), "{keys:?}");
        }
        let folder = Cursor::folder("x/");
        assert!(folder.page("p/", listing(&["p/y"], false, None)).is_err());
    }

    #[test]
    fn a_time_is_before_its_own_keys_and_behind_all_earlier_ones() {
        let time = |ms| Time::from_ms(ms).unwrap();
        let after = |ms| Cursor::from_time(time(ms)).after.unwrap();
        let key = |ms| {
            Key::Rows {
                time: time(ms),
                tag: crate::Tag(0),
            }
            .to_string()
        };
        let midnight = 1_789_948_800_000;
        for ms in [midnight, midnight + 1, midnight - 1] {
            assert!(after(ms) < key(ms) && key(ms - 1) < after(ms));
        }
    }

    #[test]
    fn a_key_that_is_too_long_to_be_asked_for_is_passed() {
        let cursor = Cursor::start();
        let long = format!("p/b{}", "x".repeat(MAX_KEY_BYTES));
        for (keys, after) in [(&["p/a", &*long, "p/c"][..], "c"), (&["p/a", &*long], "a")] {
            let page = cursor.page("p/", listing(keys, true, None)).unwrap();
            assert_eq!(page.objects.len(), keys.len());
            assert_eq!(page.next, Some(Cursor::after(after)));
        }
        let alone = listing(&[&*long], true, None);
        assert!(cursor.page("p/", alone).is_err(), "there is no way on");
        let alone = listing(&[&*long], true, Some("x"));
        assert_eq!(cursor.page("p/", alone).unwrap().next.unwrap().after, None);
    }

    #[test]
    fn a_key_that_is_not_told_as_it_is_is_in_no_order() {
        // As `a\u{1}`, which XML has no way to write, arrives from some.
        let strange = "p/a\u{fffd}";
        let cursor = Cursor::start();
        let page = cursor
            .page("p/", listing(&[strange, "p/ab"], true, None))
            .unwrap();
        assert_eq!(page.objects.len(), 2);
        assert_eq!(page.next, Some(Cursor::after("ab")));
        let cursor = Cursor::after("a");
        let page = cursor
            .page("p/", listing(&["p/aa", strange, strange], true, None))
            .unwrap();
        assert_eq!(page.next, Some(Cursor::after("aa")));
        let alone = listing(&[strange], true, None);
        assert!(cursor.page("p/", alone).is_err(), "there is no way on");
    }

    #[test]
    fn a_page_that_leads_to_itself_is_the_last_one() {
        let first = Cursor::after("b");
        let page = first.page("p/", listing(&[], true, Some("x"))).unwrap();
        let second = page.next.unwrap();
        let again = second.page("p/", listing(&[], true, Some("x")));
        assert_eq!(again.unwrap_err().kind(), crate::FaultKind::Invalid);
        for (keys, token) in [(&[][..], "y"), (&["p/c"], "x")] {
            let page = second.page("p/", listing(keys, true, Some(token)));
            assert_eq!(page.unwrap().next.unwrap().token.as_deref(), Some(token));
        }
        assert_eq!(
            second
                .page("p/", listing(&[], false, Some("x")))
                .unwrap()
                .next,
            None
        );
    }
}
