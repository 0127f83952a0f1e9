//! Sessions and their summaries as JSON.

use replay_store::{Beside, Contents, Entry, Flags, Limits, Subject};
use serde_json::{Map, Value, json};

use crate::failure::Failure;
use crate::text::{json_line, of_bytes};

/// Deeper is not read: so deep the engine writes JSON at most.
const MAX_DEPTH: usize = 1_100;

/// What a list shows of a recording, in one line.
pub fn summary(entry: &Entry) -> String {
    let texts = |texts: Vec<&[u8]>| Value::from_iter(texts.into_iter().map(of_bytes));
    let view = entry.view.inspected();
    let mut summary = json!({
        "id": of_bytes(entry.id()),
        "view": (!view.is_empty()).then_some(view),
        "url": entry.url.as_deref().map(of_bytes),
        "connected_at": entry.connected_at,
        "event_count": entry.event_count,
        "duration_ms": entry.duration_ms,
        "events": texts(entry.names.iter().collect()),
        "pages": texts(entry.pages.iter().collect()),
        "file": entry.file_name(),
        "bytes": entry.stamp.len,
    });
    if let Value::Object(members) = &mut summary {
        members.extend(beside_members(&entry.beside()));
    }
    json_line(&summary.to_string()).into_owned()
}

/// A recording as JSON text in one line: what the pure-Elixir backend writes, and behind it, where
/// there is something to tell, `subject`, `recovered` and `truncated`.
pub fn session_line(contents: Contents, beside: &Beside) -> Result<String, Failure> {
    let text = contents.into_json(&Limits::default())?;
    let text = String::from_utf8_lossy(&text);
    let mut line = json_line(text.trim()).into_owned();
    let members = beside_members(beside);
    if !members.is_empty() && line.ends_with('}') {
        let members = Value::Object(members).to_string();
        line.pop();
        line.push(',');
        line.push_str(&json_line(members.trim_start_matches('{')));
    }
    Ok(line)
}

fn beside_members(beside: &Beside) -> Map<String, Value> {
    let mut members = Map::new();
    if let Some(subject) = &beside.subject {
        members.insert("subject".into(), subject_value(subject));
    }
    if beside.flags.recovered {
        members.insert("recovered".into(), Value::Bool(true));
    }
    if beside.flags.truncated {
        members.insert("truncated".into(), Value::Bool(true));
    }
    members
}

/// A subject as JSON: an integer is a number, and a text a string.
pub fn subject_value(subject: &Subject) -> Value {
    match subject {
        Subject::Integer(number) => Value::from(*number),
        Subject::Text(text) => Value::from(of_bytes(text)),
    }
}

/// What [`session_line`] wrote behind a recording.
pub fn beside_of(session: &Value) -> Beside {
    let is = |key| session.get(key) == Some(&Value::Bool(true));
    Beside {
        flags: Flags {
            recovered: is("recovered"),
            truncated: is("truncated"),
        },
        subject: match session.get("subject") {
            Some(Value::String(text)) => Subject::text(text.as_bytes()),
            Some(number) => number.as_i64().map(Subject::Integer),
            None => None,
        },
    }
}

/// JSON text as a value; not where it is nested so deeply that it would take the whole stack.
pub fn parse(text: &str) -> Result<Value, Failure> {
    if depth(text) > MAX_DEPTH {
        return Err(Failure::Partly(
            "the session is nested too deeply to be shown".into(),
        ));
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    reader.disable_recursion_limit();
    serde::Deserialize::deserialize(&mut reader)
        .map_err(|error| Failure::Partly(format!("the session can't be shown: {error}")))
}

/// How deeply arrays and objects are nested.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0usize, 0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use replay_store::Format;

    use super::*;

    #[test]
    fn what_is_beside_a_recording_comes_back_from_its_line() {
        let beside = Beside {
            flags: Flags {
                recovered: true,
                truncated: false,
            },
            subject: Subject::text("a\u{1b}\"b".as_bytes()),
        };
        let contents = Contents {
            format: Format::Json,
            bytes: b"{\"id\": \"x\",\n \"subject\": 7}\n".to_vec(),
        };
        let line = session_line(contents, &beside).unwrap();
        assert!(!line.contains(char::is_control));
        assert_eq!(beside_of(&parse(&line).unwrap()), beside);
    }

    #[test]
    fn what_is_nested_too_deeply_is_refused() {
        let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
        assert!(parse(&nested(MAX_DEPTH + 1)).is_err());
        assert!(parse(&nested(100)).is_ok());
        assert_eq!(depth(r#"{"a[\"[": [1, "]"]}"#), 2);
    }
}
