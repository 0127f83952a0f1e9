//! A recording's file, of bytes that may be none.
//!
//! * What is unpacked is no larger than the limit, and neither is the memory for it.
//! * Gzip that is unpacked is unpacked to the same by another program, if it reads that.
//! * What was packed comes back, with what is beside it. With a few bytes changed, it is no other
//!   content, and belongs to no other subject.

use std::io::Read as _;

use flate2::read::MultiGzDecoder;
use replay_store::fuzz::{Files, Sidecar, sidecar};
use replay_store::{Compression, Subject};

use crate::{fixtures, parts};

const MAX: usize = 1 << 20;

/// The fixtures, and files of each kind; and those who shall be made such.
pub fn seeds() -> Vec<Vec<u8>> {
    let mut seeds: Vec<_> = (fixtures::files().into_iter())
        .map(|(_, bytes)| bytes)
        .filter(|bytes| bytes.len() < 8192)
        .collect();
    let content = b"content, content, content; more of it".repeat(9);
    for compression in [Compression::Gzip(6), Compression::Zstd(1)] {
        for sidecar in sidecars(b"ada") {
            let files = Files::new(compression);
            seeds.push(files.pack(&content, sidecar.clone()).expect("a file"));
        }
    }
    let two = [
        seeds[seeds.len() - 1].clone(),
        seeds[seeds.len() - 2].clone(),
    ]
    .concat();
    seeds.push(two);
    // A zstd frame that does not say how large its content is (RFC 8878): one raw block.
    seeds.push(b"\x28\xb5\x2f\xfd\x00\x58\x29\x00\x00hello".to_vec());
    for kind in 0..8 {
        seeds.push(parts::join(&[
            &[kind][..],
            b"ada",
            &content[..50],
            &[40, 0, 7, 90, 0, 1],
        ]));
    }
    seeds
}

fn sidecars(subject: &[u8]) -> [Sidecar; 4] {
    [
        (false, false, None),
        (true, false, Some(Subject::Integer(-4711))),
        (false, true, Subject::text(subject)),
        (true, true, Subject::text(b"a")),
    ]
}

thread_local! {
    static GZIP: Files = Files::new(Compression::Gzip(1));
    static ZSTD: Files = Files::new(Compression::Zstd(1));
}

/// See the [module](self).
pub fn check(bytes: &[u8]) {
    GZIP.with(|files| unpack(files, bytes));
    if let [kind, subject, content, changes, ..] = &*parts::split(bytes) {
        let kind = kind.first().copied().unwrap_or_default();
        let sidecar = sidecars(subject)[usize::from(kind >> 1 & 3)].clone();
        let files = if kind & 1 == 0 { &GZIP } else { &ZSTD };
        files.with(|files| there_and_back(files, content, sidecar, changes));
    }
}

fn unpack(files: &Files, file: &[u8]) {
    let _ = sidecar(file);
    let Ok(Some((content, room))) = files.unpack(file, MAX) else {
        return;
    };
    assert!(content.len() <= MAX);
    assert!(room <= 2 * MAX, "{room} bytes of memory");
    // A limit of just so many bytes is none, one less is too little.
    let again = files.unpack(file, content.len());
    assert_eq!(again.map(|it| it.map(|it| it.0)), Ok(Some(content.clone())));
    if let Some(less) = content.len().checked_sub(1) {
        assert!(files.unpack(file, less).is_err());
    }
    if file.starts_with(&[0x1f, 0x8b]) {
        let mut other = Vec::new();
        match MultiGzDecoder::new(file).read_to_end(&mut other) {
            Ok(_) => assert!(other == content),
            // Ours takes two codes for the longest length that RFC 1951 (3.2.6) has none for; what
            // they made is what the checksum says.
            Err(error) => assert_eq!(error.to_string(), "corrupt deflate stream"),
        }
    }
}

fn there_and_back(files: &Files, content: &[u8], beside: Sidecar, changes: &[u8]) {
    let mut file = files.pack(content, beside.clone()).expect("memory");
    let unpacked = |file: &[u8]| {
        files
            .unpack(file, MAX)
            .map(|it| it.map(|(content, _)| content))
    };
    assert_eq!(unpacked(&file), Ok(Some(content.to_vec())));
    assert_eq!(sidecar(&file), beside);
    // Each is a place and what is to be changed there. More, and checksums would be chosen.
    for change in changes.chunks_exact(3).take(3) {
        let at = usize::from(u16::from_le_bytes([change[0], change[1]]));
        if let Some(byte) = file.get_mut(at) {
            *byte ^= change[2];
        }
    }
    if let Ok(Some(other)) = unpacked(&file) {
        // Of two skippable frames one may have become the other's name, and the content gone.
        assert!(other == content || other.is_empty(), "another content");
    }
    let (_, _, subject) = sidecar(&file);
    assert!(subject.is_none() || subject == beside.2, "another subject");
}
