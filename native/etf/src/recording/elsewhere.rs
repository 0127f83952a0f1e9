use super::key;
use crate::{Error, Field, Limits, Token, Walker};

/// Whether the pure-Elixir backend reads this term as a recording, though [`summarize`] does not,
/// because a field is of a kind that no recorder writes: that backend wants all fields, a time that
/// is an integer and events that are a list, and looks no further. A version byte and a term that is
/// not compressed.
///
/// # Errors
///
/// Any [`ErrorKind`](crate::ErrorKind) about malformed terms and limits.
///
/// [`summarize`]: crate::summarize()
pub fn is_read_elsewhere(etf: &[u8], limits: &Limits) -> Result<bool, Error> {
    let mut walker = Walker::new(etf, limits)?;
    let Token::Map(pairs) = walker.token()? else {
        return Ok(false);
    };
    let mut found = Vec::new();
    for _ in 0..pairs {
        let Some(field) = key(&mut walker)? else {
            walker.skip()?;
            continue;
        };
        let depth = walker.depth();
        let token = walker.token()?;
        walker.finish(depth)?;
        let fits = match field {
            Field::ConnectedAt => matches!(token, Token::Integer(_) | Token::Big(_)),
            Field::Events => matches!(token, Token::Nil | Token::List(_) | Token::String(_)),
            _ => true,
        };
        if fits {
            found.push(field);
        }
    }
    Ok(Field::KEYS.iter().all(|field| found.contains(field)))
}
