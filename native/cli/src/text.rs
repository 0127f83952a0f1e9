//! Recorded texts, made fit to be seen.
//!
//! What was recorded may be hostile: a terminal obeys control characters. None of them is let
//! through, nor those that turn the direction of a line around, so that it reads as another one.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::path::Path;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Whether a terminal may take a character for something else than its picture.
fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

/// A text without control characters: `\u{1b}` stands for one.
pub fn plain(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match is_unsafe(character) {
            // Writing to a `String` has no way to fail.
            true => {
                let _ = write!(plain, "\\u{{{:x}}}", u32::from(character));
            }
            false => plain.push(character),
        }
    }
    Cow::Owned(plain)
}

/// Any bytes as a text; what is not UTF-8 is written as Elixir does, `<<255, 1>>`.
pub fn of_bytes(bytes: &[u8]) -> String {
    match str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => {
            let bytes: Vec<String> = bytes.iter().map(u8::to_string).collect();
            format!("<<{}>>", bytes.join(", "))
        }
    }
}

/// [`of_bytes`], [`plain`].
pub fn shown(bytes: &[u8]) -> String {
    plain(&of_bytes(bytes)).into_owned()
}

/// A path, plain.
pub fn path(path: &Path) -> String {
    plain(&path.to_string_lossy()).into_owned()
}

/// JSON text in one line, without control characters, which in JSON can be written otherwise.
pub fn json_line(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut line = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            // Between values only: in a string they are escaped.
            '\n' | '\r' | '\t' => line.push(' '),
            _ if is_unsafe(character) => {
                let _ = write!(line, "\\u{:04x}", u32::from(character));
            }
            _ => line.push(character),
        }
    }
    Cow::Owned(line)
}

/// How many columns a text takes.
pub fn columns(text: &str) -> usize {
    text.width()
}

/// As much of a text as has room, with a mark where the rest was.
pub fn fit(text: &str, room: usize) -> Cow<'_, str> {
    if columns(text) <= room {
        return Cow::Borrowed(text);
    }
    let mut left = room.saturating_sub(1);
    let fits = |(_, character): &(usize, char)| {
        let width = character.width().unwrap_or(0);
        let fits = width <= left;
        left = left.saturating_sub(width);
        fits
    };
    let end = text
        .char_indices()
        .take_while(fits)
        .last()
        .map_or(0, |(at, character)| at + character.len_utf8());
    let start = text.get(..end).unwrap_or_default();
    Cow::Owned(if room == 0 {
        String::new()
    } else {
        format!("{start}…")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_control_character_gets_through() {
        let hostile = "a\u{1b}[31m\u{9b}2J\u{7f}\r\n\u{202e}b";
        assert_eq!(
            plain(hostile),
            "a\\u{1b}[31m\\u{9b}2J\\u{7f}\\u{d}\\u{a}\\u{202e}b"
        );
        assert_eq!(
            json_line("{\"a\":\n\"\u{9b}\u{202e}\"}"),
            "{\"a\": \"\\u009b\\u202e\"}"
        );
        assert_eq!(plain("grün 日本"), "grün 日本");
        assert_eq!(shown(&[0xff, 1]), "<<255, 1>>");
    }

    #[test]
    fn a_text_is_cut_by_its_columns() {
        assert_eq!(fit("abc", 3), "abc");
        assert_eq!(fit("abcd", 3), "ab…");
        assert_eq!(fit("日本語", 4), "日…");
        assert_eq!(fit("ab", 0), "");
        assert_eq!(fit("ab", 1), "…");
    }
}
