//! What a recording within some limits may come to when it is written as JSON, and read again.

use crate::Limits;

/// Most bytes of text for a byte of a term: a control character is six, `\u0001`.
const TEXT_RATIO: usize = 6;
/// For the fields that a term may lack, in bytes and in terms: `"session":{},` is the longest of
/// four, of 48 bytes in all, so this is ample.
const FIELDS: usize = 256;

/// The limits of the text of a recording, if those of its term are `recording`. What was made of a
/// recording that was within its limits is within these, so that it can be read again, but for one
/// of more than 2^32 bytes, which is refused when it is written.
pub fn text_limits(recording: &Limits) -> Limits {
    let bytes = recording.max_bytes.saturating_mul(TEXT_RATIO);
    Limits {
        // Something that is empty, or a list of bytes, opens nothing in a term.
        max_depth: recording.max_depth.saturating_add(1),
        // Counts and lengths of terms have 32 bits, and none exceeds that of the text.
        max_bytes: bytes.saturating_add(FIELDS).min(u32::MAX as usize),
        // A value takes a word of the tuple that it is in, and more of anything else.
        max_terms: recording.max_words.saturating_add(FIELDS as u64),
        max_words: u64::MAX,
    }
}

/// The limits of the term that [`decode`](super::decode()) makes of such a text.
pub fn term_limits(recording: &Limits) -> Limits {
    Limits {
        max_depth: recording.max_depth.saturating_add(1),
        // As the text has been read, there is no more than some times its bytes.
        max_bytes: usize::MAX,
        max_terms: u64::MAX,
        // Tuples have become lists, whose elements take two words.
        max_words: recording
            .max_words
            .saturating_mul(2)
            .saturating_add(FIELDS as u64),
    }
}
