//! What the page shows, asked of a browser: `bin/support/page_test.sh` runs this.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a failed test is meant to panic"
)]

mod browser;
#[path = "../../src/page.rs"]
mod page;
mod sessions;

use browser::{ask, open, tour};
use serde_json::{Value, json};

/// What the assigns were after each event, by the rule of the host's `accumulated_assigns`.
fn states(session: &Value) -> Vec<Value> {
    let mut assigns = json!({});
    let mut states = Vec::new();
    for event in session["events"].as_array().unwrap() {
        let payload = &event["payload"];
        match event["type"].as_str() {
            Some("mount") if payload["assigns"].is_object() => assigns = payload["assigns"].clone(),
            Some("assigns") if payload["snapshot"].is_object() => {
                assigns = payload["snapshot"].clone();
            }
            Some("assigns") if payload["delta"].is_object() => {
                for (name, value) in payload["delta"].as_object().unwrap() {
                    assigns[name] = value.clone();
                }
            }
            _ => {}
        }
        states.push(assigns.clone());
    }
    states
}

/// Compares the trees that are shown after some of the events with what they should hold.
fn assert_states(session: &Value, at: &[usize]) {
    let expected = states(session);
    let answer = ask(session, at);
    assert_eq!(answer["count"], expected.len(), "events listed");
    for (index, shown) in at.iter().zip(answer["states"].as_array().unwrap()) {
        assert_eq!(
            shown, &expected[*index],
            "after event {index} of {}",
            session["id"]
        );
    }
}

#[test]
#[ignore = "needs Chromium"]
fn recordings_of_the_host_are_shown_as_they_were() {
    for session in sessions::fixtures() {
        let last = session["events"].as_array().unwrap().len() - 1;
        assert_states(&session, &[0, 1, 2, last / 3, last - 1, last]);
    }
}

#[test]
#[ignore = "needs Chromium"]
fn ten_thousand_events_need_few_rows() {
    let session = sessions::long(10_000);
    // Around the checkpoints, and far from the one before.
    assert_states(&session, &[0, 63, 64, 65, 127, 5000, 9998, 9999, 1]);

    let rows = ask(&session, &[5000])["rows"].as_u64().unwrap();
    assert!((10..200).contains(&rows), "{rows} rows in the document");
}

#[test]
#[ignore = "needs Chromium"]
fn snapshots_and_further_mounts_take_all_others_away() {
    let session = sessions::replaced();
    assert_states(&session, &[0, 1, 2, 3, 4, 5, 6]);
}

#[test]
#[ignore = "needs Chromium"]
fn what_an_event_changed_is_marked() {
    let answer = ask(&sessions::replaced(), &[1, 2, 3, 4]);
    let marks = answer["marks"].as_array().unwrap();

    assert_eq!(
        marks[0],
        json!(["changed count", "changed user.name", "added user.tags[0]"])
    );
    assert_eq!(
        marks[1],
        json!(["removed items[1]"]),
        "given, but equal, is no change"
    );
    assert_eq!(marks[2], json!(["removed items", "removed user"]));
    assert_eq!(marks[3], json!([]), "an event that carries no assigns");
}

#[test]
#[ignore = "needs Chromium"]
fn hostile_text_is_text() {
    let session = sessions::hostile();
    let last = session["events"].as_array().unwrap().len() - 1;
    assert_states(&session, &(0..=last).collect::<Vec<_>>());

    let answer = ask(&session, &[]);
    assert_eq!(answer["hacked"], false);
    assert_eq!(
        answer["foreign"],
        json!([]),
        "elements that the page does not make"
    );
    assert_eq!(
        answer["unseen"],
        json!([]),
        "characters that would reorder or hide text"
    );
}

#[test]
#[ignore = "needs Chromium"]
fn numbers_keep_their_digits() {
    let session = json!({ "id": "n", "events": [
        { "offset": 0, "type": "mount", "payload": { "assigns": {
            "big": u64::MAX, "low": i64::MIN, "whole": 1.0, "huge": 1e300, "small": 0.1, "zero": 0,
            "text": "9007199254740993, 1.0",
        }}},
    ]});
    assert_states(&session, &[0]);
}

#[test]
#[ignore = "needs Chromium"]
fn what_is_nested_too_deep_is_left_out() {
    let session = sessions::deep(600);
    let html = page::page(&session).replacen("script-src '", "script-src 'nonce-look' '", 1);
    // Its tree takes long to open, so only what has changed in it is looked at.
    let look = "go(2); document.title = JSON.stringify(session.touchedAt(2));";
    let seen = open(&format!(r#"{html}<script nonce="look">{look}</script>"#));

    assert_eq!(seen.console, Vec::<String>::new());
    let touched = r#"[{"name":"deep","changed":false},{"name":"other","changed":true}]"#;
    assert!(seen.dom.contains(&format!("<title>{touched}</title>")));
}

#[test]
#[ignore = "needs Chromium"]
fn what_is_unknown_or_missing_stops_nothing() {
    for session in sessions::odd() {
        let answer = ask(&session, &[]);
        let count = session["events"].as_array().map_or(0, Vec::len);
        assert_eq!(answer["count"], count, "{session}");
    }
    let answer = ask(&sessions::odd()[0], &[]);
    let text = answer["text"].as_str().unwrap();
    for word in [
        "user-7",
        "incomplete",
        "flavour",
        "vanilla",
        "teleport",
        "forty-two",
    ] {
        assert!(text.contains(word), "{word} in {text}");
    }
}

#[test]
#[ignore = "needs Chromium"]
fn the_keyboard_reaches_everything() {
    let session = sessions::long(40);
    let keys = &tour("keys", &session)["keys"];

    assert_eq!(keys["ArrowRight"], 2);
    assert_eq!(keys["PageDown"], 12);
    assert_eq!(keys["ArrowLeft"], 11);
    assert_eq!(keys["End"], 40);
    assert_eq!(keys["ArrowRight at the end"], 40);
    assert_eq!(keys["PageUp"], 30);
    assert_eq!(keys["Home"], 1);
    assert_eq!(keys["/"], "search");
    assert_eq!(keys["Escape"], "");
    assert_eq!(keys["?"], true);
    assert_eq!(keys["Space"], true);
    assert_eq!(keys["Space again"], false);
    assert_eq!(keys["played to the end"], json!([40, false]));
}

#[test]
#[ignore = "needs Chromium"]
fn a_text_is_found() {
    let session = sessions::long(200);
    let found = &tour("find", &session)["found"];

    assert_eq!(
        found["shown"],
        json!(["items"]),
        "of the assigns, those that have it"
    );
    assert_eq!(found["marked"], json!(["ITEM 3"]));
    assert_eq!(found["next"], 81, "the next event that carries it");
    assert_eq!(found["nowhere"], json!([]));
}

#[test]
#[ignore = "needs Chromium"]
fn the_page_itself_runs_and_nothing_else_does() {
    let html = page::page(&sessions::long(5));
    let seen = open(&html);
    assert_eq!(seen.console, Vec::<String>::new());
    assert!(seen.dom.contains(r#"aria-setsize="5""#));

    let intruder = r#"<script>document.title = "hacked"</script>
        <img src="x" onerror="document.title = 'hacked'"><p style="color: red">"#;
    let seen = open(&(html + intruder));
    assert!(!seen.dom.contains("<title>hacked"));
    for refused in [
        "inline script",
        "inline event handler",
        "inline style",
        "Loading the image",
    ] {
        assert!(
            seen.console.iter().any(|line| line.contains(refused)),
            "{refused}"
        );
    }
}
