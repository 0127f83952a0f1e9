//! Sessions to show: those in test/fixtures, and some that nobody would record on purpose.

use serde_json::{Value, json};
use std::{
    fs::{self, File},
    path::Path,
    process::{Command, Stdio},
};

/// The JSON recordings that the host made.
pub fn fixtures() -> Vec<Value> {
    let root =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test/fixtures/phoenix_replay-0.2.0");
    let files = fs::read_dir(root.join("json"))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let sessions: Vec<Value> = files
        .map(|path| {
            let file = Stdio::from(File::open(path).unwrap());
            let output = Command::new("gzip")
                .arg("-dc")
                .stdin(file)
                .output()
                .unwrap();
            serde_json::from_slice(&output.stdout).unwrap()
        })
        .collect();
    assert!(sessions.len() >= 5);
    sessions
}

fn event(offset: usize, kind: &str, payload: Value) -> Value {
    json!({ "offset": offset, "type": kind, "payload": payload })
}

/// Clicks and what they change, in turns. Item 3 is called so from event 80 (81st) on.
pub fn long(count: usize) -> Value {
    let mut events = vec![event(
        0,
        "mount",
        json!({ "assigns": { "count": 0, "user": "Ada" } }),
    )];
    for index in 1..count {
        let offset = index * 70 + index / 500 * 60_000;
        events.push(if index % 2 == 1 {
            event(
                offset,
                "event",
                json!({ "name": "toggle", "params": { "id": index % 12 } }),
            )
        } else {
            let name = if index >= 80 { "ITEM 3" } else { "other" };
            let items = json!([{ "name": name, "done": index % 4 == 0 }]);
            event(
                offset,
                "assigns",
                json!({ "delta": { "count": index, "items": items } }),
            )
        });
    }
    json!({
        "id": "long", "view": "Shop.Live", "connected_at": 1_795_398_293_625_u64, "events": events,
    })
}

pub fn replaced() -> Value {
    let user = |name, tags: &[&str]| json!({ "name": name, "id": 7, "tags": tags });
    let all = json!({ "count": 1, "items": [1, 2, 3], "user": user("Ada", &[]) });
    json!({ "id": "replaced", "events": [
        event(0, "mount", json!({ "assigns": all })),
        event(1, "assigns", json!({ "delta": { "count": 2, "user": user("Bob", &["x"]) } })),
        event(2, "assigns", json!({ "delta": { "count": 2, "items": [1, 3] } })),
        event(3, "assigns", json!({ "snapshot": { "count": 2 } })),
        event(4, "event", json!({ "name": "reload", "params": {} })),
        event(5, "mount", json!({ "assigns": { "fresh": [] } })),
        event(6, "assigns", json!({ "delta": { "fresh": [[{}]], "none": null } })),
    ]})
}

pub fn hostile() -> Value {
    let texts = [
        "</script><script>hacked = true</script>",
        "<!-- <script> {session} {{style}} ${hacked = true}",
        "<img src=x onerror='hacked = true'>",
        "\"onfocus=\"hacked=true\" autofocus=\"",
        "javascript:hacked=true",
        "line\u{2028}line\u{2029}line\r\n\ttab\u{0}\u{1b}[31m\u{7f}\u{85}",
        "\u{202e}gnp.exe\u{202c} \u{2066}\u{2069}\u{200f}\u{feff}\u{ad}",
        "עברית العربية 👩\u{200d}🚀 \\u{202e} \\n",
        "__proto__",
        "constructor",
        "",
    ];
    let mut events = vec![event(0, "mount", json!({ "assigns": {} }))];
    for text in texts {
        let nested = json!({ text: [{ text: text }, [text], {}], "__struct__": text });
        events.push(event(
            1,
            "assigns",
            json!({ "delta": { text: nested, "last": text } }),
        ));
        events.push(event(
            2,
            "event",
            json!({ "name": text, "params": { text: text } }),
        ));
        events.push(event(
            3,
            "handle_params",
            json!({ "url": text, "params": { text: text } }),
        ));
        events.push(event(4, text, json!({ text: text })));
    }
    // As deep as serde_json reads, with a cut within a character where texts are cut.
    let deep = (0..100).fold(json!("👩".repeat(400)), |inner, _| json!({ "a": inner }));
    events.push(event(5, "assigns", json!({ "delta": { "deep": deep } })));
    json!({
        "id": texts.concat(), "view": texts.concat(), "url": texts[4], "subject": texts[0],
        "params": { texts[0]: texts[1] }, "session": texts, "__proto__": texts, "events": events,
    })
}

/// One assign with so many levels, which changes at the innermost.
pub fn deep(levels: usize) -> Value {
    let nested =
        |innermost| (0..levels).fold(json!(innermost), |inner, _| Value::from(vec![inner]));
    json!({ "id": "deep", "events": [
        event(0, "mount", json!({ "assigns": { "]]]]": "\\\"" } })),
        event(1, "assigns", json!({ "delta": { "deep": nested(1) } })),
        event(2, "assigns", json!({ "delta": { "deep": nested(2), "other": 3 } })),
    ]})
}

/// Sessions that are not as they should be.
pub fn odd() -> Vec<Value> {
    vec![
        json!({
            "subject": "user-7", "incomplete": true, "recovered": "forty-two", "flavour": "vanilla",
            "connected_at": 1e300, "url": null, "view": null, "events": [
                event(0, "teleport", json!({ "to": "Mars" })),
                event(0, "mount", json!({ "assigns": "none" })),
                event(0, "assigns", json!({ "delta": [1] })),
                event(0, "handle_params", json!({ "url": 5 })),
                { "offset": "soon", "type": 7 },
                { "offset": -5, "type": "info", "payload": [] },
                null,
                "event",
            ],
        }),
        json!({ "events": [] }),
        json!({ "events": "none" }),
        json!({}),
        json!([]),
        json!(null),
    ]
}
