//! `ls`, `search` and `stats`.

use serde_json::{Value, json};

use crate::support::{Dir, LARGE, fixtures};

fn manifest() -> Value {
    let text = std::fs::read_to_string(fixtures().join("manifest.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn a_list_says_of_each_recording_what_its_summary_is() {
    let dir = Dir::recorded();
    let listed = dir.run(&["ls", "--json"]).ends(0).json_lines();
    let manifest = manifest().to_string();
    assert_eq!(listed.len(), dir.names().len());
    for recording in &listed {
        assert_eq!(recording["view"], "LabAppWeb.TaskLive");
        assert!(manifest.contains(recording["id"].as_str().unwrap()));
        assert!(dir.file(recording["file"].as_str().unwrap()).exists());
    }
    let large = listed.iter().find(|it| it["id"] == LARGE).unwrap();
    assert_eq!(large["event_count"], 403);
    assert_eq!(large["events"], json!(["inc", "toggle", "validate"]));
    assert_eq!(large["pages"], json!(["/"]));
    let times: Vec<_> = listed
        .iter()
        .map(|it| it["connected_at"].as_i64().unwrap())
        .collect();
    assert!(times.is_sorted_by(|a, b| a >= b), "the newest comes first");
}

#[test]
fn a_table_has_a_line_for_each_and_no_colours_in_a_pipe() {
    let dir = Dir::recorded();
    let ran = dir.run(&["ls"]).ends(0);
    assert!(!ran.out.contains('\u{1b}'), "{}", ran.out);
    assert_eq!(ran.out.lines().count(), dir.names().len() + 1);
    assert!(ran.out.starts_with("BEGUN "));
    let line = ran.out.lines().find(|line| line.contains(LARGE)).unwrap();
    assert!(line.contains(" 403 ") && line.contains("LabAppWeb.TaskLive") && line.ends_with('/'));
    let two = dir
        .run(&["ls", "--limit", "2", "--sort", "most-events"])
        .ends(0);
    assert_eq!(two.out.lines().count(), 3);
    assert!(two.err.contains(&format!("2 of {}", dir.names().len())));
}

#[test]
fn every_filter_is_there() {
    let dir = Dir::recorded();
    let all = dir.ids(&[]);
    let large = [LARGE.to_owned()];
    for (filter, expected) in [
        (&["--id", LARGE][..], &large[..]),
        (&["--id=nobody"], &[]),
        (&["--view", "LabAppWeb.TaskLive", "--view", "Other"], &all),
        (&["--view", "Elixir.LabAppWeb.TaskLive"], &all),
        (&["--view="], &[]),
        (&["--url", "localhost:4010"], &all),
        (&["--url", "shop.test"], &[]),
        (&["--path", "/"], &all),
        (&["--path", "/orders"], &[]),
        (&["--path-prefix", "/"], &all),
        (&["--path-prefix", "/o"], &[]),
        (&["--subject", "ada"], &[]),
        (&["--subject-integer", "-7"], &[]),
        (&["--from", "2026-11-23"], &all),
        (&["--from", "2026-11-24T00:00:00Z"], &[]),
        (&["--to", "2026-11-23 00:00:00"], &[]),
        (&["--to", "1795398275000"], &[]),
        (&["--min-events", "404"], &[]),
        (&["--max-events", "4"], &[]),
        (&["--min-duration", "10s"], &[]),
        (&["--max-duration", "3000"], &all),
        (
            &["--event", "inc", "--event", "other", "--id", LARGE],
            &large,
        ),
        (&["--event", "other"], &[]),
        (&["--active"], &[]),
        (&["--active=false"], &all),
        (&["--recovered=true"], &[]),
        (&["--truncated=false"], &all),
        (&["--contains", "Ada Lovelace", "--id", LARGE], &large),
        (&["--contains", "Charles Babbage"], &[]),
        (&["--contains-integer", "-77777"], &[]),
    ] {
        assert_eq!(dir.ids(filter), expected, "{filter:?}");
        let status = if expected.is_empty() { 1 } else { 0 };
        dir.run(&[&["ls"], filter].concat()).ends(status);
    }
}

#[test]
fn each_order_is_one() {
    let dir = Dir::recorded();
    for (sort, key, up) in [
        ("newest", "connected_at", false),
        ("oldest", "connected_at", true),
        ("longest", "duration_ms", false),
        ("most-events", "event_count", false),
        ("largest", "bytes", false),
    ] {
        let listed = dir
            .run(&["ls", "--json", "--sort", sort])
            .ends(0)
            .json_lines();
        let mut values: Vec<_> = listed.iter().map(|it| it[key].as_i64().unwrap()).collect();
        if !up {
            values.reverse();
        }
        assert!(
            values.is_sorted() && values.first() < values.last(),
            "{sort}"
        );
    }
}

#[test]
fn a_search_reads_what_the_filters_leave_and_names_what_it_could_not_read() {
    let dir = Dir::recorded();
    let found = dir.run(&["search", "Ada Lovelace", "--json"]).ends(0);
    assert_eq!(found.json_lines().len(), dir.names().len());
    assert_eq!(found.err, "");
    std::fs::write(dir.file("torn.etf.gz"), b"\x1f\x8b").unwrap();
    let nothing = dir.run(&["search", "Charles Babbage"]).ends(1);
    assert_eq!(nothing.out, "");
    assert!(
        nothing.err.starts_with("no recordings match\n"),
        "{}",
        nothing.err
    );
    assert!(
        nothing.err.contains("not searched: torn.etf.gz: "),
        "{}",
        nothing.err
    );
    let json = dir.run(&["ls", "--subject", "nobody", "--json"]).ends(1);
    assert_eq!((json.out.as_str(), json.err.as_str()), ("", ""));
    let twice = dir.run(&["search", "a", "--contains", "b"]).ends(2);
    assert!(twice.err.contains("--contains"));
    dir.run(&["search", ""]).ends(2);
}

#[test]
fn stats_count_what_there_is() {
    let dir = Dir::recorded();
    let count = dir.names().len();
    let stats = dir.run(&["stats", "--json"]).ends(0).json();
    assert_eq!(stats["recordings"], count);
    assert_eq!(
        stats["views"],
        json!([{"value": "LabAppWeb.TaskLive", "count": count}])
    );
    assert_eq!(
        stats["days"],
        json!([{"value": "2026-11-23", "count": count}])
    );
    assert_eq!(stats["damaged"], json!([]));
    let names = dir.names();
    let bytes = names
        .iter()
        .map(|name| dir.file(name).metadata().unwrap().len());
    assert_eq!(stats["bytes"], bytes.sum::<u64>());
    let one = dir.run(&["stats", "--id", LARGE]).ends(0).out;
    assert!(
        one.contains("recordings  1\n") && one.contains("events      403\n"),
        "{one}"
    );
    std::fs::write(dir.file("torn.etf.gz"), b"").unwrap();
    let damaged = dir.run(&["stats"]).ends(0).out;
    assert!(
        damaged.contains("torn.etf.gz  the file is empty"),
        "{damaged}"
    );
    Dir::empty().run(&["stats"]).ends(1);
}
