//! Terms whose atoms and functions a runtime does not have.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod support;

use proptest::prelude::*;
use replay_etf::{AtomText, Limits, Missing, Replaced, Runtime, Token, Walker, replace, validate};
use support::term::Term;

/// Has these atoms, no exported function, and reads all identifiers.
struct Knows(&'static [&'static str]);

impl Runtime for Knows {
    fn has_atom(&self, text: AtomText<'_>) -> bool {
        self.0.contains(&&*text.to_str())
    }

    fn reads(&self, term: &[u8]) -> bool {
        term[0] != b'q'
    }
}

const SOME: Knows = Knows(&["known", "nil", "view", "__struct__", "n"]);

fn atom(text: &str) -> Term {
    Term::Atom(text.to_owned())
}

fn text(text: &str) -> Term {
    Term::Binary(text.as_bytes().to_vec())
}

/// `&:m.f/2`
fn export() -> Term {
    Term::Opaque(b"qw\x01mw\x01fa\x02".to_vec())
}

/// A function of the module `m`, over this variable.
fn closure(variable: &Term) -> Term {
    let mut body = [&[0][..], &[7; 16], &[0; 4], &[0, 0, 0, 1]].concat();
    body.extend(b"w\x01ma\x01a\x02Xw\x01n\0\0\0\0\0\0\0\0\0\0\0\0");
    body.extend(&variable.to_bytes()[1..]);
    let size = (body.len() as u32 + 4).to_be_bytes();
    Term::Opaque([&b"p"[..], &size, &body].concat())
}

/// A map of these keys, whose values are their numbers.
fn keyed(keys: Vec<Term>) -> Term {
    let pairs = keys.into_iter().enumerate();
    Term::Map(
        pairs
            .flat_map(|(at, key)| [key, Term::Integer(at as i64)])
            .collect(),
    )
}

fn without_atoms(term: &Term) -> Vec<u8> {
    let mut out = vec![131];
    replace(&term.to_bytes()[1..], &SOME, Replaced::All, &mut out).unwrap();
    validate(&out, &Limits::default()).expect("it is well-formed, and keys are distinct");
    out
}

#[track_caller]
fn becomes(term: &Term, expected: &Term) {
    assert_eq!(without_atoms(term), expected.to_bytes());
}

#[test]
fn an_atom_that_is_gone_is_its_text() {
    for (before, after) in [
        (atom("known"), atom("known")),
        (atom("gone"), text("gone")),
        (atom("Elixir.My.Gone"), text("Elixir.My.Gone")),
        (atom("größe"), text("größe")),
        // The same in Latin-1.
        (Term::Opaque(b"d\0\x05gr\xf6\xdfe".to_vec()), text("größe")),
        (
            Term::List(vec![atom("gone"), text("gone")], Box::new(atom("tail"))),
            Term::List(vec![text("gone"), text("gone")], Box::new(text("tail"))),
        ),
        (
            Term::Tuple(vec![atom("gone"), atom("known"), keyed(vec![atom("key")])]),
            Term::Tuple(vec![text("gone"), atom("known"), keyed(vec![text("key")])]),
        ),
    ] {
        becomes(&before, &after);
    }
    let gone = Term::Tuple(vec![atom("known"), atom("gone")]).to_bytes();
    for replaced in [
        Replaced::Nothing,
        Replaced::Identifiers,
        Replaced::Functions,
    ] {
        let missing = replace(&gone[1..], &SOME, replaced, &mut Vec::new());
        assert_eq!(missing, Err(Missing::Atom(5 + 8)));
    }
}

#[test]
fn a_module_is_written_as_in_code_where_it_names_a_struct_or_the_view() {
    let module = |key: &str| Term::Map(vec![atom(key), atom("Elixir.My.Gone")]);
    let written = |key: &str, text_of: &str| Term::Map(vec![atom(key), text(text_of)]);
    becomes(&module("__struct__"), &written("__struct__", "My.Gone"));
    becomes(&module("view"), &written("view", "My.Gone"));
    becomes(&module("known"), &written("known", "Elixir.My.Gone"));
    becomes(
        &Term::Tuple(vec![module("__struct__"), module("view")]),
        &Term::Tuple(vec![
            written("__struct__", "My.Gone"),
            written("view", "Elixir.My.Gone"),
        ]),
    );
    // The pair after it, and a value that is no atom, are nothing special.
    becomes(
        &Term::Map(vec![
            atom("__struct__"),
            Term::Tuple(vec![atom("Elixir.A")]),
            atom("known"),
            atom("Elixir.A"),
        ]),
        &Term::Map(vec![
            atom("__struct__"),
            Term::Tuple(vec![text("Elixir.A")]),
            atom("known"),
            text("Elixir.A"),
        ]),
    );
}

