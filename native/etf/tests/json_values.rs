//! What becomes of each kind of term in JSON, and of each kind of JSON in a term.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod support;

use proptest::prelude::*;
use replay_etf::{Limits, json};
use serde_json::Value;

/// A recording whose session is this encoded term, as a value in its one event's payload.
fn recording(payload: &[u8]) -> Vec<u8> {
    let head = b"\x83t\0\0\0\x03w\x02idm\0\0\0\x01xw\x0cconnected_ata\x01";
    let events = b"w\x06eventsl\0\0\0\x01h\x03a\x05w\x04info";
    [&head[..], events, payload, b"j"].concat()
}

const BEFORE: &str = r#"{"offset":5,"type":"info","payload":"#;

/// The JSON of an encoded term.
fn to_json(term: &[u8]) -> String {
    let mut out = Vec::new();
    json::encode(&recording(term), &Limits::default(), &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    serde_json::from_str::<Value>(&text).expect("it is JSON");
    let (_, payload) = text.split_once(BEFORE).unwrap();
    let end = payload
        .find("}],\"view\"")
        .expect("what is missing follows the events");
    payload[..end].to_owned()
}

/// The encoded term that a value in JSON becomes.
fn to_term(value: &str) -> Vec<u8> {
    let text = format!(r#"{{"events":[{BEFORE}{value}}}],"id":"x","connected_at":1}}"#);
    let mut out = Vec::new();
    json::decode(text.as_bytes(), &Limits::default(), &|_| false, &mut out).unwrap();
    let head = b"\x83t\0\0\0\x07w\x06eventsl\0\0\0\x01h\x03a\x05w\x04info";
    let rest = out.strip_prefix(head).unwrap();
    let tail = b"jw\x02idm\0\0\0\x01x";
    let end = rest
        .windows(tail.len())
        .position(|bytes| bytes == tail)
        .unwrap();
    rest[..end].to_vec()
}

#[test]
fn atoms_become_strings_but_for_three() {
    assert_eq!(to_json(b"w\x03nil"), "null");
    assert_eq!(to_json(b"w\x04true"), "true");
    assert_eq!(to_json(b"w\x05false"), "false");
    assert_eq!(to_json(b"w\x02ok"), r#""ok""#);
    assert_eq!(
        to_json(b"w\x13Elixir.Calendar.ISO"),
        r#""Elixir.Calendar.ISO""#
    );
    assert_eq!(to_json(b"s\x01\xe9"), r#""é""#);
}

#[test]
fn integers_are_exact_at_any_size() {
    assert_eq!(to_json(b"a\x07"), "7");
    assert_eq!(
        to_json(b"n\x08\x01\0\0\0\0\0\0\0\x80"),
        "-9223372036854775808"
    );
    assert_eq!(
        to_json(b"n\x09\0\0\0\0\0\0\0\0\0\x01"),
        "18446744073709551616"
    );
    let googol = format!("-1{}", "0".repeat(100));
    let term = to_term(&googol);
    assert_eq!(term[..3], [110, 42, 1]);
    assert_eq!(to_json(&term), googol);
    let long = "7".repeat(1000);
    let term = to_term(&long);
    assert_eq!(term[0], 111);
    assert_eq!(to_json(&term), long);
}

#[test]
fn integers_take_the_shortest_encoding() {
    assert_eq!(to_term("255"), b"a\xff");
    assert_eq!(to_term("-0"), b"a\0");
    assert_eq!(to_term("256"), b"b\0\0\x01\0");
    assert_eq!(to_term("-2147483648"), b"b\x80\0\0\0");
    assert_eq!(to_term("2147483648"), b"n\x04\0\0\0\0\x80");
    assert_eq!(to_term("9223372036854775808"), b"n\x08\0\0\0\0\0\0\0\0\x80");
}

#[test]
fn an_absurdly_large_integer_is_only_named() {
    let term = [&b"o\0\x01\0\0\0"[..], &[7; 65536]].concat();
    assert_eq!(to_json(&term), r##""#Integer<65536 bytes>""##);
    let largest = [&b"o\0\0\x40\0\0"[..], &[255; 16384]].concat();
    let text = to_json(&largest);
    assert_eq!(to_term(text.trim_matches('"')), largest);
}

#[test]
fn an_integer_that_is_longer_than_other_readers_take_is_text() {
    let longest = "9".repeat(1024);
    assert_eq!(to_json(&to_term(&longest)), longest);
    let longer = format!("-{longest}");
    assert_eq!(to_json(&to_term(&longer)), format!("\"{longer}\""));
}

#[test]
fn floats_stay_floats() {
    let float = |value: f64| [&b"F"[..], &value.to_be_bytes()].concat();
    for (value, text) in [
        (1.0, "1.0"),
        (0.1, "0.1"),
        (-0.0, "-0.0"),
        (1e15, "1000000000000000.0"),
        (1e16, "1.0e16"),
        (1e-7, "1.0e-7"),
        (5e-324, "5.0e-324"),
        (f64::MAX, "1.7976931348623157e308"),
    ] {
        assert_eq!(to_json(&float(value)), text);
        assert_eq!(to_term(text), float(value));
    }
    assert_eq!(to_term("1e2"), float(100.0));
}

#[test]
fn binaries_become_strings_or_what_elixir_prints() {
    assert_eq!(to_json(b"m\0\0\0\x03a\"\\"), r#""a\"\\""#);
    assert_eq!(
        to_json(b"m\0\0\0\x05\n\t\x01\x7f\x08"),
        "\"\\n\\t\\u0001\x7f\\b\""
    );
    assert_eq!(to_json(b"m\0\0\0\x02\xff\x01"), r#""<<255, 1>>""#);
    assert_eq!(
        to_json(b"M\0\0\0\x02\x03\x01\xe0"),
        r#""<<1, 7::size(3)>>""#
    );
    let long = [&b"m\0\0\x10\x01"[..], &[255; 4097]].concat();
    assert!(to_json(&long).ends_with("255, 255, ...>>\""));
}

#[test]
fn lists_and_tuples_become_arrays() {
    assert_eq!(to_json(b"j"), "[]");
    assert_eq!(to_json(b"h\0"), "[]");
    assert_eq!(to_json(b"k\0\x02hi"), "[104,105]");
    assert_eq!(to_json(b"h\x02a\x01h\x01j"), "[1,[[]]]");
    assert_eq!(to_json(b"l\0\0\0\x02a\x01jj"), "[1,[]]");
    // The tail is the last element of an improper list, and goes on if it is a list.
    assert_eq!(to_json(b"l\0\0\0\x01a\x01a\x02"), "[1,2]");
    assert_eq!(to_json(b"l\0\0\0\x01a\x01h\x01a\x02"), "[1,[2]]");
    assert_eq!(to_json(b"l\0\0\0\x01a\x01l\0\0\0\x01a\x02j"), "[1,2]");
    assert_eq!(to_json(b"l\0\0\0\x01a\x01k\0\x02hi"), "[1,104,105]");
}

#[test]
fn keys_become_text() {
    let key = |key: &[u8]| {
        let text = to_json(&[b"t\0\0\0\x01", key, b"a\x01"].concat());
        let value: Value = serde_json::from_str(&text).unwrap();
        value.as_object().unwrap().keys().next().unwrap().clone()
    };
    assert_eq!(key(b"w\x01a"), "a");
    assert_eq!(key(b"w\x03nil"), "nil");
    assert_eq!(key(b"w\x0aElixir.Foo"), "Elixir.Foo");
    assert_eq!(key(b"m\0\0\0\x01a"), "a");
    assert_eq!(key(b"m\0\0\0\x01\xff"), "<<255>>");
    assert_eq!(key(b"a\x07"), "7");
    assert_eq!(
        key(b"n\x09\x01\0\0\0\0\0\0\0\0\x01"),
        "-18446744073709551616"
    );
    assert_eq!(key(b"F\x3f\xf8\0\0\0\0\0\0"), "1.5");
    assert_eq!(key(b"h\x02w\x01am\0\0\0\x02\"b"), r#"{:a, "\"b"}"#);
    // What `to_string/1` takes is what it makes of it.
    assert_eq!(key(b"F\x40\xf8\x6a\0\0\0\0\0"), "1.0e5");
    assert_eq!(key(b"j"), "");
    assert_eq!(key(b"k\0\x02hi"), "hi");
    assert_eq!(key(b"k\0\x02\0\x01"), "\0\x01");
    assert_eq!(
        key(b"l\0\0\0\x02k\0\x01\xfcl\0\0\0\x01a!jm\0\0\0\x01b"),
        "ü!b"
    );
    assert_eq!(key(b"l\0\0\0\x01b\0\0\xd8\0j"), "[55296]");
    assert_eq!(key(b"l\0\0\0\x02a\x01w\x0aElixir.Fooj"), "[1, Foo]");
    assert_eq!(key(b"l\0\0\0\x01a\x01a\x02"), "[1 | 2]");
    assert_eq!(key(b"t\0\0\0\x02w\x01aa\x01a\x02j"), "%{a: 1, 2 => []}");
    assert_eq!(key(b"t\0\0\0\x01w\x0aElixir.Fooa\x01"), "%{Foo => 1}");
}

#[test]
fn a_key_however_deep_is_text() {
    let key = [&b"h\x01".repeat(5000)[..], b"j"].concat();
    let text = to_json(&[b"t\0\0\0\x01", &key[..], b"a\x01"].concat());
    assert!(text.starts_with("{\"{{{{{{{{{{{{{{{{{...}}}}"), "{text}");
}

#[test]
fn structs_keep_their_fields_and_their_name() {
    let date = b"t\0\0\0\x03w\x0a__struct__w\x0bElixir.Datew\x08calendarw\x13Elixir.Calendar.ISOw\x03daya\x02";
    let text = r#"{"__struct__":"Date","calendar":"Elixir.Calendar.ISO","day":2}"#;
    assert_eq!(to_json(date), text);
    // Only an atom under the atom names a struct.
    assert_eq!(
        to_json(b"t\0\0\0\x01w\x0a__struct__a\x01"),
        r#"{"__struct__":1}"#
    );
    let string_key = b"t\0\0\0\x01m\0\0\0\x0a__struct__w\x0bElixir.Date";
    assert_eq!(to_json(string_key), r#"{"__struct__":"Elixir.Date"}"#);
}

#[test]
fn of_keys_with_the_same_text_the_last_wins() {
    let both = b"t\0\0\0\x02w\x01aa\x01m\0\0\0\x01aa\x02";
    assert_eq!(to_json(both), r#"{"a":2}"#);
    let three = b"t\0\0\0\x03w\x01aa\x01w\x01bjm\0\0\0\x01ah\x01j";
    assert_eq!(to_json(three), r#"{"b":[],"a":[[]]}"#);
    // Within what is dropped, within what is kept, and further out.
    let nested = [&b"t\0\0\0\x02w\x01x"[..], both, b"m\0\0\0\x01x", both].concat();
    assert_eq!(to_json(&nested), r#"{"x":{"a":2}}"#);
    assert_eq!(
        to_term(r#"{"a":1,"b":2,"a":3}"#),
        b"t\0\0\0\x02m\0\0\0\x01ba\x02m\0\0\0\x01aa\x03"
    );
    assert_eq!(
        to_term(r#"{"a":{"b":1,"b":2},"a":{"b":3,"b":4}}"#),
        to_term(r#"{"a":{"b":4}}"#)
    );
}

#[test]
fn many_members_are_told_apart() {
    let text = |last: usize| {
        let members: Vec<String> = (0..last)
            .map(|n| format!(r#""key{}":{n}"#, n % 100))
            .collect();
        format!("{{{}}}", members.join(","))
    };
    assert_eq!(to_json(&to_term(&text(100))), text(100));
    let last: Vec<String> = (900..1000)
        .map(|n| format!(r#""key{}":{n}"#, n % 100))
        .collect();
    assert_eq!(
        to_json(&to_term(&text(1000))),
        format!("{{{}}}", last.join(","))
    );
}

#[test]
fn identifiers_and_functions_become_what_elixir_prints() {
    let node = b"w\x01n";
    let text = |parts: &[&[u8]]| to_json(&parts.concat());
    assert_eq!(
        text(&[b"X", node, &[0, 0, 0, 5, 0, 0, 0, 1, 0, 0, 0, 9]]),
        r##""#PID<n.5.1>""##
    );
    assert_eq!(
        text(&[b"g", node, &[0, 0, 0, 5, 0, 0, 0, 1, 0]]),
        r##""#PID<n.5.1>""##
    );
    assert_eq!(
        text(&[b"x", node, &[0, 0, 0, 1, 0, 0, 0, 0], &[0; 4]]),
        r##""#Port<n.4294967296>""##
    );
    assert_eq!(
        text(&[b"Y", node, &[0, 0, 0, 7], &[0; 4]]),
        r##""#Port<n.7>""##
    );
    let words = [0, 0, 0, 1, 0, 0, 0, 2];
    assert_eq!(
        text(&[b"Z\0\x02", node, &[0; 4], &words]),
        r##""#Reference<n.2.1>""##
    );
    assert_eq!(
        text(&[b"r\0\x02", node, &[0], &words]),
        r##""#Reference<n.2.1>""##
    );
    assert_eq!(
        text(&[b"e", node, &[0, 0, 0, 7, 0]]),
        r##""#Reference<n.7>""##
    );
    assert_eq!(text(&[b"qw\x05listsw\x03mapa\x02"]), r#""&:lists.map/2""#);
    assert_eq!(
        text(&[b"qw\x0aElixir.Foow\x03a ba\0"]),
        r#""&Foo.\"a b\"/0""#
    );
    let body = [
        &[2][..],
        &[7; 16],
        &[0; 8],
        b"w\x0aElixir.Fooa\x01b\0\0\x10\0g",
        node,
        &[0; 9],
    ]
    .concat();
    let size = (body.len() as u32 + 4).to_be_bytes();
    assert_eq!(
        text(&[b"p", &size, &body]),
        r##""#Function<1.4096/2 in Foo>""##
    );
}

#[test]
fn values_become_the_terms_they_look_like() {
    assert_eq!(to_term("null"), b"w\x03nil");
    assert_eq!(to_term(" true "), b"w\x04true");
    assert_eq!(to_term("false"), b"w\x05false");
    assert_eq!(to_term("[]"), b"j");
    assert_eq!(to_term("{ }"), b"t\0\0\0\0");
    assert_eq!(
        to_term("[1,\n[ null ] ]"),
        b"l\0\0\0\x02a\x01l\0\0\0\x01w\x03niljj"
    );
    assert_eq!(
        to_term(r#"{"a":"b"}"#),
        b"t\0\0\0\x01m\0\0\0\x01am\0\0\0\x01b"
    );
}

#[test]
fn escapes_become_characters() {
    let text = |json: &str| to_term(json).split_off(5);
    assert_eq!(text(r#""\"\\\/\b\f\n\r\t""#), b"\"\\/\x08\x0c\n\r\t");
    assert_eq!(text(r#""\u00e9\u0000\ud83d\ude00""#), "é\0😀".as_bytes());
    assert_eq!(
        text("\"é😀 plain and long enough\""),
        "é😀 plain and long enough".as_bytes()
    );
}

proptest! {
    /// Two readers that share nothing read the same.
    #[test]
    fn any_text_survives(text in any::<String>()) {
        let quoted = serde_json::to_string(&text).unwrap();
        let term = to_term(&quoted);
        prop_assert_eq!(&term[5..], text.as_bytes());
        prop_assert_eq!(serde_json::from_str::<String>(&to_json(&term)).unwrap(), text);
    }

    #[test]
    fn any_float_survives(bits in any::<u64>()) {
        let value = f64::from_bits(bits);
        prop_assume!(value.is_finite());
        let term = [&b"F"[..], &value.to_be_bytes()].concat();
        prop_assert_eq!(to_term(&to_json(&term)), term);
    }

    #[test]
    fn any_integer_survives(negative in any::<bool>(), digits in "[1-9][0-9]{0,400}") {
        let text = format!("{}{digits}", if negative { "-" } else { "" });
        prop_assert_eq!(to_json(&to_term(&text)), text);
    }
}
