use std::borrow::Cow;

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::{
    TINFL_FLAG_COMPUTE_ADLER32, TINFL_FLAG_PARSE_ZLIB_HEADER,
    TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
};
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

use crate::{Error, ErrorKind, Limits, tag};

/// Deflate never expands one byte to more than this many
/// (<https://www.zlib.net/zlib_tech.html>, "Maximum Compression Factor").
const MAX_RATIO: usize = 1032;
/// Version byte, tag and size.
const HEADER_BYTES: usize = 6;

/// Turns a compressed term (`131, 80, size, zlib data`) into a plain one (`131, term`).
///
/// Any other input is returned as it is, unchecked.
///
/// # Errors
///
/// [`ErrorKind::TooLarge`] if the expanded term would exceed the limit,
/// [`ErrorKind::BadCompressed`] if it does not expand to what it states, and
/// [`ErrorKind::UnexpectedEnd`] if its header is cut.
pub fn expand<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Cow<'a, [u8]>, Error> {
    Expanded::of(bytes, limits).map(|expanded| expanded.plain)
}

/// A plain term, and where it came from.
pub(crate) struct Expanded<'a> {
    pub(crate) plain: Cow<'a, [u8]>,
    /// How many bytes the compressed term took, if it was one.
    pub(crate) compressed_length: Option<usize>,
}

impl<'a> Expanded<'a> {
    pub(crate) fn of(bytes: &'a [u8], limits: &Limits) -> Result<Self, Error> {
        let [tag::VERSION, tag::COMPRESSED, rest @ ..] = bytes else {
            return Ok(Expanded {
                plain: Cow::Borrowed(bytes),
                compressed_length: None,
            });
        };
        let error = |kind| Err(Error::new(1, kind));
        let Some((size, compressed)) = rest.split_first_chunk::<4>() else {
            return error(ErrorKind::UnexpectedEnd);
        };
        let size = u32::from_be_bytes(*size) as usize;
        if bytes.len() > limits.max_bytes || size >= limits.max_bytes {
            return error(ErrorKind::TooLarge);
        }
        if size / MAX_RATIO > compressed.len() {
            return error(ErrorKind::BadCompressed);
        }

        let mut plain = vec![0; size + 1];
        let Some((version, term)) = plain.split_first_mut() else {
            return error(ErrorKind::BadCompressed);
        };
        *version = tag::VERSION;
        let flags = TINFL_FLAG_PARSE_ZLIB_HEADER
            | TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF
            | TINFL_FLAG_COMPUTE_ADLER32;
        let mut state = Box::<DecompressorOxide>::default();
        match decompress(&mut state, compressed, term, 0, flags) {
            (TINFLStatus::Done, read, written) if written == size => Ok(Expanded {
                plain: Cow::Owned(plain),
                compressed_length: Some(HEADER_BYTES + read),
            }),
            _ => error(ErrorKind::BadCompressed),
        }
    }
}
