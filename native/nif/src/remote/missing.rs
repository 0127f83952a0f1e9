//! What there is of a bucket without the feature: that there is none.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use replay_store::{Erased, Error, Filter, Store};
use rustler::{Atom, Decoder, Encoder, Env, NifResult, Term};

mod atoms {
    rustler::atoms! { remote, unsupported }
}

/// Somebody wants one.
#[derive(Clone)]
pub struct Wanted;

impl<'a> Decoder<'a> for Wanted {
    fn decode(term: Term<'a>) -> NifResult<Self> {
        if term.is_map() {
            Ok(Wanted)
        } else {
            Err(rustler::Error::BadArg)
        }
    }
}

/// No directory with one is open.
pub fn differing(own: Option<&Wanted>, asked: Option<&Wanted>) -> Vec<Atom> {
    let differs = own.is_some() != asked.is_some();
    differs.then(atoms::remote).into_iter().collect()
}

/// There is none.
pub struct Refused;

impl Encoder for Refused {
    fn encode<'a>(&self, env: Env<'a>) -> Term<'a> {
        (atoms::unsupported(), atoms::remote()).encode(env)
    }
}

/// See [`prepare`].
pub struct Ready(Infallible);

/// Refuses whoever wants one.
pub fn prepare(wanted: Option<&Wanted>) -> Result<Option<Ready>, Refused> {
    match wanted {
        Some(_) => Err(Refused),
        None => Ok(None),
    }
}

impl Ready {
    pub fn link(self, _store: &Store) -> io::Result<Link> {
        match self.0 {}
    }
}

/// There is none.
pub struct Link(Infallible);

impl Link {
    pub fn is_near(&self, _id: &[u8]) -> bool {
        match self.0 {}
    }

    pub fn pending_uploads(&self) -> usize {
        match self.0 {}
    }

    pub fn report(&self) -> Report {
        match self.0 {}
    }

    pub fn drain(&self, _timeout: Duration) -> usize {
        match self.0 {}
    }

    pub fn erase(
        &self,
        _filter: &Filter,
        _timeout: Duration,
        _erase: impl FnOnce() -> Result<Erased, Error>,
    ) -> Result<(Erased, Nodes), Error> {
        match self.0 {}
    }
}

/// There is none.
pub struct Report(Infallible);

impl Encoder for Report {
    fn encode<'a>(&self, _env: Env<'a>) -> Term<'a> {
        match self.0 {}
    }
}

/// There is none.
pub struct Nodes(Infallible);

impl Encoder for Nodes {
    fn encode<'a>(&self, _env: Env<'a>) -> Term<'a> {
        match self.0 {}
    }
}
