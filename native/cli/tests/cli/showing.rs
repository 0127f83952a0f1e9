//! `show`.

use serde_json::{Value, json};

use crate::support::{Dir, LARGE, fixtures};

fn session(dir: &Dir) -> Value {
    dir.run(&["show", LARGE, "--json"]).ends(0).json()
}

/// The assigns after these events, by the rules of the recorder.
fn assigns(session: &Value, at: usize) -> Value {
    let mut assigns = json!({});
    for event in &session["events"].as_array().unwrap()[..=at] {
        let payload = &event["payload"];
        match event["type"].as_str().unwrap() {
            "mount" => assigns = payload["assigns"].clone(),
            "assigns" if payload["snapshot"].is_object() => assigns = payload["snapshot"].clone(),
            "assigns" => {
                for (key, value) in payload["delta"].as_object().unwrap() {
                    assigns[key] = value.clone();
                }
            }
            _ => {}
        }
    }
    assigns
}

#[test]
fn a_timeline_has_a_line_for_each_event() {
    let dir = Dir::recorded();
    let out = dir.run(&["show", LARGE]).ends(0).out;
    let (head, events) = out.split_once("\n\n").unwrap();
    assert!(head.starts_with(&format!("id        {LARGE}\n")));
    assert!(head.contains("view      LabAppWeb.TaskLive"));
    let events: Vec<_> = events.lines().collect();
    assert_eq!(events.len(), 403);
    assert_eq!(
        events[0],
        "  0   0ms  mount          current_user, live_action"
    );
    assert_eq!(
        events[1],
        "  1   0ms  handle_params  http://localhost:4010/"
    );
    assert!(events[2].starts_with("  2   1ms  assigns        count, selected, "));
    assert!(events[17].ends_with(r#"event          toggle {"id":"task-8"}"#));
    assert!(events[21].ends_with("event          inc"));
}

#[test]
fn json_is_what_the_pure_elixir_backend_writes() {
    let dir = Dir::recorded();
    let session = session(&dir);
    let keys = [
        "connected_at",
        "events",
        "id",
        "params",
        "session",
        "url",
        "view",
    ];
    let mut found: Vec<_> = session.as_object().unwrap().keys().collect();
    found.sort();
    assert_eq!(found, keys);
    assert_eq!(session["events"].as_array().unwrap().len(), 403);
    // One that is JSON is given out as it is.
    let file = "U-tAJcH7nxycfdAqNbl9UQ";
    let plain = std::fs::read(fixtures().join(format!("legacy/{file}.json"))).unwrap();
    std::fs::write(dir.file(&format!("{file}.json")), &plain).unwrap();
    let shown = dir.run(&["show", file, "--json"]).ends(0).out;
    assert_eq!(shown.trim_end().as_bytes(), plain.trim_ascii());
}

#[test]
fn the_assigns_at_an_event_are_those_of_the_mount_with_all_deltas() {
    let dir = Dir::recorded();
    let session = session(&dir);
    for at in [0, 1, 2, 5, 100, 402] {
        let shown = dir.run(&["show", LARGE, "--json", "--at", &at.to_string()]);
        assert_eq!(shown.ends(0).json(), assigns(&session, at), "{at}");
    }
    let text = dir.run(&["show", LARGE, "--at", "2"]).ends(0).out;
    assert!(text.contains("\nfilter  \"all\"\n"), "{text}");
    let beyond = dir.run(&["show", LARGE, "--at", "403"]).ends(1);
    assert_eq!(beyond.err, "replay: there is no event 403\n");
}

#[test]
fn what_changed_is_told_by_where_it_is() {
    let dir = Dir::recorded();
    let changes = dir
        .run(&["show", LARGE, "--diff", "--json"])
        .ends(0)
        .json_lines();
    assert_eq!(changes[1]["event"], 4);
    let action = json!({"path": "form.action", "old": null, "new": "validate"});
    assert!(changes[1]["changes"].as_array().unwrap().contains(&action));
    // Done to what was there before, they make what is there now.
    let session = session(&dir);
    for change in &changes {
        let now = assigns(&session, change["event"].as_u64().unwrap() as usize);
        for change in change["changes"].as_array().unwrap() {
            let path = format!("/{}", change["path"].as_str().unwrap().replace('.', "/"));
            assert_eq!(now.pointer(&path), change.get("new"), "{path}");
        }
    }
    let one = dir.run(&["show", LARGE, "--diff", "--at", "4"]).ends(0).out;
    assert!(one.starts_with("event 4 at 2ms\n"), "{one}");
    assert!(
        one.contains("  form.action\n    - null\n    + \"validate\"\n"),
        "{one}"
    );
    assert_eq!(one.matches("event ").count(), 1);
}

#[test]
fn an_id_may_be_cut_if_it_is_still_the_only_one() {
    let dir = Dir::recorded();
    let whole = dir.run(&["show", LARGE]).ends(0).out;
    assert_eq!(dir.run(&["show", "4x1"]).ends(0).out, whole);
    let several = dir.run(&["show", ""]).ends(2);
    assert!(several.err.contains("recordings have an id that begins so"));
    assert_eq!(
        dir.run(&["show", "nobody"]).ends(1).err,
        "replay: no recording has this id\n"
    );
    // An id that begins as an option does.
    dir.run(&["show", "--", "-OS-2vvj4mjtgEzRfYa7-A"]).ends(0);
}

#[test]
fn a_page_is_written_to_a_file() {
    let dir = Dir::recorded();
    let page = dir.file("page.html");
    let path = page.to_str().unwrap();
    assert_eq!(dir.run(&["show", LARGE, "--html", path]).ends(0).out, "");
    let page = std::fs::read_to_string(&page).unwrap();
    assert!(!dir.file("page.html.part").exists());
    assert!(page.starts_with("<!doctype html>") && page.contains("LabAppWeb.TaskLive"));
    dir.run(&["show", LARGE, "--html", path, "--json"]).ends(2);
    let refused = dir
        .run(&["show", LARGE, "--html", "/nowhere/page.html"])
        .ends(3);
    assert!(refused.err.contains("cannot write /nowhere/page.html: "));
}
