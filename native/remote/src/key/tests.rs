use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn time(ms: u64) -> Time {
    Time::from_ms(ms).unwrap()
}

fn name(bytes: &[u8]) -> Name {
    Name::new(bytes).unwrap()
}

#[test]
fn each_kind_has_its_key() {
    // date -u -d @1790000000.123 +%Y/%m/%d
    let time = time(1_790_000_000_123);
    let tag = Tag(0xab);
    let hex = "000000000000000000000000000000ab";
    for (key, text) in [
        (
            Key::recording(time, 42, name(b"a-b.etf.gz")).unwrap(),
            "2026/09/21/1790000000123-42-a-b.etf.gz".to_owned(),
        ),
        (
            Key::Rows { time, tag },
            format!("2026/09/21/1790000000123-{hex}.rows"),
        ),
        (
            Key::Gone { time, tag },
            format!("2026/09/21/1790000000123-{hex}.gone"),
        ),
        (
            Key::Node(name(b"app@10.0.0.1")),
            ".native/nodes/app@10.0.0.1".to_owned(),
        ),
        (
            Key::Confirmed {
                tag,
                node: name(b"n"),
            },
            format!(".native/confirmed/{hex}/n"),
        ),
        (Key::Lease, ".native/lease".to_owned()),
        (
            Key::Part {
                node: name(b"n"),
                stem: name(b"-x"),
                number: 7,
            },
            ".native/running/n/-x/7".to_owned(),
        ),
    ] {
        assert_eq!(key.to_string(), text);
        assert_eq!(Key::parse(&text), Some(key));
    }
}

#[test]
fn folders_hold_the_keys_that_they_are_for() {
    let (node, tag) = (name(b"a b"), Tag(1));
    let confirmed = Key::Confirmed {
        tag,
        node: node.clone(),
    };
    let part = Key::Part {
        node: node.clone(),
        stem: name(b"s"),
        number: 0,
    };
    assert!(
        Key::Node(node.clone())
            .to_string()
            .starts_with(Key::nodes())
    );
    assert!(
        confirmed
            .to_string()
            .starts_with(&Key::confirmed(Some(tag)))
    );
    assert!(part.to_string().starts_with(&Key::running(Some(&node))));
    assert!(part.to_string().starts_with(&Key::running(None)));
}

#[test]
fn what_nobody_of_ours_writes_is_no_key() {
    let ff = "f".repeat(32);
    for text in [
        "",
        "/",
        "a",
        "2026/09/21/",
        "2026/09/21/1790000000123",
        "2026/09/21/1790000000123-",
        // No time of the file, or in another spelling.
        "2026/09/21/1790000000123-a.etf",
        "2026/09/21/1790000000123-4",
        "2026/09/21/1790000000123-4-",
        "2026/09/21/1790000000123--a.etf",
        "2026/09/21/1790000000123-04-a.etf",
        "2026/09/21/1790000000123-+4-a.etf",
        "2026/09/21/1790000000123-18446744073709551616-a.etf",
        // The day before, digits missing or too many, signs, another spelling of the day.
        "2026/09/20/1790000000123-4-a.etf",
        "2026/09/21/790000000123-4-a.etf",
        "2026/09/21/01790000000123-4-a.etf",
        "2026/09/21/+1790000000123-4-a.etf",
        "2026/9/21/1790000000123-4-a.etf",
        "2026/09/21/x/1790000000123-4-a.etf",
        "2026/09/21/1790000000123-4-a/b.etf",
        // Bytes that are written otherwise.
        "2026/09/21/1790000000123-4-a b.etf",
        "2026/09/21/1790000000123-4-!2E.etf",
        "2026/09/21/1790000000123-4-!61.etf",
        "2026/09/21/1790000000123-4-!2",
        "2026/09/21/1790000000123-4-!00",
        "2026/09/21/1790000000123-4-!2f",
        "2026/09/21/1790000000123-4-a/!-b",
        "2026/09/21/1790000000123-4-a.rows",
        "2026/09/21/1790000000123-4-a.gone",
        ".native/nodes/",
        ".native/nodes/a/b",
        ".native/nodes/..",
        ".native/lease/",
        ".native/running/n/s/07",
        ".native/running/n/s",
        &format!(".native/confirmed/{ff}f/n"),
        &format!(".native/confirmed/{}/n", &ff[1..]),
        &format!(".native/confirmed/{}/n", ff.to_uppercase()),
        &format!("2026/09/21/1790000000123-{ff}.rows.rows"),
    ] {
        assert_eq!(Key::parse(text), None, "{text}");
    }
}

