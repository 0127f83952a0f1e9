//! Bytes and lists as Elixir holds them.

use std::path::Path;

use rustler::{Decoder, Env, NewBinary, NifResult, Term};

/// The items of a list. An improper one is refused; rustler's own decoder panics at its end.
pub struct Items<T>(pub Vec<T>);

impl<'a, T: Decoder<'a>> Decoder<'a> for Items<T> {
    fn decode(term: Term<'a>) -> NifResult<Self> {
        term.list_length()?;
        term.decode().map(Items)
    }
}

/// A binary with these bytes.
pub fn binary<'a>(env: Env<'a>, bytes: &[u8]) -> Term<'a> {
    let mut new = NewBinary::new(env, bytes.len());
    new.as_mut_slice().copy_from_slice(bytes);
    new.into()
}

/// A path as Elixir writes it.
#[cfg(unix)]
pub fn path_of(bytes: &[u8]) -> &Path {
    use std::os::unix::ffi::OsStrExt;
    Path::new(std::ffi::OsStr::from_bytes(bytes))
}
