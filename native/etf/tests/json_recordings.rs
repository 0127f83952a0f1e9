//! The object around the values: the recording and its events.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::cell::RefCell;

use replay_etf::json::{self, Fault, MAX_DEPTH};
use replay_etf::{Error, ErrorKind, Field, Limits, View, summarize};

fn decode(text: &str) -> Result<Vec<u8>, Error> {
    decode_knowing(text, &[])
}

/// Decodes in a runtime that has these atoms.
fn decode_knowing(text: &str, atoms: &[&str]) -> Result<Vec<u8>, Error> {
    let mut out = Vec::new();
    let decoded = json::decode(
        text.as_bytes(),
        &Limits::default(),
        &|atom| atoms.contains(&atom),
        &mut out,
    );
    let summary = json::summarize(text.as_bytes(), &Limits::default());
    assert_eq!(decoded.err(), summary.err(), "both check the whole text");
    decoded.map(|()| out)
}

fn encode(term: &[u8]) -> String {
    let mut out = Vec::new();
    json::encode(term, &Limits::default(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn a_recording_has_its_seven_fields() {
    let text = r#"{"id":"x","view":"My.Live","url":"/","params":{"a":"b"},"session":{},"connected_at":7,"events":[]}"#;
    let term = decode_knowing(text, &["Elixir.My.Live"]).unwrap();
    let expected = b"\x83t\0\0\0\x07w\x02idm\0\0\0\x01xw\x04vieww\x0eElixir.My.Livew\x03urlm\0\0\0\x01/w\x06paramst\0\0\0\x01m\0\0\0\x01am\0\0\0\x01bw\x07sessiont\0\0\0\0w\x0cconnected_ata\x07w\x06eventsj";
    assert_eq!(term, expected);
    assert_eq!(encode(&term), text);
}

#[test]
fn what_is_missing_or_unknown_does_not_matter() {
    let least = r#"{"events":[],"later":[{"a":1}],"id":"x","connected_at":7}"#;
    let full = r#"{"events":[],"id":"x","connected_at":7,"view":null,"url":null,"params":null,"session":{}}"#;
    assert_eq!(decode(least), decode(full));
    let rewritten = encode(&decode(least).unwrap());
    assert!(rewritten.contains(r#""view":"nil","url":null,"params":{},"session":{}"#));
}

#[test]
fn a_recording_needs_its_id_its_time_and_its_events() {
    let fault = |text: &str| decode(text).unwrap_err();
    let not_a_recording = |offset, field| Error {
        offset,
        kind: ErrorKind::NotARecording(field),
    };
    assert_eq!(fault("[]"), not_a_recording(0, Field::Recording));
    assert_eq!(fault(" {}"), not_a_recording(1, Field::Id));
    assert_eq!(fault(r#"{"id":7}"#), not_a_recording(6, Field::Id));
    assert_eq!(
        fault(r#"{"id":"","connected_at":1.0}"#),
        not_a_recording(24, Field::ConnectedAt)
    );
    assert_eq!(
        fault(r#"{"id":"","connected_at":1}"#),
        not_a_recording(0, Field::Events)
    );
    assert_eq!(
        fault(r#"{"events":{}}"#),
        not_a_recording(10, Field::Events)
    );
    assert_eq!(
        fault(r#"{"events":[1]}"#),
        not_a_recording(11, Field::Events)
    );
    assert_eq!(
        fault(r#"{"events":[{"offset":1}]}"#),
        not_a_recording(11, Field::Events)
    );
    assert_eq!(
        fault(r#"{"events":[{"offset":"1"}]}"#),
        not_a_recording(21, Field::Events)
    );
}

/// The first event of a recording with these.
fn event(event: &str, atoms: &[&str]) -> Vec<u8> {
    let text = format!(r#"{{"id":"","connected_at":0,"events":[{event}]}}"#);
    let term = decode_knowing(&text, atoms).unwrap();
    let at = term
        .windows(7)
        .position(|bytes| bytes == b"\x06events")
        .unwrap()
        + 12;
    let end = term
        .windows(7)
        .position(|bytes| bytes == b"jw\x04view")
        .unwrap();
    term[at..end].to_vec()
}

#[test]
fn an_event_is_put_together_in_any_order() {
    let expected = b"h\x03a\x07w\x04infot\0\0\0\x01m\0\0\0\x01aj";
    for text in [
        r#"{"offset":7,"type":"info","payload":{"a":[]}}"#,
        r#"{"payload":{"a":1,"a":[]},"type":"info","offset":7}"#,
        r#"{"payload":{"a":1,"a":2},"type":"mount","offset":7,"payload":{"a":[]},"type":"info"}"#,
    ] {
        assert_eq!(event(text, &[]), expected, "{text}");
    }
    assert_eq!(
        event(r#"{"offset":-1,"type":"info"}"#, &[]),
        b"h\x03b\xff\xff\xff\xffw\x04infot\0\0\0\0"
    );
}

#[test]
fn the_five_types_are_atoms_and_others_if_they_exist() {
    for known in ["mount", "event", "handle_params", "info", "assigns"] {
        let text = format!(r#"{{"offset":0,"type":"{known}","payload":null}}"#);
        assert_eq!(event(&text, &[])[4..6], [119, known.len() as u8]);
    }
    let other = r#"{"offset":0,"type":"other","payload":null}"#;
    assert_eq!(event(other, &[]), b"h\x03a\0m\0\0\0\x05otherw\x03nil");
    assert_eq!(event(other, &["other"]), b"h\x03a\0w\x05otherw\x03nil");
}

/// The view of a recording, and the atoms that were asked for.
fn view(text: &str, atoms: &[&str]) -> (View<'static>, Vec<String>) {
    let json = format!(r#"{{"id":"","connected_at":0,"events":[],"view":{text}}}"#);
    let asked = RefCell::new(Vec::new());
    let exists = |atom: &str| {
        asked.borrow_mut().push(atom.to_owned());
        atoms.contains(&atom)
    };
    let mut out = Vec::new();
    json::decode(json.as_bytes(), &Limits::default(), &exists, &mut out).unwrap();
    let view = summarize(&out, &Limits::default())
        .unwrap()
        .into_owned()
        .view;
    (view, asked.into_inner())
}

#[test]
fn a_view_is_a_module_if_there_is_one() {
    let atom = |text: &str| View::Atom(text.to_owned().into());
    let name = |text: &str| View::Name(text.to_owned().into());
    let module = "Elixir.My.Live";
    assert_eq!(view(r#""My.Live""#, &[module]).0, atom(module));
    assert_eq!(view(r#""Elixir.My.Live""#, &[module]).0, atom(module));
    assert_eq!(
        view(r#""My.Live""#, &[]),
        (name("My.Live"), vec![module.to_owned()])
    );
    for none in ["null", "\"nil\""] {
        assert_eq!(view(none, &["Elixir.nil"]).0, View::None);
    }
    // What names no module is not even asked for, nor is what no atom can be.
    assert_eq!(view(r#"":other""#, &["other"]), (name(":other"), vec![]));
    let long = "M".repeat(249);
    assert_eq!(view(&format!("\"{long}\""), &[]), (name(&long), vec![]));
}

#[test]
fn the_fields_of_a_term_may_be_odd() {
    let term = b"\x83t\0\0\0\x05w\x02idm\0\0\0\x01\xffw\x0cconnected_ata\x01w\x06eventsjw\x04vieww\x03fooa\x01a\x02";
    assert_eq!(
        encode(term),
        r#"{"id":"<<255>>","connected_at":1,"events":[],"view":":foo","url":null,"params":{},"session":{}}"#
    );
    let other = b"\x83t\0\0\0\x05w\x02idm\0\0\0\0w\x0cconnected_ata\x01w\x06eventsjw\x04viewh\x01jw\x03urla\x01";
    assert!(encode(other).contains(r#""view":"nil","url":null"#));
}

#[test]
fn output_is_appended_and_left_alone_on_error() {
    let text = br#"{"id":"x","connected_at":7,"events":[]}"#;
    let mut out = b"before".to_vec();
    json::decode(text, &Limits::default(), &|_| false, &mut out).unwrap();
    assert_eq!(out[..7], *b"before\x83");
    let term = out.split_off(6);
    json::encode(&term, &Limits::default(), &mut out).unwrap();
    assert!(out.starts_with(b"before{"));
    let mut out = b"before".to_vec();
    assert!(json::decode(&text[..20], &Limits::default(), &|_| false, &mut out).is_err());
    assert!(json::encode(&term[..20], &Limits::default(), &mut out).is_err());
    assert_eq!(out, b"before");
}

#[test]
fn text_that_is_not_json_is_refused_where_it_goes_wrong() {
    let fault = |text: &[u8]| {
        let limits = Limits::default();
        let error = json::decode(text, &limits, &|_| false, &mut Vec::new()).unwrap_err();
        assert_eq!(json::summarize(text, &limits), Err(error));
        (error.offset, error.kind)
    };
    let unexpected = |byte| ErrorKind::BadJson(Fault::UnexpectedByte(byte));
    let number = ErrorKind::BadJson(Fault::BadNumber);
    let escape = ErrorKind::BadJson(Fault::BadEscape);
    for (text, offset, kind) in [
        (&b""[..], 0, ErrorKind::UnexpectedEnd),
        (b"{", 1, ErrorKind::UnexpectedEnd),
        (b"{\"a", 3, ErrorKind::UnexpectedEnd),
        (b"{\"a\":tru", 8, ErrorKind::UnexpectedEnd),
        (b"\xef\xbb\xbf{}", 0, unexpected(0xef)),
        (b"{\"\xff\"}", 2, ErrorKind::BadJson(Fault::NotUtf8)),
        (b"{,}", 1, unexpected(b',')),
        (b"{\"a\":1,}", 7, unexpected(b'}')),
        (b"{\"a\" 1}", 5, unexpected(b'1')),
        (b"{\"a\":[1,]}", 8, unexpected(b']')),
        (b"{\"a\":[1 2]}", 8, unexpected(b'2')),
        (b"{\"a\":[1}", 7, unexpected(b'}')),
        (b"{\"a\":'b'}", 5, unexpected(b'\'')),
        (b"{\"a\":nule}", 8, unexpected(b'e')),
        (b"{\"a\":\"\n\"}", 6, unexpected(b'\n')),
        (b"{\"a\":01}", 5, number),
        (b"{\"a\":-}", 5, number),
        (b"{\"a\":1.}", 5, number),
        (b"{\"a\":1e}", 5, number),
        (b"{\"a\":1e999}", 5, number),
        (b"{\"a\":\"\\x\"}", 6, escape),
        (b"{\"a\":\"\\u12g4\"}", 6, escape),
        (b"{\"a\":\"\\ud800\"}", 6, escape),
        (b"{\"a\":\"\\ud800\\u0041\"}", 6, escape),
        (b"{\"a\":\"\\udc00\"}", 6, escape),
        (
            b"{\"id\":\"\",\"connected_at\":0,\"events\":[]} {}",
            39,
            unexpected(b'{'),
        ),
    ] {
        assert_eq!(
            fault(text),
            (offset, kind),
            "{}",
            String::from_utf8_lossy(text)
        );
    }
    // More than any runtime reads, and more than there is time for.
    let huge = format!("{{\"a\":{}}}", "9".repeat(1_262_613));
    assert_eq!(fault(huge.as_bytes()), (5, number));
    let many = format!("{{\"a\":[{}1]}}", ("9".repeat(200_000) + ",").repeat(60));
    assert_eq!(fault(many.as_bytes()).1, ErrorKind::TooLarge);
    let few = format!("{{\"a\":[{}1]}}", ("9".repeat(200_000) + ",").repeat(50));
    let read = fault(few.as_bytes());
    assert_eq!(read, (0, ErrorKind::NotARecording(Field::Id)));
}

#[test]
fn times_are_read_at_any_size_and_summarized_as_far_as_64_bits_go() {
    let big = "1180591620717411303424";
    let recording = |connected_at: &str, offset: &str| {
        let event = format!(r#"{{"offset":{offset},"type":"info","payload":{{}}}}"#);
        format!(r#"{{"id":"","connected_at":{connected_at},"events":[{event}]}}"#)
    };
    for (connected_at, offset, clamped) in [
        (big, big, (i64::MAX, i64::MAX)),
        ("-1180591620717411303424", "1.75", (i64::MIN, 1)),
        ("7", "-1.0e300", (7, i64::MIN)),
    ] {
        let text = recording(connected_at, offset);
        let limits = Limits::default();
        let from_text = json::summarize(text.as_bytes(), &limits).unwrap();
        assert_eq!((from_text.connected_at, from_text.duration_ms), clamped);
        let term = decode(&text).unwrap();
        let from_term = summarize(&term, &limits).unwrap();
        assert_eq!((from_term.connected_at, from_term.duration_ms), clamped);
        let mut again = Vec::new();
        let encoded = json::encode(&term, &limits, &mut again).unwrap();
        let clamped = (encoded.summary.connected_at, encoded.summary.duration_ms);
        assert_eq!((from_term.connected_at, from_term.duration_ms), clamped);
        let again = String::from_utf8(again).unwrap();
        assert!(again.contains(&format!(r#""connected_at":{connected_at}"#)));
        assert!(again.contains(&format!(r#""offset":{offset}"#)));
    }
    // The other backend reads no time that is not an integer.
    let error = decode(&recording("1.5", "0")).unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotARecording(Field::ConnectedAt));
    let error = decode(&recording("0", "null")).unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotARecording(Field::Events));
}

/// A payload of so many arrays in each other.
fn nested(levels: usize) -> String {
    let (open, close) = ("[".repeat(levels), "]".repeat(levels));
    format!(
        r#"{{"id":"","connected_at":0,"events":[{{"offset":0,"type":"info","payload":{open}{close}}}]}}"#
    )
}

#[test]
fn nesting_is_capped() {
    // The recording, its events and the event are three levels.
    let deep = |levels| {
        let limits = Limits {
            max_depth: 10_000,
            ..Limits::default()
        };
        let text = nested(levels);
        let read = json::summarize(text.as_bytes(), &limits).map(drop);
        let decoded = json::decode(text.as_bytes(), &limits, &|_| false, &mut Vec::new());
        assert_eq!(decoded, read);
        read
    };
    assert_eq!(deep(10_000 - 3), Ok(()));
    assert_eq!(deep(10_000 - 2).unwrap_err().kind, ErrorKind::TooDeep);
    let max_terms = Limits {
        max_terms: 5,
        ..Limits::default()
    };
    let error = json::summarize(nested(1).as_bytes(), &max_terms).unwrap_err();
    assert_eq!(error.kind, ErrorKind::TooManyTerms);
}

#[test]
fn what_is_nested_too_deeply_is_abbreviated() {
    for inner in [
        &b"h\x01j"[..],
        b"t\0\0\0\x01jj",
        b"l\0\0\0\x01jj",
        b"j",
        b"k\0\x01x",
        b"h\0",
    ] {
        let payload = [&b"h\x01".repeat(5000)[..], inner].concat();
        let head = b"\x83t\0\0\0\x03w\x02idm\0\0\0\x01xw\x0cconnected_ata\x01w\x06events";
        let term = [&head[..], b"l\0\0\0\x01h\x03a\x05w\x04info", &payload, b"j"].concat();
        let text = encode(&term);
        assert!(text.contains(r#"["{...}"]"#));
        assert!(decode(&text).is_ok());
        let fits = b"h\x01".repeat(MAX_DEPTH - 4);
        let term = [
            &head[..],
            b"l\0\0\0\x01h\x03a\x05w\x04info",
            &fits,
            inner,
            b"j",
        ]
        .concat();
        assert!(decode(&encode(&term)).is_ok());
    }
}

#[test]
fn a_summary_has_the_distinct_names_of_user_events() {
    let event = |kind: &str, payload: &str| {
        format!(r#"{{"payload":{payload},"type":"{kind}","offset":0}}"#)
    };
    let events = [
        event("event", r#"{"params":{"name":"inner"},"name":"validate"}"#),
        event("event", r#"{"name":"sa\u0076e","params":{}}"#),
        event("event", r#"{"name":"validate"}"#),
        event("event", r#"{"name":7}"#),
        event("event", r#"["name","listed"]"#),
        event("info", r#"{"name":"not a user's"}"#),
    ]
    .join(",");
    let text = format!(r#"{{"id":"x","connected_at":7,"events":[{events}]}}"#);
    let from_text = json::summarize(text.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(from_text.names, [&b"save"[..], b"validate"]);
    let term = decode(&text).unwrap();
    let from_term = summarize(&term, &Limits::default()).unwrap();
    assert_eq!(from_term.names, from_text.names);
    let mut again = Vec::new();
    let encoded = json::encode(&term, &Limits::default(), &mut again).unwrap();
    assert_eq!(encoded.summary.names, from_text.names);
}

#[test]
fn of_two_names_of_an_event_the_later_one_counts() {
    let payload = r#"{"nam_":"first","params":{"name":1},"name":"later","more":[]}"#;
    let events = format!(r#"[{{"offset":0,"type":"event","payload":{payload}}}]"#);
    let text = format!(r#"{{"id":"x","connected_at":7,"events":{events}}}"#);
    let mut term = decode(&text).unwrap();
    let first = term.windows(4).position(|key| key == b"nam_").unwrap();
    term[first + 3] = b'e';
    let (limits, mut out) = (Limits::default(), Vec::new());
    let encoded = json::encode(&term, &limits, &mut out).unwrap();
    assert_eq!(encoded.summary.names, [&b"later"[..]]);
    assert_eq!(json::summarize(&out, &limits), Ok(encoded.summary));
}
