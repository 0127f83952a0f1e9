//! A map must not have the same key twice, which only a look at all of its keys can tell.

use std::hash::{BuildHasher, RandomState};

use crate::{Big, Error, ErrorKind, Limits, Token, Walker};

/// Reads one term and refuses maps with a repeated key.
///
/// Keys are compared by a hash that is keyed anew each time, so that no input can be made to
/// collide. The same number or atom is the same key in any encoding; lists, tuples and maps as
/// keys are compared by their bytes, and not looked into.
pub(crate) fn skip(walker: &mut Walker<'_>) -> Result<(), Error> {
    let around = walker.depth();
    let hasher = RandomState::new();
    let mut maps: Vec<OpenMap> = Vec::new();
    let mut keys = Vec::new();
    loop {
        let depth = walker.depth();
        match maps.last_mut() {
            Some(map) if map.depth == depth && !map.value_is_next => {
                map.value_is_next = true;
                let start = walker.offset();
                keys.push((hash(walker.raw()?, &hasher)?, start));
                continue;
            }
            Some(map) if map.depth == depth => map.value_is_next = false,
            _ => {}
        }
        if let Token::Map(1..) = walker.token()? {
            let depth = walker.depth();
            maps.push(OpenMap {
                depth,
                first_key: keys.len(),
                value_is_next: false,
            });
        }
        while let Some(map) = maps.pop_if(|map| map.depth > walker.depth()) {
            if let Some(own) = keys.get_mut(map.first_key..) {
                distinct(own)?;
            }
            keys.truncate(map.first_key);
        }
        if walker.depth() <= around {
            return Ok(());
        }
    }
}

struct OpenMap {
    /// How many containers are open when its keys and values are read.
    depth: usize,
    /// Where its keys begin among those of all open maps.
    first_key: usize,
    value_is_next: bool,
}

/// Refuses the same hash twice; each comes with the offset of its key.
fn distinct(keys: &mut [(u64, usize)]) -> Result<(), Error> {
    keys.sort_unstable();
    for pair in keys.windows(2) {
        if let [(hash, _), (next, start)] = pair
            && hash == next
        {
            return Err(Error::new(*start, ErrorKind::DuplicateKey));
        }
    }
    Ok(())
}

fn hash(key: &[u8], hasher: &RandomState) -> Result<u64, Error> {
    let all = Limits {
        max_bytes: usize::MAX,
        max_depth: u32::MAX,
        max_terms: u64::MAX,
    };
    // The tags keep kinds apart whose contents may be the same bytes.
    Ok(match Walker::bare(key, &all).token()? {
        Token::Integer(value) => hasher.hash_one((0, value)),
        Token::Big(Big {
            negative,
            magnitude,
        }) => hasher.hash_one((1, negative, magnitude)),
        Token::Float(value) => hasher.hash_one((2, value.to_bits())),
        Token::Atom(text) => hasher.hash_one((3, text.to_str())),
        Token::Binary(bytes) => hasher.hash_one((4, bytes)),
        _ => hasher.hash_one((5, key)),
    })
}
