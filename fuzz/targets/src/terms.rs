//! A term, of bytes that may be none: the walker, and what looks into recordings.
//!
//! * Walked token by token or skipped, a term ends at the same byte, or has the same fault.
//! * Only equal keys of maps are a fault that the walker does not see and the whole check does.
//! * A term knows where it ends: nothing behind it matters, and no part of it is one.
//! * Expanded, it is no larger than the limit.
//! * What is summarized can be searched and written as JSON, and its names are found in it.
//! * With what a runtime does not have replaced, it is still a term, and equal keys there are none.

use replay_etf::recording::{contains, each_url, is_read_elsewhere};
use replay_etf::{
    AtomText, Error, ErrorKind, Limits, MAX_NEEDLE_BYTES, Needle, Replaced, Runtime, Walker,
    expand, json, replace, summarize, validate,
};

use crate::{fixtures, limits, unlimited};

/// Small recordings, and terms alone.
pub fn seeds() -> Vec<Vec<u8>> {
    let versioned = |term: Vec<u8>| [&b"\x83"[..], &term].concat();
    let mut seeds: Vec<_> = fixtures::terms().into_iter().map(versioned).collect();
    let packed: Vec<_> = fixtures::small()
        .iter()
        .map(|term| compressed(term))
        .collect();
    seeds.extend(packed);
    seeds.extend(fixtures::small());
    seeds.extend(fixtures::recordings());
    seeds
}

fn compressed(term: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let plain = &term[1..];
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    zlib.write_all(plain).expect("memory");
    let zlib = zlib.finish().expect("memory");
    [&b"\x83P"[..], &(plain.len() as u32).to_be_bytes(), &zlib].concat()
}

/// See the [module](self).
pub fn check(bytes: &[u8]) {
    let limits = limits();
    let valid = validate(bytes, &limits);
    let plain = match expand(bytes, &limits) {
        Ok(plain) => plain,
        Err(error) => return assert_eq!(valid, Err(error)),
    };
    assert!(plain.len() <= limits.max_bytes.max(bytes.len()));
    let walked = walk(&plain, &limits);
    let skipped = Walker::new(&plain, &limits).and_then(|mut walker| {
        walker.skip()?;
        Ok(walker.offset())
    });
    assert_eq!(walked, skipped);
    match (valid, skipped) {
        (Ok(length), Ok(_)) => {
            assert_eq!(validate(&bytes[..length], &limits), Ok(length));
            assert!(validate(&bytes[..length - 1], &limits).is_err());
        }
        (Err(error), skipped) => {
            let is_key = error.kind == ErrorKind::DuplicateKey;
            assert!(is_key || skipped == Err(error), "{error:?} {skipped:?}");
        }
        (Ok(_), Err(error)) => panic!("not seen by the whole check: {error}"),
    }
    look_into(&plain, &limits);
    if let (Ok(_), Ok(end)) = (valid, skipped) {
        replaced(&plain[1..end]);
    }
}

fn walk(plain: &[u8], limits: &Limits) -> Result<usize, Error> {
    let mut walker = Walker::new(plain, limits)?;
    loop {
        walker.token()?;
        if walker.depth() == 0 {
            return Ok(walker.offset());
        }
    }
}

fn look_into(plain: &[u8], limits: &Limits) {
    let _ = is_read_elsewhere(plain, limits);
    let needle = |text: &[u8]| Needle::text(text);
    for text in [&b"a"[..], b"1", b"save", b"-12345678901234567890"] {
        let found = needle(text).map(|it| contains(plain, &it, limits));
        let by_number = Needle::integer(text).map(|it| contains(plain, &it, limits));
        // A text has the digits as a part at least where an integer is written like this.
        if let (Some(Ok(found)), Some(Ok(true))) = (found, by_number) {
            assert!(found);
        }
    }
    let Ok(summary) = summarize(plain, limits) else {
        return;
    };
    assert!(each_url(plain, limits, |_| ()).is_ok());
    let texts = summary.names.iter().chain(&summary.url);
    for text in texts.filter(|text| (1..=MAX_NEEDLE_BYTES).contains(&text.len())) {
        let needle = needle(text).expect("a needle of this length");
        assert_eq!(contains(plain, &needle, limits), Ok(true));
    }
    let encoded = json::encode(plain, limits, &mut Vec::new());
    assert!(encoded.is_ok(), "{encoded:?}");
}

/// Has some atoms and identifiers, by their bytes.
struct Having(u32);

impl Runtime for Having {
    fn has_atom(&self, text: AtomText<'_>) -> bool {
        let text = text.to_str();
        matches!(&*text, "nil" | "true" | "false") || self.has(text.as_bytes())
    }

    fn reads(&self, term: &[u8]) -> bool {
        self.has(term)
    }
}

impl Having {
    fn has(&self, bytes: &[u8]) -> bool {
        match self.0 {
            0 => false,
            1 => true,
            _ => bytes.iter().map(|byte| u32::from(*byte)).sum::<u32>() % self.0 == 0,
        }
    }
}

fn replaced(term: &[u8]) {
    for runtime in [Having(0), Having(1), Having(2)] {
        for replaced in [
            Replaced::Nothing,
            Replaced::Identifiers,
            Replaced::Functions,
            Replaced::All,
        ] {
            let mut out = b"\x83".to_vec();
            let done = replace(term, &runtime, replaced, &mut out);
            match runtime.0 {
                1 => assert_eq!((done, &out[1..]), (Ok(()), term)),
                _ if done.is_ok() => assert_eq!(validate(&out, &unlimited()), Ok(out.len())),
                _ => assert!(replaced < Replaced::All),
            }
        }
    }
}