#[test]
fn keys_that_would_become_equal_are_marked() {
    for (before, after) in [
        (
            vec![atom("a"), text("b"), text("a"), atom("b"), atom("c")],
            vec![text(":a"), text("b"), text("a"), text(":b"), text("c")],
        ),
        (
            vec![text("a"), text(":a"), atom("a"), atom(":a"), text(":2:a")],
            vec![
                text("a"),
                text(":a"),
                text(":3:a"),
                text("::a"),
                text(":2:a"),
            ],
        ),
        // A key of several words is told from all others like it.
        (
            vec![
                Term::Tuple(vec![text("a"), text("b")]),
                Term::Tuple(vec![atom("a"), atom("b")]),
                keyed(vec![atom("a"), atom("c")]),
                atom("a"),
            ],
            vec![
                Term::Tuple(vec![text("a"), text("b")]),
                Term::Tuple(vec![text(":a"), text(":b")]),
                keyed(vec![text(":a"), text("c")]),
                text("a"),
            ],
        ),
        // So are functions, by what they have captured.
        (
            vec![
                export(),
                text("&:m.f/2"),
                closure(&text("a")),
                closure(&text("b")),
            ],
            vec![
                text(":&:m.f/2"),
                text("&:m.f/2"),
                text("#Function<1.2/0 in :m>"),
                text(":#Function<1.2/0 in :m>"),
            ],
        ),
    ] {
        becomes(&keyed(before), &keyed(after));
    }
    // Each map for itself.
    becomes(
        &Term::Tuple(vec![
            keyed(vec![atom("a"), text("a")]),
            Term::Map(vec![atom("a"), keyed(vec![text("a")])]),
        ]),
        &Term::Tuple(vec![
            keyed(vec![text(":a"), text("a")]),
            Term::Map(vec![text("a"), keyed(vec![text("a")])]),
        ]),
    );
}

#[test]
fn what_a_function_has_captured_is_replaced_within_it() {
    let known = Knows(&["m", "n"]);
    let mut out = Vec::new();
    let before = closure(&keyed(vec![atom("a"), text("a")])).to_bytes();
    replace(&before[1..], &known, Replaced::All, &mut out).unwrap();
    let after = closure(&keyed(vec![text(":a"), text("a")])).to_bytes();
    assert_eq!(out, after[1..]);
}

#[test]
fn a_million_levels_of_keys_are_no_matter() {
    for head in [&b"t\0\0\0\x01"[..], b"t\0\0\0\x01j", b"h\x01"] {
        let levels = 300_000;
        let mut term = head.repeat(levels);
        term.extend(b"w\x04gone");
        // Maps within keys still lack their values.
        let values = if head.len() == 5 { levels } else { 0 };
        term.extend(b"j".repeat(values));
        let mut out = Vec::new();
        replace(&term, &SOME, Replaced::All, &mut out).unwrap();
        assert_eq!(out.len(), term.len() + 3);
    }
}

/// Terms with keys that are alike.
fn alike() -> impl Strategy<Value = Term> {
    let words = [
        "a",
        "b",
        ":a",
        ":2:a",
        "known",
        "&:m.f/2",
        "#Function<1.2/0 in :m>",
    ];
    let word = || prop::sample::select(words.to_vec());
    let leaf = prop_oneof![
        word().prop_map(atom),
        word().prop_map(text),
        Just(export()),
        (0..3_i64).prop_map(|n| closure(&Term::Integer(n))),
        (0..3_i64).prop_map(Term::Integer),
    ];
    leaf.prop_recursive(4, 48, 5, |inner| {
        let many = || prop::collection::vec(inner.clone(), 0..5);
        prop_oneof![
            many().prop_map(Term::Tuple),
            (prop::collection::vec(inner.clone(), 1..4), inner.clone())
                .prop_map(|(elements, tail)| Term::List(elements, Box::new(tail))),
            many().prop_map(keyed),
            prop::collection::vec((inner.clone(), inner.clone()), 0..8).prop_map(
                |pairs| Term::Map(
                    pairs
                        .into_iter()
                        .flat_map(|(key, value)| [key, value])
                        .collect()
                )
            ),
        ]
    })
}

/// Containers, and how large they are; the rest goes to `leaf`.
fn shape(term: &[u8], mut leaf: impl FnMut(Token<'_>)) -> Vec<(char, u32)> {
    let mut walker = Walker::new(term, &Limits::default()).unwrap();
    let mut shape = Vec::new();
    loop {
        match walker.token().unwrap() {
            Token::Map(pairs) => shape.push(('m', pairs)),
            Token::Tuple(arity) => shape.push(('t', arity)),
            Token::List(length) => shape.push(('l', length)),
            token => leaf(token),
        }
        if walker.depth() == 0 {
            return shape;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn nothing_that_was_different_becomes_equal(term in alike()) {
        let before = term.to_bytes();
        prop_assume!(validate(&before, &Limits::default()).is_ok());
        let shape_after = shape(&without_atoms(&term), |leaf| match leaf {
            Token::Atom(text) => assert!(SOME.has_atom(text)),
            leaf => assert!(!matches!(leaf, Token::Opaque(..))),
        });
        assert_eq!(shape_after, shape(&before, |_| {}));
    }
}
