//! What nodes are called in the bucket.

use crate::key::{Name, Tag};

/// Bytes of what a node is called.
const MAX_CALLED: usize = 200;

/// A node's name in keys: what it is called, and its directory's number, as two may be called the
/// same. Of several engines of a directory only one has it alone, whoever has the right to upload
/// when it is started; `run` tells the others apart.
pub(super) fn node_name(called: &str, directory: u64, run: Option<Tag>) -> Option<Name> {
    let cut = called.floor_char_boundary(MAX_CALLED);
    let called = called
        .get(..cut)
        .unwrap_or_default()
        .replace(['/', '\0'], "_");
    let run = run.map_or(String::new(), |run| format!(".{:08x}", run.0 >> 96));
    Name::new(format!("{called}-{directory:016x}{run}").into_bytes())
}

/// The number of the directory in such a name.
pub(super) fn directory_of(node: &Name) -> Option<u64> {
    let name = std::str::from_utf8(node.as_bytes()).ok()?;
    let (_, number) = name.rsplit_once('-')?;
    let digits = number.get(..16)?;
    let is_one = number.len() == 16 || number.as_bytes().get(16) == Some(&b'.');
    is_one.then(|| u64::from_str_radix(digits, 16).ok())?
}

/// The name of the file that such an engine has locked for as long as it lives; `None` for one that
/// has the right instead.
pub(super) fn sign_of(node: &Name) -> Option<String> {
    let name = std::str::from_utf8(node.as_bytes()).ok()?;
    let (_, run) = name.rsplit_once('-')?.1.split_once('.')?;
    let is_one = run.len() == 8 && run.bytes().all(|it| it.is_ascii_hexdigit());
    is_one.then(|| format!("run-{run}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_its_directory_and_engines_apart() {
        let long = "é".repeat(200);
        for called in ["app@host", "a-b/c\0d-", "", &long] {
            let alone = node_name(called, 0xab, None).unwrap();
            let first = node_name(called, 0xab, Some(Tag(1 << 96))).unwrap();
            let second = node_name(called, 0xab, Some(Tag(2 << 96))).unwrap();
            assert!(alone != first && first != second);
            assert_eq!(sign_of(&alone), None);
            assert_eq!(sign_of(&second).as_deref(), Some("run-00000002"));
            for name in [alone, first, second] {
                assert_eq!(directory_of(&name), Some(0xab));
                assert!(name.as_bytes().len() <= MAX_CALLED + 26);
            }
        }
        let foreign = Name::new(*b"somebody").unwrap();
        assert_eq!(directory_of(&foreign), None);
    }
}
