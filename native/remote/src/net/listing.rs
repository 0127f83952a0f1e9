//! A page of a listing as the server writes it.
//!
//! It is read here, and not by the layer above, because that one refuses a whole page for the sake
//! of one key that it does not like, and so whoever puts such an object into a bucket could keep
//! everyone else from what is in there.

use chrono::DateTime;

use crate::fault::Fault;

use super::xml::walk;

/// Objects and folders in a page. Servers give 1 000.
const MAX_ENTRIES: usize = 10_000;
/// Bytes of what the server calls the next page. It goes into a URL, which takes 64 KiB in all.
const MAX_TOKEN_BYTES: usize = 8 << 10;

/// A page of a listing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Listing {
    pub objects: Vec<Raw>,
    /// What is between the prefix and the delimiter, with both.
    pub folders: Vec<String>,
    pub is_truncated: bool,
    pub token: Option<String>,
}

/// An object in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Raw {
    /// With the prefix.
    pub key: String,
    pub size: u64,
    pub modified_ms: u64,
}

impl Listing {
    /// Reads the answer to `ListObjectsV2`:
    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>.
    pub fn read(bytes: &[u8]) -> Result<Listing, Fault> {
        let mut page = Listing::default();
        let mut entry = Partial::default();
        let mut sound = true;
        let ended = walk(bytes, |path, text| {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            sound &= path.first() == Some(&"ListBucketResult");
            match (path.as_slice(), text) {
                ([_, "IsTruncated"], Some(text)) => page.is_truncated = text == "true",
                ([_, "NextContinuationToken"], Some(text)) => {
                    sound &= text.len() <= MAX_TOKEN_BYTES;
                    page.token = Some(text.to_owned());
                }
                ([_, "Contents", name], Some(text)) => entry.set(name, text),
                ([_, "Contents"], None) => match std::mem::take(&mut entry).whole() {
                    Some(object) if page.objects.len() < MAX_ENTRIES => page.objects.push(object),
                    _ => sound = false,
                },
                ([_, "CommonPrefixes", "Prefix"], Some(text)) => {
                    sound &= page.folders.len() < MAX_ENTRIES;
                    page.folders.push(text.to_owned());
                }
                _ => (),
            }
        });
        match (ended, sound) {
            (Some(()), true) => Ok(page),
            _ => Err(Fault::invalid("the server's answer is no listing")),
        }
    }
}

/// An object as far as it has been read.
#[derive(Default)]
struct Partial {
    key: Option<String>,
    size: Option<u64>,
    modified_ms: Option<u64>,
}

impl Partial {
    fn set(&mut self, name: &str, text: &str) {
        match name {
            "Key" => self.key = Some(text.to_owned()),
            "Size" => self.size = text.parse().ok(),
            "LastModified" => {
                let time = DateTime::parse_from_rfc3339(text).ok();
                self.modified_ms = time.and_then(|it| it.timestamp_millis().try_into().ok());
            }
            _ => (),
        }
    }

    fn whole(self) -> Option<Raw> {
        Some(Raw {
            key: self.key?,
            size: self.size?,
            modified_ms: self.modified_ms?,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PAGE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
  <Name>b</Name><Prefix>p/</Prefix><KeyCount>3</KeyCount><IsTruncated>true</IsTruncated>
  <NextContinuationToken>1/ab+c=</NextContinuationToken>
  <Contents>
    <Key>p/a&amp;&#98;&#x63;//d&#1;</Key><LastModified>2026-09-21T14:13:20.123Z</LastModified>
    <ETag>&quot;x&quot;</ETag><Size>7</Size><StorageClass>STANDARD</StorageClass>
    <Owner><ID>1</ID></Owner>
  </Contents>
  <Contents><Key/><LastModified>2026-09-21T14:13:20Z</LastModified><Size>0</Size></Contents>
  <CommonPrefixes><Prefix>p/2026/</Prefix></CommonPrefixes>
</ListBucketResult>"#;

    #[test]
    fn a_page_is_read_whatever_its_keys_are() {
        let page = Listing::read(PAGE.as_bytes()).unwrap();
        let keys: Vec<_> = page.objects.iter().map(|it| (&*it.key, it.size)).collect();
        // XML has no way to write the first character; the server that does so is believed.
        assert_eq!(keys, [("p/a&bc//d\u{1}", 7), ("", 0)]);
        assert_eq!(page.objects[0].modified_ms, 1_790_000_000_123);
        assert_eq!(page.folders, ["p/2026/"]);
        assert!(page.is_truncated);
        assert_eq!(page.token.as_deref(), Some("1/ab+c="));
    }

    #[test]
    fn one_that_is_cut_or_something_else_is_refused() {
        for end in 0..PAGE.len() {
            assert!(Listing::read(&PAGE.as_bytes()[..end]).is_err(), "{end}");
        }
        for other in [
            "<html></html>".to_owned(),
            PAGE.replace("ListBucketResult", "ListAllMyBucketsResult"),
            PAGE.replace("<Size>7</Size>", ""),
            PAGE.replace("<Size>7", "<Size>-7"),
            PAGE.replace("2026-09-21T", "yesterday"),
            "<ListBucketResult/>".to_owned() + PAGE.split_once("?>").unwrap().1,
        ] {
            assert!(Listing::read(other.as_bytes()).is_err(), "{other}");
        }
        assert_eq!(
            Listing::read(b"<ListBucketResult/>"),
            Ok(Listing::default())
        );
    }

    #[test]
    fn a_token_that_no_request_could_give_back_is_refused() {
        let page = |bytes: usize| PAGE.replace("1/ab+c=", &"x".repeat(bytes));
        assert!(Listing::read(page(MAX_TOKEN_BYTES).as_bytes()).is_ok());
        assert!(Listing::read(page(MAX_TOKEN_BYTES + 1).as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn hostile_pages_do_no_harm(
            at in 0..PAGE.len(),
            bytes in proptest::collection::vec(any::<u8>(), 0..4),
        ) {
            let mut page = PAGE.as_bytes().to_vec();
            page.splice(at..(at + bytes.len()).min(PAGE.len()), bytes);
            let _ = Listing::read(&page);
        }
    }
}
