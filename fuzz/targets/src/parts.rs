//! Several inputs in one: each behind its length, three bytes with the lowest first.

/// Takes an input apart; whatever a length promises, there is no more than there is.
pub(crate) fn split(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    while let Some((&[a, b, c], rest)) = bytes.split_first_chunk() {
        let length = u32::from_le_bytes([a, b, c, 0]) as usize;
        let (part, more) = rest.split_at(length.min(rest.len()));
        parts.push(part);
        bytes = more;
    }
    parts
}

pub(crate) fn join<P: AsRef<[u8]>>(parts: &[P]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in parts {
        let part = part.as_ref();
        bytes.extend(&(part.len() as u32).to_le_bytes()[..3]);
        bytes.extend(part);
    }
    bytes
}
