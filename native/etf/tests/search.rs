//! Searching recordings, against a search through the terms that they were made of.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a failed test is meant to panic"
)]

mod support;

use proptest::prelude::*;
use proptest::sample::Index;
use replay_etf::json;
use replay_etf::recording::contains;
use replay_etf::{Limits, Needle};
use support::term::{Term, any_term};

/// What is searched for, and how.
#[derive(Debug, Clone)]
struct Wanted {
    text: Vec<u8>,
    /// As an integer.
    whole: bool,
}

impl Wanted {
    fn text(text: impl AsRef<[u8]>) -> Self {
        let text = text.as_ref().to_vec();
        Wanted { text, whole: false }
    }

    fn integer(text: &str) -> Self {
        Wanted {
            text: text.into(),
            whole: true,
        }
    }

    fn needle(&self) -> Needle {
        let needle = match self.whole {
            true => Needle::integer(&self.text),
            false => Needle::text(&self.text),
        };
        needle.unwrap()
    }

    /// The search that the other is held against.
    fn is_in(&self, term: &Term) -> bool {
        match term {
            Term::Integer(value) => value.to_string().as_bytes() == self.text,
            Term::Big(negative, magnitude) => {
                let sign = if *negative { "-" } else { "" };
                [sign, &decimal(magnitude)].concat().as_bytes() == self.text
            }
            Term::Float(_) | Term::Nil | Term::Opaque(_) => false,
            Term::Atom(name) => self.is_in_text(name.as_bytes()),
            Term::Binary(bytes) => self.is_in_text(bytes),
            Term::Bits(bytes, _) => self.is_in_text(&bytes[..bytes.len() - 1]),
            Term::String(bytes) => {
                let is_it = |byte: &u8| byte.to_string().as_bytes() == self.text;
                self.is_in_text(bytes) || bytes.iter().any(is_it)
            }
            Term::List(elements, tail) => {
                elements.iter().any(|element| self.is_in(element)) || self.is_in(tail)
            }
            Term::Tuple(parts) | Term::Map(parts) => parts.iter().any(|part| self.is_in(part)),
        }
    }

    fn is_in_text(&self, text: &[u8]) -> bool {
        let is_digit = |at: usize| text.get(at).is_some_and(u8::is_ascii_digit);
        let ends = |at| at > 0 && self.text[0] != b'-' && is_digit(at - 1);
        let length = self.text.len();
        (0..text.len()).any(|at| {
            text[at..].starts_with(&self.text)
                && !(self.whole && (ends(at) || is_digit(at + length)))
        })
    }
}

/// The digits of a magnitude, least significant byte first.
fn decimal(magnitude: &[u8]) -> String {
    let mut digits = vec![0_u32];
    for byte in magnitude.iter().rev() {
        let mut carry = u32::from(*byte);
        for digit in &mut digits {
            carry += *digit * 256;
            *digit = carry % 10;
            carry /= 10;
        }
        while carry > 0 {
            digits.push(carry % 10);
            carry /= 10;
        }
    }
    let digits = digits.iter().rev();
    digits
        .filter_map(|digit| char::from_digit(*digit, 10))
        .collect()
}

fn atom(name: &str) -> Term {
    Term::Atom(name.to_owned())
}

fn binary(bytes: impl AsRef<[u8]>) -> Term {
    Term::Binary(bytes.as_ref().to_vec())
}

/// A recording of a session and payloads. Whatever does not count is or has what is wanted.
fn recording(wanted: &Wanted, session: &Term, payloads: &[Term]) -> Term {
    let name = String::from_utf8_lossy(&wanted.text);
    let number = std::str::from_utf8(&wanted.text).unwrap_or("").parse();
    let number = Term::Integer(number.unwrap_or(7));
    let kind = atom(&name.chars().take(255).collect::<String>());
    let event = |payload: &Term| Term::Tuple(vec![number.clone(), kind.clone(), payload.clone()]);
    let events = payloads.iter().map(event).collect::<Vec<_>>();
    let events = match events.is_empty() {
        true => Term::Nil,
        false => Term::List(events, Box::new(Term::Nil)),
    };
    Term::Map(vec![
        atom("id"),
        binary(&wanted.text),
        atom("session"),
        session.clone(),
        atom("connected_at"),
        number,
        atom("params"),
        Term::Map(vec![]),
        atom("events"),
        events,
        atom("view"),
        kind,
    ])
}

