//! What is sound, and to whom: to this store, to a runtime, to the pure-Elixir backend.

use replay_store::{Format, Store};

use crate::support::{Dir, Recording, gzip, ids, options};
use crate::verify::{age, all, names_of};

/// An external term of a recording with this encoded term as its session.
fn with_session(id: &str, session: &[u8]) -> Vec<u8> {
    let mut etf = Recording::new(id).etf();
    let empty = [&b"w\x07session"[..], b"t\0\0\0\0"].concat();
    let at = etf.windows(empty.len()).position(|it| it == empty).unwrap();
    let value = at + b"w\x07session".len()..at + empty.len();
    etf.splice(value, session.iter().copied());
    etf
}

/// One definition of what is sound: what can't become terms is damage.
#[test]
fn what_could_not_be_read_as_terms_is_damaged() {
    let map = |pairs: u32, other: u32| {
        let keys = (1..pairs).chain([other]);
        let pairs_of = keys.flat_map(|key| [&b"b"[..], &key.to_be_bytes(), b"j"].concat());
        [&b"t"[..], &pairs.to_be_bytes()]
            .concat()
            .into_iter()
            .chain(pairs_of)
            .collect::<Vec<u8>>()
    };
    let dir = Dir::new();
    let deep = [&b"h\x01".repeat(100)[..], &map(2, 1)].concat();
    let in_a_key = [&b"t\0\0\0\x01"[..], &map(40, 3), b"j"].concat();
    let fun = b"u\0\0\0\0gw\x01n\0\0\0\0\0\0\0\0\0w\x01ma\x01a\x02";
    let no_words = b"r\0\0w\x01n\0";
    let endless = [&b"c1.5"[..], &[b'0'; 28]].concat();
    let damaged: [(&str, &[u8], &str); 8] = [
        ("deep", &deep, "duplicate key in a map"),
        ("float", &endless, "malformed float"),
        ("fun", fun, "unknown tag 117"),
        ("key", &in_a_key, "duplicate key in a map"),
        ("keys02", &map(2, 1), "duplicate key in a map"),
        ("keys33", &map(33, 7), "duplicate key in a map"),
        (
            "local",
            b"y\0\0\0\0\0\0\0\0j",
            "term in a runtime's private encoding",
        ),
        ("words", no_words, "malformed identifier or function"),
    ];
    for (id, session, _) in damaged {
        let name = format!("{id}.etf.gz");
        dir.write(&name, &gzip(&with_session(id, session)));
        age(&dir, &name);
    }
    dir.write("sound.etf", &with_session("sound", &map(40, 40)));
    let store = dir.open();
    let (checked, found, _) = all(&store, |files| store.verify(files));
    assert_eq!((checked, found.len()), (9, 8));
    for (found, (id, _, reason)) in found.iter().zip(damaged) {
        assert!(
            found.starts_with(&format!("{id}.etf.gz: {reason} at byte ")),
            "{found}"
        );
    }
    let (_, left, quarantined) = all(&store, |files| store.repair(files));
    assert_eq!((left, quarantined), (vec![], found));
    assert_eq!(ids(&store), ["sound"]);
}

#[test]
fn what_the_other_backend_reads_stays() {
    let dir = Dir::new();
    let text = |id: &str, at: &str, event: &str| {
        format!(r#"{{"id":{id},"connected_at":{at},"events":[{event}]}}"#)
    };
    let event = r#"{"offset":0,"type":"info","payload":1}"#;
    let deep = format!(
        r#"{{"offset":0,"type":"info","payload":{}{}}}"#,
        "[".repeat(5000),
        "]".repeat(5000)
    );
    let digits = format!(
        r#"{{"offset":0,"type":"info","payload":{}}}"#,
        "7".repeat(50_000)
    );
    for (name, text) in [
        ("digits", text(r#""digits""#, "1", &digits)),
        ("deep", text(r#""deep""#, "1", &deep)),
        ("late", text(r#""late""#, "99999999999999999999", event)),
        (
            "part",
            text(
                r#""part""#,
                "1",
                r#"{"offset":1.5,"type":"info","payload":1}"#,
            ),
        ),
        // What no recorder writes is not listed, but not touched either.
        ("id", text("7", "1", event)),
        (
            "offset",
            text(
                r#""offset""#,
                "1",
                r#"{"offset":null,"type":"info","payload":1}"#,
            ),
        ),
        // These neither reads.
        ("time", text(r#""time""#, "1.5", event)),
        (
            "event",
            text(r#""event""#, "1", r#"{"offset":0,"payload":1}"#),
        ),
    ] {
        let name = format!("{name}.json.gz");
        dir.write(&name, &gzip(text.as_bytes()));
        age(&dir, &name);
    }
    let fields = [
        "id",
        "view",
        "url",
        "params",
        "session",
        "connected_at",
        "events",
    ];
    for (name, missing) in [("all", ""), ("view", "view")] {
        let fields = fields.iter().filter(|field| **field != missing);
        let mut etf = vec![131, 116, 0, 0, 0, fields.clone().count() as u8];
        for field in fields {
            etf.extend([b'w', field.len() as u8]);
            etf.extend(field.bytes());
            let value = if *field == "connected_at" {
                "a\x01"
            } else {
                "j"
            };
            etf.extend(value.bytes());
        }
        let name = format!("{name}.etf");
        dir.write(&name, &etf);
        age(&dir, &name);
    }
    let store = dir.open();
    let mut listed = ids(&store);
    listed.sort();
    assert_eq!(listed, ["deep", "digits", "late", "part"]);
    let (_, left, quarantined) = all(&store, |files| store.repair(files));
    assert_eq!(names_of(&left), ["all.etf", "id.json.gz", "offset.json.gz"]);
    assert_eq!(
        names_of(&quarantined),
        ["event.json.gz", "time.json.gz", "view.etf"]
    );
}

#[test]
fn a_recording_that_is_too_wide_is_too_large_and_stays() {
    let dir = Dir::new();
    let maps = [
        &b"l"[..],
        &30_000_u32.to_be_bytes(),
        &b"t\0\0\0\0".repeat(30_000),
        b"j",
    ]
    .concat();
    dir.write("wide.etf.gz", &gzip(&with_session("wide", &maps)));
    let text = format!(
        r#"{{"id":"text","connected_at":1,"events":[],"session":[{}1]}}"#,
        "{},".repeat(60_000)
    );
    dir.write("text.json.gz", &gzip(text.as_bytes()));
    for name in ["wide.etf.gz", "text.json.gz"] {
        age(&dir, name);
    }
    let mut small = options();
    small.limits.max_words = 131_072;
    let store = Store::open(&dir.path(), small).unwrap();
    let (_, left, quarantined) = all(&store, |files| store.repair(files));
    assert_eq!((left.len(), quarantined), (2, vec![]));
    assert!(
        left.iter().all(|it| it.contains("too many terms at byte")),
        "{left:?}"
    );
    let wide = with_session("wide", &maps);
    let refused = store.save(&wide, Format::Etf).unwrap_err();
    let refused = refused.to_string();
    assert!(refused.starts_with("not a recording: too many terms"));
}
