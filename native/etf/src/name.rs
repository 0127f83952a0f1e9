//! Atoms and strings as Elixir's `inspect/1` writes them.

use std::borrow::Cow;

/// Every module's atom starts with this.
pub(crate) const MODULE_PREFIX: &str = "Elixir.";

/// What stands for nothing.
pub(crate) const NIL: &str = "nil";

/// Operators and other special forms that need no quotes after the colon.
const UNQUOTED: &str = "! != !== % %{} & && &&& * ** + ++ +++ - -- --- -> . .. ... ..// / < <- \
    <<< <<>> <<~ <= <> <~ <~> = == === =~ > >= >>> @ \\\\ ^ {} | |> || ||| ~> ~>>";

/// `My.Module` for a module, `nil`, `true` and `false` as they are, and otherwise `:atom`, with
/// quotes where they are needed.
pub(crate) fn inspect(atom: &str) -> Cow<'_, str> {
    if matches!(atom, "nil" | "true" | "false") {
        return Cow::Borrowed(atom);
    }
    if let Some(alias) = alias(atom) {
        return Cow::Borrowed(alias);
    }
    let mut text = String::with_capacity(atom.len() + 3);
    text.push(':');
    text.push_str(&literal(atom));
    Cow::Owned(text)
}

/// An atom without its colon, in quotes where they are needed.
pub(crate) fn literal(atom: &str) -> Cow<'_, str> {
    if is_identifier(atom) || UNQUOTED.split_ascii_whitespace().any(|op| op == atom) {
        Cow::Borrowed(atom)
    } else {
        let mut text = String::with_capacity(atom.len() + 2);
        quote(atom, &mut text);
        Cow::Owned(text)
    }
}

/// Writes text in double quotes, escaped.
pub(crate) fn quote(text: &str, out: &mut String) {
    out.push('"');
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '#' if characters.peek() == Some(&'{') => out.push_str("\\#"),
            '\0' => out.push_str("\\0"),
            '\x07' => out.push_str("\\a"),
            '\x08' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\x0b' => out.push_str("\\v"),
            '\x0c' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            '\x1b' => out.push_str("\\e"),
            '\x7f' => out.push_str("\\d"),
            control if control.is_ascii_control() => {
                let code = u32::from(control);
                out.push_str("\\x");
                out.extend([code >> 4, code & 15].map(hex));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

fn hex(digit: u32) -> char {
    char::from_digit(digit, 16).map_or('0', |digit| digit.to_ascii_uppercase())
}

/// What a module is called in source code, if the atom is a module's.
pub(crate) fn alias(atom: &str) -> Option<&str> {
    if atom == "Elixir" {
        return Some(atom);
    }
    let alias = atom.strip_prefix(MODULE_PREFIX)?;
    if !alias.split('.').all(is_alias_segment) {
        return None;
    }
    // Without the prefix these would name another module.
    let ambiguous = alias == "Elixir" || alias.starts_with(MODULE_PREFIX);
    Some(if ambiguous { atom } else { alias })
}

fn is_alias_segment(segment: &str) -> bool {
    segment.starts_with(|first: char| first.is_ascii_uppercase())
        && segment
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn is_identifier(atom: &str) -> bool {
    let stem = atom.strip_suffix(['?', '!']).unwrap_or(atom);
    stem.starts_with(|first: char| first.is_alphabetic() || first == '_')
        && stem
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '@'))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each line is what Elixir 1.14 prints.
    #[test]
    fn inspects_like_elixir() {
        for (atom, inspected) in [
            ("Elixir.My.Live", "My.Live"),
            ("Elixir.A1_b", "A1_b"),
            ("Elixir", "Elixir"),
            ("Elixir.Elixir", "Elixir.Elixir"),
            ("Elixir.Elixir.Foo", "Elixir.Elixir.Foo"),
            ("Elixir.foo", ":\"Elixir.foo\""),
            ("Elixir._A", ":\"Elixir._A\""),
            ("Elixir.", ":\"Elixir.\""),
            ("Elixir.A..B", ":\"Elixir.A..B\""),
            ("Elixir.A@b", ":\"Elixir.A@b\""),
            ("Elixir.É", ":\"Elixir.É\""),
            ("nil", "nil"),
            ("true", "true"),
            ("foo", ":foo"),
            ("foo?", ":foo?"),
            ("foo?x", ":\"foo?x\""),
            ("a@b", ":a@b"),
            ("é", ":é"),
            ("1a", ":\"1a\""),
            ("a b", ":\"a b\""),
            ("", ":\"\""),
            ("+", ":+"),
            ("{}", ":{}"),
            ("[]", ":\"[]\""),
            ("a\"\\#{b}#c", ":\"a\\\"\\\\\\#{b}#c\""),
            ("\0\x1b\x7f\n\x01", ":\"\\0\\e\\d\\n\\x01\""),
        ] {
            assert_eq!(inspect(atom), inspected);
        }
    }
}
