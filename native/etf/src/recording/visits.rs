use super::event::each_event;
use super::key;
use crate::{Error, ErrorKind, Field, Limits, Token, Walker};

/// Calls `visit` with the URL of each page that a recording was on, as often as it was, where a
/// [`Summary`](crate::Summary) does not hold all of them: a version byte and a map, not compressed.
///
/// # Errors
///
/// [`ErrorKind::NotARecording`] if the term is no map or its `events` are no list of them, and any
/// [`ErrorKind`] about malformed terms and limits. What comes before the fault has been visited.
pub fn each_url(etf: &[u8], limits: &Limits, mut visit: impl FnMut(&[u8])) -> Result<(), Error> {
    let mut walker = Walker::new(etf, limits)?;
    let start = walker.offset();
    let Token::Map(pairs) = walker.token()? else {
        return Err(Error::new(
            start,
            ErrorKind::NotARecording(Field::Recording),
        ));
    };
    for _ in 0..pairs {
        match key(&mut walker)? {
            Some(Field::Events) => each_event(&mut walker, |event| {
                if let Some(url) = event.url {
                    visit(url);
                }
            })?,
            _ => walker.skip()?,
        }
    }
    Ok(())
}