/// Terms of few letters, so that parts of them occur elsewhere, or nearly.
fn alike() -> impl Strategy<Value = Term> {
    let letters =
        || prop::collection::vec(prop::sample::select(vec!["4", "7", "-", "é", "n"]), 1..5);
    prop_oneof![
        letters().prop_map(|it| binary(it.concat())),
        letters().prop_map(|it| atom(&it.concat())),
        letters().prop_map(|it| Term::String(it.concat().into_bytes())),
        prop::sample::select(vec![
            0,
            4,
            7,
            44,
            47,
            -4,
            447,
            4447,
            744_744_744_744,
            i64::MIN
        ])
        .prop_map(Term::Integer),
        (any::<bool>(), prop::sample::select(vec![b'4', b'7', 1]))
            .prop_map(|(negative, byte)| Term::Big(negative, vec![byte; 9])),
    ]
}

/// The search that the other is held against can't look into closures.
fn terms() -> impl Strategy<Value = Vec<Term>> {
    let open = any_term().prop_filter("no closure", |term| !has_closure(term));
    prop::collection::vec(prop_oneof![open, alike(), alike()], 1..8)
}

fn has_closure(term: &Term) -> bool {
    match term {
        Term::Opaque(bytes) => bytes.starts_with(b"p"),
        Term::List(elements, tail) => elements.iter().any(has_closure) || has_closure(tail),
        Term::Tuple(parts) | Term::Map(parts) => parts.iter().any(has_closure),
        _ => false,
    }
}

/// The texts and integers in a term, as they are written.
fn leaves(term: &Term, into: &mut Vec<Vec<u8>>) {
    match term {
        Term::Integer(value) => into.push(value.to_string().into_bytes()),
        Term::Big(negative, magnitude) => {
            let sign = if *negative { "-" } else { "" };
            into.push([sign, &decimal(magnitude)].concat().into_bytes());
        }
        Term::Atom(name) => into.push(name.as_bytes().to_vec()),
        Term::Binary(bytes) | Term::Bits(bytes, _) | Term::String(bytes) => {
            into.push(bytes.clone());
        }
        Term::Float(_) | Term::Nil | Term::Opaque(_) => {}
        Term::List(elements, tail) => {
            elements.iter().for_each(|element| leaves(element, into));
            leaves(tail, into);
        }
        Term::Tuple(parts) | Term::Map(parts) => parts.iter().for_each(|part| leaves(part, into)),
    }
}

