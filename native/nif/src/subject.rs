//! Whom a recording belongs to, as a term: an integer or a binary.

use replay_store::Subject as Known;
use rustler::{Binary, Decoder, Encoder, Env, NifResult, Term};

use crate::terms::binary;

/// The engine's subject.
pub struct Subject(pub Known);

impl<'a> Decoder<'a> for Subject {
    fn decode(term: Term<'a>) -> NifResult<Self> {
        if let Ok(number) = term.decode() {
            return Ok(Subject(Known::Integer(number)));
        }
        let text: Binary<'_> = term.decode()?;
        let known = Known::text(&text).ok_or(rustler::Error::BadArg)?;
        Ok(Subject(known))
    }
}

/// The subject that the engine knows.
pub fn term<'a>(env: Env<'a>, subject: &Known) -> Term<'a> {
    match subject {
        Known::Integer(number) => number.encode(env),
        Known::Text(text) => binary(env, text),
    }
}