#[test]
fn no_segment_is_longer_than_a_file_name_may_be() {
    let file = name(&[0xff; MAX_NAME_BYTES]);
    let text = Key::recording(time(1_790_000_000_123), u64::MAX, file.clone())
        .unwrap()
        .to_string();
    assert_eq!(text.split('/').count(), 3 + 4);
    assert!(text.split('/').all(|it| it.len() <= 255), "{text}");
    assert_eq!(
        Key::parse(&text),
        Key::recording(time(1_790_000_000_123), u64::MAX, file)
    );
    // With the longest prefix, every server takes it.
    assert!(text.len() + crate::address::MAX_PREFIX_BYTES < MAX_KEY_BYTES);
}

#[test]
fn a_time_has_13_digits() {
    assert_eq!(Time::from_ms(999_999_999_999), None);
    assert_eq!(Time::from_ms(10_000_000_000_000), None);
    assert_eq!(Time::from_ms(u64::MAX), None);
    assert_eq!(time(1_000_000_000_000).day().to_string(), "2001/09/09");
    assert_eq!(time(9_999_999_999_999).day().to_string(), "2286/11/20");
}

#[test]
fn days_are_read_in_one_spelling_only() {
    let day = Day::parse("2024/02/29").unwrap();
    assert_eq!(day.first(), Time::from_ms(1_709_164_800_000));
    assert_eq!(day.next(), Day::parse("2024/03/01"));
    for text in [
        "2023/02/29",
        "2024/2/29",
        "2024/02/029",
        "+2024/02/29",
        " 2024/02/29",
        "",
    ] {
        assert_eq!(Day::parse(text), None, "{text}");
    }
}

/// Names of bytes that matter to a key, mixed with any others.
fn any_name() -> impl Strategy<Value = Name> {
    let byte = prop_oneof![
        proptest::sample::select(b"!-./~=@ %+\\\n\xff0aA".to_vec()),
        any::<u8>()
    ];
    let bytes = prop_oneof![vec(byte.clone(), 1..6), vec(byte, 60..=MAX_NAME_BYTES)];
    bytes.prop_filter_map("not a name", Name::new)
}

fn any_key() -> impl Strategy<Value = Key> {
    let ms = (1_000_000_000_000..10_000_000_000_000_u64).prop_filter_map("time", Time::from_ms);
    let tag = any::<u128>().prop_map(Tag);
    prop_oneof![
        (ms.clone(), any::<u64>(), any_name())
            .prop_filter_map("another kind", |(time, ns, file)| {
                Key::recording(time, ns, file)
            }),
        (ms.clone(), tag.clone()).prop_map(|(time, tag)| Key::Rows { time, tag }),
        (ms, tag.clone()).prop_map(|(time, tag)| Key::Gone { time, tag }),
        any_name().prop_map(Key::Node),
        (tag, any_name()).prop_map(|(tag, node)| Key::Confirmed { tag, node }),
        (any_name(), any_name(), any::<u64>()).prop_map(|(node, stem, number)| Key::Part {
            node,
            stem,
            number
        }),
    ]
}

proptest! {
    #[test]
    fn a_key_comes_back_from_its_text(key in any_key()) {
        let text = key.to_string();
        prop_assert_eq!(Key::parse(&text), Some(key));
        prop_assert!(text.bytes().all(|it| it.is_ascii_alphanumeric() || b"!-_.~=@/".contains(&it)));
        prop_assert!(text.split('/').all(|it| !matches!(it, "" | "." | "..")));
    }

    #[test]
    fn different_keys_have_different_texts(a in any_key(), b in any_key()) {
        prop_assert_eq!(a == b, a.to_string() == b.to_string());
    }

    #[test]
    fn texts_of_uploads_sort_by_time(a in any_key(), b in any_key()) {
        let (x, y) = (a.to_string(), b.to_string());
        match (a.time(), b.time()) {
            (Some(a), Some(b)) if a != b => prop_assert_eq!(a < b, x < y),
            (Some(_), None) => prop_assert!(x > y),
            (None, Some(_)) => prop_assert!(x < y),
            _ => (),
        }
    }

    #[test]
    fn a_day_begins_with_its_first_moment(ms in 1_100_000_000_000..9_000_000_000_000_u64) {
        let day = time(ms).day();
        let first = day.first().unwrap();
        prop_assert_eq!(first.ms(), ms - ms % 86_400_000);
        prop_assert_eq!(Day::parse(&day.to_string()), Some(day));
        prop_assert_eq!(day.next().and_then(Day::first), Time::from_ms(first.ms() + 86_400_000));
    }

    #[test]
    fn any_text_is_a_key_only_in_its_one_spelling(text in "[0-9a-f./!-]{0,60}|2026/09/21/1790000000123-(4-)?[a-f0-9!/.-]{0,40}") {
        if let Some(key) = Key::parse(&text) {
            prop_assert_eq!(key.to_string(), text);
        }
    }
}
