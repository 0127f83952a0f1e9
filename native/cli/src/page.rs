//! A session as one HTML file, which needs nothing else and no network.
//!
//! What was recorded may be hostile. The session is embedded as JSON that can't end the element
//! it is in, the script puts it into the document as text only, and the page's Content Security
//! Policy lets nothing run but that script and that style sheet, by their hashes.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;
use sha2::{Digest, Sha256};

const STYLE: &str = include_str!("page/style.css");

const SCRIPT: &str = concat!(
    include_str!("page/model.js"),
    include_str!("page/text.js"),
    include_str!("page/tree.js"),
    include_str!("page/timeline.js"),
    include_str!("page/list.js"),
    include_str!("page/script.js"),
);

/// The page that shows `session`, which is a recording in the form of the host's JSON files:
/// `id`, `view`, `url`, `params`, `session`, `connected_at` (Unix milliseconds) and `events`, each
/// with `offset` (milliseconds), `type` and `payload`.
///
/// Beside them it may have `subject`, `recovered` and `incomplete`. What the page does not know it
/// shows as it is, and what is missing it leaves out.
///
/// Numbers are shown digit by digit as they are in `session`; integers beyond 64 bits survive in a
/// [`Value`] only with the feature `arbitrary_precision` of `serde_json`.
pub fn page(session: &Value) -> String {
    format!(
        include_str!("page/page.html"),
        style_hash = hash(STYLE),
        script_hash = hash(SCRIPT),
        style = STYLE,
        script = SCRIPT,
        session = escaped(session),
    )
}

/// JSON in which no markup can be seen: `<` occurs in strings only, where it may be escaped.
fn escaped(session: &Value) -> String {
    session.to_string().replace('<', "\\u003c")
}

/// A source of a Content Security Policy: <https://www.w3.org/TR/CSP3/#grammardef-hash-source>.
pub fn hash(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// What stands between the tags of the element that holds the session.
    fn data(page: &str) -> &str {
        let (_, rest) = page
            .split_once(r#"<script type="application/json" id="session">"#)
            .unwrap();
        rest.split_once("</script>").unwrap().0
    }

    #[test]
    fn hostile_text_cannot_leave_the_data() {
        let hostile = json!({
            "view": "</script><script>alert(1)</script><!-- <script ",
            "<!--": "\u{2028}\u{0}\u{202e}{style}{{session}}",
        });
        let page = page(&hostile);

        assert!(!data(&page).contains('<'));
        assert_eq!(serde_json::from_str::<Value>(data(&page)).unwrap(), hostile);
        assert_eq!(page.matches("</script").count(), 2);
    }

    #[test]
    fn numbers_stay_as_they_are() {
        let page = page(&json!({ "integer": u64::MAX, "float": 1.0 }));

        assert_eq!(
            data(&page),
            r#"{"integer":18446744073709551615,"float":1.0}"#
        );
    }

    #[test]
    fn the_policy_names_what_the_page_has() {
        let page = page(&json!({}));
        let (_, policy) = page.split_once("script-src ").unwrap();
        let (script, rest) = policy.split_once("; style-src ").unwrap();
        let (style, _) = rest.split_once(';').unwrap();

        for (source, start, end) in [
            (script, "<script>", "</script>"),
            (style, "<style>", "</style>"),
        ] {
            let (_, text) = page.split_once(start).unwrap();
            assert_eq!(source, hash(text.split_once(end).unwrap().0));
        }
        assert!(page.contains("default-src 'none'"));
    }

    #[test]
    fn the_hash_is_that_of_the_standard() {
        // The example of https://www.w3.org/TR/CSP3/#external-hash's section on hash usage.
        assert_eq!(
            hash("alert('Hello, world.');"),
            "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='"
        );
    }

    #[test]
    fn its_own_parts_end_where_they_should() {
        assert!(!SCRIPT.contains("</") && !SCRIPT.contains("<!--"));
        assert!(!STYLE.contains("</"));
    }

    #[test]
    fn nothing_is_fetched() {
        let page = page(&json!({}));
        for word in ["src=", "href=", "@import", "url(", "import(", "fetch("] {
            assert!(!page.contains(word), "{word}");
        }
    }

    #[test]
    fn recorded_text_is_never_markup() {
        for word in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
        ] {
            assert!(!SCRIPT.contains(word), "{word}");
        }
    }
}
