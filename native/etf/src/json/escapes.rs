//! JSON strings: where they need escapes, and writing them.

/// Where the first byte stands that cannot be written as it is between quotes: a quote, a
/// backslash or a control character.
#[inline]
pub(super) fn first_special(bytes: &[u8]) -> Option<usize> {
    let (chunks, rest) = bytes.as_chunks::<8>();
    for (index, chunk) in chunks.iter().enumerate() {
        let special = specials(u64::from_le_bytes(*chunk));
        if special != 0 {
            return Some(index * 8 + special.trailing_zeros() as usize / 8);
        }
    }
    let last = rest.iter().position(|&byte| is_special(byte))?;
    Some(bytes.len() - rest.len() + last)
}

fn is_special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// Marks the special ones of eight bytes by their highest bit. Marks above the lowest one may be
/// wrong, because the subtractions borrow.
#[inline]
fn specials(eight: u64) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES * 0x80;
    let below = |limit: u64, bytes: u64| bytes.wrapping_sub(ONES * limit) & !bytes;
    let quote = below(1, eight ^ (ONES * b'"' as u64));
    let backslash = below(1, eight ^ (ONES * b'\\' as u64));
    (below(0x20, eight) | quote | backslash) & HIGH
}

/// Writes text, which is UTF-8, as a JSON string, quotes included.
pub(super) fn write(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    let mut rest = text;
    while let Some(at) = first_special(rest) {
        let (plain, special) = rest.split_at(at);
        out.extend_from_slice(plain);
        let Some((&byte, after)) = special.split_first() else {
            break;
        };
        escape(byte, out);
        rest = after;
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

#[cold]
fn escape(byte: u8, out: &mut Vec<u8>) {
    let short = match byte {
        b'"' | b'\\' => byte,
        0x08 => b'b',
        0x0c => b'f',
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        _ => {
            const DIGITS: &[u8; 16] = b"0123456789abcdef";
            out.extend_from_slice(b"\\u00");
            out.extend([byte >> 4, byte & 15].map(|digit| DIGITS[usize::from(digit)]));
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}
