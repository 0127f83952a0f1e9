//! XML, of which a server's answers need little: the texts of elements.

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, Event};

/// Depth of elements.
const MAX_DEPTH: usize = 16;

/// Calls `each` with the names of the elements around a text, outermost first, and the text; and
/// with no text when an element ends. `None` if it is no XML, or is cut.
pub(crate) fn walk(bytes: &[u8], mut each: impl FnMut(&[String], Option<&str>)) -> Option<()> {
    let mut reader = Reader::from_reader(bytes);
    reader.config_mut().expand_empty_elements = true;
    let mut path: Vec<String> = Vec::new();
    let mut text = String::new();
    let mut roots = 0;
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                roots += usize::from(path.is_empty());
                if path.len() == MAX_DEPTH || roots > 1 {
                    return None;
                }
                path.push(String::from_utf8_lossy(start.local_name().as_ref()).into_owned());
                text.clear();
            }
            Event::End(_) => {
                each(&path, Some(&text));
                each(&path, None);
                path.pop()?;
                text.clear();
            }
            // Names that are no text are as good as any other.
            Event::Text(part) => text.push_str(&String::from_utf8_lossy(&part)),
            Event::CData(part) => text.push_str(&String::from_utf8_lossy(&part)),
            Event::GeneralRef(part) => push(&mut text, &part),
            Event::Eof => return (path.is_empty() && roots == 1).then_some(()),
            _ => (),
        }
    }
}

/// What a reference stands for. XML has none for some characters, and servers write one all the
/// same.
fn push(text: &mut String, reference: &BytesRef<'_>) {
    if let Ok(Some(character)) = reference.resolve_char_ref() {
        return text.push(character);
    }
    let name = reference.decode().unwrap_or_default();
    text.push_str(resolve_predefined_entity(&name).unwrap_or("\u{fffd}"));
}

/// The code in the body of an answer that is no success.
pub(crate) fn code(bytes: &[u8]) -> Option<String> {
    let mut code = None;
    // What comes before a cut is good enough.
    let _ = walk(bytes, |path, text| {
        if let ([error, name], Some(text)) = (path, text)
            && error == "Error"
            && name == "Code"
        {
            code = Some(text.trim().to_owned());
        }
    });
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_found_also_if_the_rest_is_missing() {
        let whole =
            b"<?xml version=\"1.0\"?><Error><Code>SlowDown</Code><Message>x</Message></Error>";
        assert_eq!(code(whole).as_deref(), Some("SlowDown"));
        assert_eq!(
            code(&whole[..whole.len() - 20]).as_deref(),
            Some("SlowDown")
        );
        for other in [
            &b""[..],
            b"<html>",
            b"{}",
            b"<Error><Detail><Code>x</Code></Detail></Error>",
        ] {
            assert_eq!(code(other), None);
        }
    }

    #[test]
    fn depth_is_limited() {
        let deep = "<a>".repeat(MAX_DEPTH + 1) + &"</a>".repeat(MAX_DEPTH + 1);
        assert_eq!(walk(deep.as_bytes(), |_, _| ()), None);
        let fits = "<a>".repeat(MAX_DEPTH) + &"</a>".repeat(MAX_DEPTH);
        assert_eq!(walk(fits.as_bytes(), |_, _| ()), Some(()));
    }

    #[test]
    fn what_is_no_text_is_read_as_something_else() {
        for (written, read) in [
            (&b"<a>b\xffc</a>"[..], "b\u{fffd}c"),
            (b"<a><![CDATA[b\xff]]></a>", "b\u{fffd}"),
            (b"<a>b&#0;&none;c</a>", "b\u{fffd}\u{fffd}c"),
        ] {
            let mut texts = Vec::new();
            let ended = walk(written, |_, text| texts.extend(text.map(str::to_owned)));
            assert_eq!((ended, texts), (Some(()), vec![read.to_owned()]));
        }
    }
}
