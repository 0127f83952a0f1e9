//! Keys of maps that are neither atoms nor binaries, as the pure-Elixir backend writes them: as
//! Elixir's `to_string/1` does, as far as that knows them.

use super::{calendar, uri};
use crate::{Limits, Token, Walker, tag};

/// From here on not every integer is a float: Erlang writes an exponent, so that nobody takes the
/// digits for exact.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

/// No float has more of them behind the first.
const MAX_DIGITS: usize = 766;

/// The text of a key, and how many bytes it takes. `None` for all that is written so anyway, and
/// for what `to_string/1` does not take.
pub(super) fn text(term: &[u8]) -> Option<(String, usize)> {
    match *term.first()? {
        tag::MAP => calendar::plain(term).or_else(|| uri::plain(term)),
        tag::LIST | tag::STRING | tag::NIL => characters(term),
        tag::NEW_FLOAT | tag::FLOAT => {
            let mut ahead = Walker::bare(term, &Limits::default());
            match ahead.token().ok()? {
                Token::Float(value) => Some((float(value), ahead.offset())),
                _ => None,
            }
        }
        _ => None,
    }
}

/// A list of code points, texts and such lists; its tail may be a text as well.
fn characters(term: &[u8]) -> Option<(String, usize)> {
    let mut ahead = Walker::bare(term, &Limits::default());
    let mut out = String::new();
    // How many elements of the lists that are open are still to come before their tails.
    let mut open: Vec<u32> = Vec::new();
    loop {
        let is_tail = match open.last_mut() {
            Some(0) => open.pop().is_some(),
            Some(left) => {
                *left -= 1;
                false
            }
            None => false,
        };
        match ahead.token().ok()? {
            Token::Integer(point) if !is_tail => {
                out.push(char::from_u32(u32::try_from(point).ok()?)?);
            }
            Token::String(bytes) => out.extend(bytes.iter().copied().map(char::from)),
            Token::Binary(text) => out.push_str(str::from_utf8(text).ok()?),
            Token::List(length) => open.push(length),
            Token::Nil => {}
            _ => return None,
        }
        if open.is_empty() {
            return Some((out, ahead.offset()));
        }
    }
}

/// The fewest digits that are this number, with an exponent where that is shorter.
fn float(value: f64) -> String {
    let (digits, exponent) = shortest(value.abs());
    let point = exponent + 1;
    let (first, rest) = digits.split_at(1);
    let rest = if rest.is_empty() { "0" } else { rest };
    let scientific = format!("{first}.{rest}e{exponent}");
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or_default());
    let length = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    let plain = if point <= 0 {
        format!("0.{}{digits}", zeros(-point))
    } else if point >= length {
        format!("{digits}{}.0", zeros(point - length))
    } else {
        let (whole, part) = digits.split_at(point as usize);
        format!("{whole}.{part}")
    };
    let is_shorter = scientific.len() < plain.len() || value.abs() >= MAX_EXACT;
    let sign = if value.is_sign_negative() { "-" } else { "" };
    let text = if is_shorter { scientific } else { plain };
    format!("{sign}{text}")
}

/// The digits, and the exponent of the first of them.
fn shortest(value: f64) -> (String, i32) {
    let (digits, exponent) = digits(&format!("{value:e}"));
    // Of two that are equally near, Erlang takes the even one, and Rust the larger.
    let (exact, _) = self::digits(&format!("{value:.MAX_DIGITS$e}"));
    let exact = exact.trim_end_matches('0');
    let below = exact.strip_suffix('5').unwrap_or_default();
    let is_even = below.ends_with(['0', '2', '4', '6', '8']);
    if below.len() == digits.len() && is_even {
        let (first, rest) = below.split_at(1);
        if format!("{first}.{rest}e{exponent}").parse() == Ok(value) {
            return (below.to_owned(), exponent);
        }
    }
    (digits, exponent)
}

/// Of a number with an exponent.
fn digits(scientific: &str) -> (String, i32) {
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    (
        mantissa.replace('.', ""),
        exponent.parse().unwrap_or_default(),
    )
}
