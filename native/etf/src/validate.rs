use crate::{Error, Limits, Walker, distinct, expand};

/// Checks one whole term, version byte included, and returns how many bytes it takes.
///
/// Bytes after the term are allowed and not looked at, as with the runtime's own decoder. A
/// compressed term is expanded and checked inside. On top of what [`Walker::skip`] checks, maps
/// must not have the same key twice.
///
/// # Errors
///
/// Any [`ErrorKind`](crate::ErrorKind) about malformed terms and limits.
pub fn validate(bytes: &[u8], limits: &Limits) -> Result<usize, Error> {
    let expanded = expand::Expanded::of(bytes, limits)?;
    let mut walker = Walker::new(&expanded.plain, limits)?;
    distinct::skip(&mut walker)?;
    Ok(expanded.compressed_length.unwrap_or(walker.offset()))
}
