//! The encoder and the decoder on their own, for tests and benchmarks.

use replay_etf::{Limits, Replaced, tag};
use rustler::{Atom, Binary, Encoder, Env, NewBinary, NifResult, Term};

use crate::atoms::word;
use crate::changes::{Assigns, Table};
use crate::encode::Effort;
use crate::errors::Failure;
use crate::options::Compression;
use crate::terms::Items;
use crate::{decode, encode, vm};

rustler::atoms! { delta, refused }

/// `term → {:ok, binary} | {:error, :too_large}`.
#[rustler::nif(schedule = "DirtyCpu")]
fn codec_encode<'a>(env: Env<'a>, term: Term<'a>) -> Term<'a> {
    let binary = encode::lend(term, Limits::default().max_bytes, Effort::Any, |bytes| {
        let mut binary = NewBinary::new(env, bytes.len());
        binary.as_mut_slice().copy_from_slice(bytes);
        Binary::from(binary)
    });
    match binary {
        Ok(binary) => (rustler::types::atom::ok(), binary).encode(env),
        Err(full) => Failure::from(full).encode(env),
    }
}

/// What an event has that records the `keys` of `values` by the rules of a sanitizer, `{:ok,
/// binary}`, or `:refused`. `modules` says of each module of a struct whether it is a schema's.
#[rustler::nif(schedule = "DirtyCpu")]
fn codec_sanitize<'a>(
    env: Env<'a>,
    keys: Term<'a>,
    values: Term<'a>,
    modules: Items<(Atom, bool)>,
) -> Term<'a> {
    let mut table = Table::default();
    for (module, is_schema) in modules.0 {
        table.modules.learn(word(module.as_c_arg()), is_schema);
    }
    let assigns = Assigns::raw(0.encode(env), delta().to_term(env), keys, values);
    // SAFETY: all are arguments of this call, or were just made.
    match unsafe { assigns.in_full(vm::Env::of(env), &table) } {
        Ok(event) => {
            let mut binary = NewBinary::new(env, event.len() + 1);
            let (version, rest) = binary.as_mut_slice().split_at_mut(1);
            version.copy_from_slice(&[tag::VERSION]);
            rest.copy_from_slice(&event);
            (rustler::types::atom::ok(), Binary::from(binary)).encode(env)
        }
        Err(_) => refused().encode(env),
    }
}

/// `binary → {:ok, term} | {:error, reason}`, as `binary_to_term/2` with
/// `[:safe]`.
#[rustler::nif(schedule = "DirtyCpu")]
fn codec_decode<'a>(env: Env<'a>, bytes: Binary<'a>) -> Term<'a> {
    let limits = Limits::default();
    let decoded = replay_etf::expand(&bytes, &limits)
        .map_err(decode::Error::from)
        .and_then(|plain| decode::from_slice(env, &plain, &limits, Replaced::Nothing));
    match decoded {
        Ok(term) => (rustler::types::atom::ok(), term).encode(env),
        Err(error) => Failure::from(error).encode(env),
    }
}

/// A binary, compressed as a recording's file is.
#[rustler::nif(schedule = "DirtyCpu")]
fn codec_compress<'a>(
    env: Env<'a>,
    content: Binary<'a>,
    compression: Compression,
) -> NifResult<Binary<'a>> {
    let packed =
        replay_store::compress(&content, compression.into()).map_err(|_| rustler::Error::BadArg)?;
    let mut binary = NewBinary::new(env, packed.len());
    binary.as_mut_slice().copy_from_slice(&packed);
    Ok(binary.into())
}

/// Panics, for tests of what becomes of that.
#[rustler::nif(schedule = "DirtyCpu")]
#[expect(clippy::panic, reason = "that is what it is for")]
fn codec_panic() -> bool {
    panic!("as a test wants it");
}
