//! What is found, kind by kind.

use replay_etf::json;
use replay_etf::recording::contains;
use replay_etf::{Limits, Needle};

use crate::support::term::Term;
use crate::{Wanted, atom, binary, recording};

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
