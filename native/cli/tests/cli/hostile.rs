//! Recorded text that is meant for the terminal.

use crate::support::Dir;

/// Clears the screen, by two ways to say so, and turns the line around.
const EVIL: &str = "\u{1b}[2J\u{9b}2J\u{202e}evil";

fn recording() -> String {
    let evil = EVIL.replace('\u{1b}', "\\u001b");
    format!(
        r#"{{"id": "{evil}", "view": "{evil}", "url": "{evil}", "params": {{"{evil}": 1}},
        "session": {{}}, "connected_at": 1, "events": [
        {{"offset": 0, "type": "mount", "payload": {{"assigns": {{"{evil}": "{evil}"}}}}}},
        {{"offset": 1, "type": "{evil}", "payload": {{}}}},
        {{"offset": 1, "type": "handle_params", "payload": {{"url": "http://{evil}/{evil}"}}}},
        {{"offset": 2, "type": "event", "payload": {{"name": "{evil}", "params": {{"{evil}": 1}}}}}},
        {{"offset": 3, "type": "assigns", "payload": {{"delta": {{"{evil}": "{evil}2"}}}}}}]}}"#
    )
}

#[test]
fn no_control_character_gets_to_the_terminal() {
    let dir = Dir::empty();
    std::fs::write(dir.file("e\u{1b}[2J.json"), recording()).unwrap();
    std::fs::write(dir.file("torn\u{1b}[2J.etf.gz"), "").unwrap();
    for (arguments, status) in [
        (&["ls"][..], 0),
        (&["ls", "--json"], 0),
        (&["search", "evil"], 0),
        (&["stats"], 0),
        (&["stats", "--json"], 0),
        (&["verify"], 1),
        (&["verify", "--json"], 1),
        (&["show", EVIL], 0),
        (&["show", EVIL, "--json"], 0),
        (&["show", EVIL, "--diff"], 0),
        (&["show", EVIL, "--diff", "--json"], 0),
        (&["show", EVIL, "--at", "4"], 0),
        (&["show", EVIL, "--at", "4", "--json"], 0),
        (&["export"], 0),
        (&["export", "--format", "json"], 0),
        (&["erase", "--event", EVIL], 0),
        (&["prune", "--max-recordings", "0"], 0),
        (&["import", "\u{1b}[2J"], 3),
    ] {
        let ran = dir.run(arguments).ends(status);
        let text = ran.out.clone() + &ran.err;
        let unsafe_ = |it: char| (it.is_control() && it != '\n') || it == '\u{202e}';
        assert!(!text.contains(unsafe_), "{arguments:?}: {text:?}");
        assert!(text.contains("2J"), "{arguments:?}: {text}");
    }
}

#[test]
fn what_json_has_no_words_for_is_shown_as_text() {
    let dir = Dir::empty();
    // {"a pid", tuple, function}: as ETF in the assigns.
    let term = |parts: &[&[u8]]| parts.concat();
    let atom = |text: &str| [&[119, text.len() as u8], text.as_bytes()].concat();
    let text = |text: &str| [&[109, 0, 0, 0, text.len() as u8], text.as_bytes()].concat();
    let pid = term(&[&[88], &atom("a@b"), &[0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 1]]);
    let export = term(&[&[113], &atom("lists"), &atom("map"), &[97, 2]]);
    let tuple = term(&[&[104, 2], &atom("ok"), &[97, 5]]);
    let assigns = term(&[
        &[116, 0, 0, 0, 3],
        &atom("fun"),
        &export,
        &atom("pid"),
        &pid,
        &atom("tuple"),
        &tuple,
    ]);
    let mount = term(&[
        &[104, 3, 97, 0],
        &atom("mount"),
        &[116, 0, 0, 0, 1],
        &atom("assigns"),
        &assigns,
    ]);
    let recording = term(&[
        &[131, 116, 0, 0, 0, 4],
        &atom("connected_at"),
        &[97, 7],
        &atom("events"),
        &[108, 0, 0, 0, 1],
        &mount,
        &[106],
        &atom("id"),
        &text("x"),
        &atom("view"),
        &atom("nil"),
    ]);
    std::fs::write(dir.file("x.etf"), recording).unwrap();
    let out = dir.run(&["show", "x", "--at", "0"]).ends(0).out;
    assert_eq!(
        out,
        "fun  \"&:lists.map/2\"\npid  \"#PID<1.7.0>\"\ntuple  [\"ok\",5]\n"
            .replace("#PID<1.7.0>", pid_text(&out))
    );
}

/// How a pid of another node is written is up to the format.
fn pid_text(out: &str) -> &str {
    let start = out.find("#PID<").unwrap();
    let end = out[start..].find('>').unwrap();
    &out[start..=start + end]
}

#[test]
fn what_is_nested_deeply_is_shown_and_what_is_nested_beyond_reason_refused() {
    let dir = Dir::empty();
    for (depth, status) in [(1_000, 0), (2_000, 3), (400_000, 3)] {
        let nested = "[".repeat(depth) + &"]".repeat(depth);
        let mount = format!(
            r#"{{"offset": 0, "type": "mount", "payload": {{"assigns": {{"a": {nested}}}}}}}"#
        );
        let session = format!(r#"{{"id": "x", "connected_at": 1, "events": [{mount}]}}"#);
        std::fs::write(dir.file("x.json"), session).unwrap();
        dir.run(&["show", "x"]).ends(status);
        dir.run(&["show", "x", "--json"]).ends(0);
        dir.run(&["show", "x", "--at", "0"]).ends(status);
    }
}
