//! Ids of any bytes: the file of each is one in the directory of the recordings, which nothing
//! else has as its file, and which a listing finds again.

use replay_store::file_stem;
use replay_store::fuzz::is_recording;

use crate::parts;

/// Two ids each.
pub fn seeds() -> Vec<Vec<u8>> {
    let ids: [&[u8]; 10] = [
        b"4x1F5sfmxsxIadPy39mHkw",
        b"../../etc/passwd",
        b"..",
        b".",
        b"",
        b"a\0b",
        b"~61",
        b"~~61",
        &[b'a'; 241],
        &[0xff; 80],
    ];
    let pairs = ids.iter().flat_map(|a| ids.iter().map(move |b| [*a, *b]));
    pairs.map(|pair| parts::join(&pair)).collect()
}

/// See the [module](self).
pub fn check(bytes: &[u8]) {
    let ids = parts::split(bytes);
    for id in &ids {
        let stem = file_stem(id);
        assert!(!stem.contains(&b'/') && !stem.contains(&0) && !stem.is_empty());
        assert!(*stem != *b"." && *stem != *b"..");
        for suffix in [&b".etf.gz"[..], b".json.gz", b".etf.zst", b".json.zst"] {
            let name = [&*stem, suffix].concat();
            assert!(name.len() < 255 && is_recording(&name));
        }
        for other in &ids {
            assert_eq!(file_stem(other) == stem, other == id);
        }
    }
}
