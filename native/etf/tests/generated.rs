//! Terms of all kinds, generated: however they are walked, the result is the same.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod support;

use proptest::prelude::*;
use replay_etf::{Limits, Token, Walker, validate};
use support::term::{Term, any_term};

/// Reads one term, and counts its tokens.
fn read(walker: &mut Walker<'_>, tokens: &mut usize) -> Term {
    *tokens += 1;
    let depth = walker.depth();
    let many = |count: u32, walker: &mut Walker<'_>, tokens: &mut usize| {
        (0..count)
            .map(|_| read(walker, tokens))
            .collect::<Vec<Term>>()
    };
    let term = match walker.token().unwrap() {
        Token::Integer(value) => Term::Integer(value),
        Token::Big(big) => Term::Big(big.negative, big.magnitude.to_vec()),
        Token::Float(value) => Term::Float(value),
        Token::Atom(text) => Term::Atom(text.to_str().into_owned()),
        Token::Binary(bytes) => Term::Binary(bytes.to_vec()),
        Token::Bits { bytes, last_bits } => Term::Bits(bytes.to_vec(), last_bits),
        Token::Nil => Term::Nil,
        Token::String(bytes) => Term::String(bytes.to_vec()),
        Token::List(length) => {
            let elements = many(length, walker, tokens);
            Term::List(elements, Box::new(read(walker, tokens)))
        }
        Token::Tuple(arity) => Term::Tuple(many(arity, walker, tokens)),
        Token::Map(pairs) => Term::Map(many(pairs * 2, walker, tokens)),
        Token::Opaque(_, bytes) => Term::Opaque(bytes.to_vec()),
    };
    assert!(
        walker.depth() <= depth,
        "a container is closed by its last term"
    );
    term
}

proptest! {
    #[test]
    fn reading_a_term_yields_what_was_written(term in any_term()) {
        let bytes = term.to_bytes();
        let mut walker = Walker::new(&bytes, &Limits::default()).unwrap();
        prop_assert_eq!(read(&mut walker, &mut 0), term);
        prop_assert!(walker.is_at_end());
    }

    #[test]
    fn skipping_reading_and_validating_agree(term in any_term()) {
        let bytes = term.to_bytes();
        let mut tokens = 0;
        read(&mut Walker::new(&bytes, &Limits::default()).unwrap(), &mut tokens);
        let mut walker = Walker::new(&bytes, &Limits::default()).unwrap();
        prop_assert_eq!(walker.raw().unwrap(), &bytes[1..]);
        prop_assert_eq!(validate(&bytes, &Limits::default()), Ok(bytes.len()));
    }

    /// Whatever is skipped on the way, the walker ends at the same place.
    #[test]
    fn skipping_any_part_leads_on(term in any_term(), choices in prop::collection::vec(any::<bool>(), 64)) {
        let bytes = term.to_bytes();
        let mut walker = Walker::new(&bytes, &Limits::default()).unwrap();
        let mut choices = choices.into_iter().cycle();
        while !walker.is_at_end() {
            if choices.next().unwrap() {
                walker.skip().unwrap();
            } else {
                walker.token().unwrap();
            }
        }
        prop_assert_eq!(walker.depth(), 0);
    }

    #[test]
    fn a_cut_term_is_an_error_wherever_it_is_cut(term in any_term(), at in any::<prop::sample::Index>()) {
        let bytes = term.to_bytes();
        let length = at.index(bytes.len());
        prop_assert!(validate(&bytes[..length], &Limits::default()).is_err());
    }

    #[test]
    fn a_term_seen_before_can_be_passed_by_its_length(term in any_term()) {
        let seen = &term.to_bytes()[1..];
        let bytes = [b"\x83h\x03", seen, seen, b"j"].concat();
        let mut walker = Walker::new(&bytes, &Limits::default()).unwrap();
        prop_assert_eq!(walker.token(), Ok(Token::Tuple(3)));
        let length = walker.raw().unwrap().len();
        walker.skip_equal(length).unwrap();
        prop_assert_eq!(walker.token(), Ok(Token::Nil));
        prop_assert!(walker.is_at_end() && walker.depth() == 0);
    }
}
