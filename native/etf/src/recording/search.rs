use super::event;
use super::summary::key;
use crate::needle::Needle;
use crate::{Error, ErrorKind, Field, Limits, Token, Walker};

/// Whether something is in a recording: a version byte and a map, not compressed.
///
/// Looked at are its URL, its params and its session, the payloads of its events, and fields that
/// are not known; not its id, its view and its time, nor the offsets and types of events.
///
/// # Errors
///
/// Those of [`summarize`](super::summarize), in what is looked at: mostly a look at the bytes
/// tells that it is not there, and what is behind the first place where it is stays unread.
pub fn contains(etf: &[u8], needle: &Needle, limits: &Limits) -> Result<bool, Error> {
    if !needle.may_be_in_terms(etf) {
        return Ok(false);
    }
    let mut walker = Walker::new(etf, limits)?;
    let start = walker.offset();
    let Token::Map(pairs) = walker.token()? else {
        return Err(Error::new(
            start,
            ErrorKind::NotARecording(Field::Recording),
        ));
    };
    for _ in 0..pairs {
        let name = walker.raw()?;
        let is_in = match key(&mut Walker::bare(name, limits))? {
            Some(Field::Events) => is_in_events(&mut walker, needle)?,
            Some(Field::Params | Field::Session | Field::Url) => needle.is_in_next(&mut walker)?,
            Some(Field::Id | Field::View | Field::ConnectedAt | Field::Recording) => {
                walker.skip()?;
                false
            }
            None => {
                needle.is_in_next(&mut Walker::bare(name, limits))?
                    || needle.is_in_next(&mut walker)?
            }
        };
        if is_in {
            return Ok(true);
        }
    }
    Ok(false)
}

fn is_in_events(walker: &mut Walker<'_>, needle: &Needle) -> Result<bool, Error> {
    let start = walker.offset();
    let not_a_list = Error::new(start, ErrorKind::NotARecording(Field::Events));
    let length = match walker.token()? {
        Token::Nil => return Ok(false),
        Token::List(length) => length,
        _ => return Err(not_a_list),
    };
    for _ in 0..length {
        event::head(walker)?;
        if needle.is_in_next(walker)? {
            return Ok(true);
        }
    }
    match walker.token()? {
        Token::Nil => Ok(false),
        _ => Err(not_a_list),
    }
}
