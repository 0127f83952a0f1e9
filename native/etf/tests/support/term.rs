//! Terms as values, with an encoder that shares nothing with the library.

use proptest::prelude::*;

#[derive(Debug, Clone, PartialEq)]
pub enum Term {
    Integer(i64),
    Big(bool, Vec<u8>),
    Float(f64),
    Atom(String),
    Binary(Vec<u8>),
    Bits(Vec<u8>, u8),
    Nil,
    String(Vec<u8>),
    List(Vec<Term>, Box<Term>),
    Tuple(Vec<Term>),
    /// Keys and values in turn.
    Map(Vec<Term>),
    /// A pid, port, reference or function, already encoded.
    Opaque(Vec<u8>),
}

impl Term {
    /// The term with its version byte.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = vec![131];
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut Vec<u8>) {
        let sized = |out: &mut Vec<u8>, tag: u8, length: usize| {
            out.push(tag);
            out.extend((length as u32).to_be_bytes());
        };
        match self {
            Term::Integer(value @ 0..256) => out.extend([97, *value as u8]),
            Term::Integer(value) => match i32::try_from(*value) {
                Ok(value) => {
                    out.push(98);
                    out.extend(value.to_be_bytes());
                }
                Err(_) => {
                    out.extend([110, 8, u8::from(*value < 0)]);
                    out.extend(value.unsigned_abs().to_le_bytes());
                }
            },
            Term::Big(negative, magnitude) => {
                sized(out, 111, magnitude.len());
                out.push(u8::from(*negative));
                out.extend(magnitude);
            }
            Term::Float(value) => {
                out.push(70);
                out.extend(value.to_be_bytes());
            }
            Term::Atom(text) => {
                out.push(118);
                out.extend((text.len() as u16).to_be_bytes());
                out.extend(text.as_bytes());
            }
            Term::Binary(bytes) => {
                sized(out, 109, bytes.len());
                out.extend(bytes);
            }
            Term::Bits(bytes, last_bits) => {
                sized(out, 77, bytes.len());
                out.push(*last_bits);
                out.extend(bytes);
            }
            Term::Nil => out.push(106),
            Term::String(bytes) => {
                out.push(107);
                out.extend((bytes.len() as u16).to_be_bytes());
                out.extend(bytes);
            }
            Term::List(elements, tail) => {
                sized(out, 108, elements.len());
                elements.iter().for_each(|element| element.write(out));
                tail.write(out);
            }
            Term::Tuple(elements) => {
                sized(out, 105, elements.len());
                elements.iter().for_each(|element| element.write(out));
            }
            Term::Map(pairs) => {
                sized(out, 116, pairs.len() / 2);
                pairs.iter().for_each(|part| part.write(out));
            }
            Term::Opaque(bytes) => out.extend(bytes),
        }
    }
}

/// Terms of every kind, a few levels deep. No map has the same key twice.
pub fn any_term() -> impl Strategy<Value = Term> {
    leaf().prop_recursive(5, 64, 6, |inner| {
        let many = prop::collection::vec(inner.clone(), 0..6);
        prop_oneof![
            (prop::collection::vec(inner.clone(), 1..6), Just(Term::Nil)).prop_map(list),
            (prop::collection::vec(inner.clone(), 1..6), inner.clone()).prop_map(list),
            many.clone().prop_map(Term::Tuple),
            many.prop_map(map),
            prop::collection::vec(inner, 0..3).prop_map(closure),
        ]
    })
}

fn leaf() -> impl Strategy<Value = Term> {
    let bytes = || prop::collection::vec(any::<u8>(), 0..24);
    prop_oneof![
        any::<i64>().prop_map(Term::Integer),
        (0..300_i64).prop_map(Term::Integer),
        (
            any::<bool>(),
            prop::collection::vec(any::<u8>(), 9..300),
            1..=255_u8
        )
            .prop_map(|(negative, mut magnitude, last)| {
                magnitude.push(last);
                Term::Big(negative, magnitude)
            }),
        prop::num::f64::NORMAL.prop_map(Term::Float),
        prop::sample::select(vec![
            "nil",
            "true",
            "ok",
            "Elixir.My.App",
            "__struct__",
            "a b"
        ])
        .prop_map(|text| Term::Atom(text.to_owned())),
        "\\PC{0,20}".prop_map(Term::Atom),
        "\\PC{0,20}".prop_map(|text| Term::Binary(text.into_bytes())),
        bytes().prop_map(Term::Binary),
        (prop::collection::vec(any::<u8>(), 1..9), 1..8_u8)
            .prop_map(|(bytes, last_bits)| Term::Bits(bytes, last_bits)),
        Just(Term::Nil),
        prop::collection::vec(any::<u8>(), 1..24).prop_map(Term::String),
        any::<[u8; 12]>().prop_map(|parts| Term::Opaque([&b"Xw\x01n"[..], &parts].concat())),
        any::<[u8; 12]>().prop_map(|parts| Term::Opaque([&b"xw\x01n"[..], &parts].concat())),
        any::<[u8; 12]>().prop_map(|parts| Term::Opaque([&b"Z\0\x02w\x01n"[..], &parts].concat())),
        any::<u8>().prop_map(|arity| Term::Opaque([&b"qw\x01mw\x01fa"[..], &[arity]].concat())),
    ]
}

fn list((elements, tail): (Vec<Term>, Term)) -> Term {
    Term::List(elements, Box::new(tail))
}

/// A map of these keys; each one's value is its number.
fn map(keys: Vec<Term>) -> Term {
    let numbered = keys.into_iter().enumerate();
    // The number in the key keeps keys apart.
    Term::Map(
        numbered
            .flat_map(|(at, key)| {
                let at = Term::Integer(at as i64);
                [Term::Tuple(vec![at.clone(), key]), at]
            })
            .collect(),
    )
}

/// A closure over these variables.
fn closure(variables: Vec<Term>) -> Term {
    let mut body = [
        &[0][..],
        &[7; 16],
        &[0; 4],
        &(variables.len() as u32).to_be_bytes(),
    ]
    .concat();
    body.extend(b"w\x01ma\x01a\x02gw\x01n\0\0\0\0\0\0\0\0\0");
    variables
        .iter()
        .for_each(|variable| variable.write(&mut body));
    let size = (body.len() as u32 + 4).to_be_bytes();
    Term::Opaque([&b"p"[..], &size, &body].concat())
}