/// A part of what is in the terms, or all of one, or something else.
fn wanted(terms: &[Term], (leaf, from, to): (Index, Index, Index), how: u8) -> Wanted {
    let mut known = vec![b"47".to_vec()];
    terms.iter().for_each(|term| leaves(term, &mut known));
    let leaf = leaf.get(&known);
    let (from, to) = match how % 3 {
        0 => (0, leaf.len()),
        _ => (from.index(leaf.len() + 1), to.index(leaf.len() + 1)),
    };
    let part = leaf.get(from.min(to)..from.max(to)).unwrap();
    match std::str::from_utf8(part) {
        _ if part.is_empty() => Wanted::integer("7"),
        Ok(number) if how.is_multiple_of(2) && Needle::integer(part).is_some() => {
            Wanted::integer(number)
        }
        _ => Wanted::text(part),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn what_is_in_the_terms_is_found_and_nothing_else(
        terms in terms(),
        at in any::<(Index, Index, Index)>(),
        how in any::<u8>(),
    ) {
        let wanted = wanted(&terms, at, how);
        let needle = wanted.needle();
        let limits = Limits::default();
        let (session, payloads) = terms.split_first().unwrap();
        let expected = terms.iter().any(|term| wanted.is_in(term));
        let etf = recording(&wanted, session, payloads).to_bytes();
        prop_assert_eq!(contains(&etf, &needle, &limits), Ok(expected));
    }

    #[test]
    fn json_is_found_by_what_it_is_read_as(
        terms in terms(),
        at in any::<(Index, Index, Index)>(),
        how in any::<u8>(),
    ) {
        let wanted = wanted(&terms, at, how);
        let needle = wanted.needle();
        let limits = Limits::default();
        let session = Term::Map(vec![atom("x"), Term::Tuple(terms.clone())]);
        let (mut text, mut read) = (Vec::new(), Vec::new());
        json::encode(&recording(&wanted, &session, &terms).to_bytes(), &limits, &mut text).unwrap();
        let of_text = json::text_limits(&limits);
        json::decode(&text, &of_text, &|_| false, &mut read).unwrap();
        let expected = contains(&read, &needle, &json::term_limits(&limits)).unwrap();
        prop_assert_eq!(json::contains(&text, &needle, &of_text), Ok(expected));
    }
}

fn found(wanted: &Wanted, session: &Term) -> bool {
    let etf = recording(&Wanted::text("no"), session, &[]).to_bytes();
    contains(&etf, &wanted.needle(), &Limits::default()).unwrap()
}

#[test]
fn a_latin1_atom_is_found_by_every_part_of_its_name() {
    let name = "zoë÷x";
    let latin1: Vec<u8> = name.chars().map(|character| character as u8).collect();
    let short = [&[115, latin1.len() as u8][..], &latin1].concat();
    let long = [&[100, 0, latin1.len() as u8][..], &latin1].concat();
    for encoded in [short, long].map(Term::Opaque) {
        let session = Term::Tuple(vec![encoded]);
        for from in 0..name.len() {
            for to in from + 1..=name.len() {
                assert!(found(&Wanted::text(&name.as_bytes()[from..to]), &session));
            }
        }
        assert!(!found(&Wanted::text("zoé"), &session));
    }
}

#[test]
fn an_integer_is_found_in_every_encoding() {
    for value in [
        0_i64,
        1,
        255,
        256,
        -1,
        65_536,
        -65_536,
        i64::from(i32::MIN),
        i64::MAX,
        i64::MIN,
    ] {
        let mut encodings = Vec::new();
        if let Ok(byte) = u8::try_from(value) {
            encodings.push(vec![97, byte]);
            encodings.push(vec![107, 0, 2, byte, 9]);
        }
        if let Ok(value) = i32::try_from(value) {
            encodings.push([&[98][..], &value.to_be_bytes()].concat());
        }
        let magnitude = value.unsigned_abs().to_le_bytes();
        for sign in if value < 0 { [1, 7] } else { [0, 0] } {
            encodings.push([&[110, 8, sign][..], &magnitude].concat());
            encodings.push([&[110, 10, sign][..], &magnitude, &[0, 0]].concat());
            encodings.push([&[111, 0, 0, 0, 8, sign][..], &magnitude].concat());
        }
        for encoded in encodings {
            let session = Term::Tuple(vec![Term::Opaque(encoded.clone())]);
            let digits = value.to_string();
            assert!(found(&Wanted::integer(&digits), &session), "{encoded:?}");
            assert!(found(&Wanted::text(&digits), &session), "{encoded:?}");
            let other = Wanted::integer(&(i128::from(value) + 300).to_string());
            assert!(!found(&other, &session), "{encoded:?}");
        }
    }
}

#[test]
fn what_a_closure_has_closed_over_is_looked_at() {
    let mut body = [&[0][..], &[7; 16], &[0; 4], &[0, 0, 0, 1]].concat();
    body.extend(b"w\x01ma\x01a\x02gw\x01n\0\0\0\0\0\0\0\0\0m\0\0\0\x06secret");
    let size = (body.len() as u32 + 4).to_be_bytes();
    let session = Term::Tuple(vec![
        Term::Opaque([&b"p"[..], &size, &body].concat()),
        atom("z"),
    ]);
    assert!(found(&Wanted::text("secret"), &session));
    assert!(found(&Wanted::text("z"), &session));
    assert!(
        !found(&Wanted::text("m"), &session),
        "its module is no name of an atom in it"
    );
}

#[test]
fn fields_that_are_not_known_count_and_those_that_are_do_not() {
    let base = recording(&Wanted::text("no"), &Term::Nil, &[]);
    let Term::Map(mut fields) = base else {
        unreachable!()
    };
    fields.extend([
        atom("tenant"),
        binary("secret"),
        atom("url"),
        binary("http://x/?u=9"),
    ]);
    let etf = Term::Map(fields).to_bytes();
    let is_in = |text: &str| contains(&etf, &Wanted::text(text).needle(), &Limits::default());
    for (text, expected) in [
        ("secret", true),
        ("tenan", true),
        ("?u=9", true),
        ("session", false),
        ("connected", false),
        ("no", false),
    ] {
        assert_eq!(is_in(text), Ok(expected), "{text}");
    }
}

#[test]
fn json_is_found_however_it_is_written() {
    let is_in = |wanted: Wanted, session: &str| {
        let json = format!(r#"{{"id":"1","connected_at":2,"session":{session},"events":[]}}"#);
        json::contains(json.as_bytes(), &wanted.needle(), &Limits::default()).unwrap()
    };
    let text = |wanted: &str, session: &str| is_in(Wanted::text(wanted), session);
    let integer = |wanted: &str, session: &str| is_in(Wanted::integer(wanted), session);
    assert!(text("Zoë", r#"{"a":["Zo\u00eB"]}"#));
    assert!(text("a\"b/c\\", r#"{"a\"b\/c\\":1}"#));
    assert!(text("47\n11", r#"["47\n11"]"#) && text("😀", r#"["\ud83d\ude00"]"#));
    assert!(text("nil", "null") && text("rue", "[true]") && text("false", "false"));
    assert!(integer("4711", "[4711]") && integer("4711", r#""n=4711;""#));
    assert!(integer("-4711", "[-4711]") && text("-4711", "[-4711]"));
    assert!(!integer("4711", "[-4711, 47110, 4711.0, 4711e0]"));
    assert!(!integer("4711", r#"["14711", "47110"]"#));
    let big = "123456789012345678901234567890";
    assert!(integer(big, &format!("[{big}]")) && !integer(big, &format!("[-{big}]")));
    assert!(!text("session", "[1]") && !text("1", "[]") && !text("2", "[]"));
    assert!(!text("[", "[1]"));
}

#[test]
fn what_can_not_be_searched_for_is_no_needle() {
    assert!(Needle::text(b"").is_none() && Needle::text(&[b'x'; 4097]).is_none());
    assert!(Needle::text(&[b'x'; 4096]).is_some());
    for decimal in ["", "-", "-0", "01", "+1", "1.0", "1e3", " 1", "x"] {
        assert!(Needle::integer(decimal.as_bytes()).is_none(), "{decimal}");
    }
    assert!(Needle::integer(&[b'9'; 4097]).is_none());
}

#[test]
fn what_is_damaged_behind_the_bytes_that_are_wanted_is_an_error_or_was_not_needed() {
    let etf = recording(&Wanted::text("no"), &binary("secret"), &[binary("other")]).to_bytes();
    for length in 0..etf.len() {
        // Whatever it is, it comes to an end.
        let _ = contains(
            &etf[..length],
            &Wanted::text("other").needle(),
            &Limits::default(),
        );
        assert_eq!(
            contains(
                &etf[..length],
                &Wanted::text("not there").needle(),
                &Limits::default()
            ),
            Ok(false)
        );
    }
}
