//! Reading recordings without building them.
//!
//! A recording is stored as one Erlang term in the [External Term Format], or as one JSON
//! object. This crate walks, checks, summarizes and transcodes both, straight from the bytes:
//!
//! * [`Walker`] pulls [`Token`]s out of a term, or skips it, without copying anything;
//! * [`validate()`] and [`expand()`] check a whole term and unpack a compressed one;
//! * [`recording`] knows the shape of a recording and yields its [`Summary`];
//! * [`json`] turns a recording into JSON and back;
//! * [`replace()`] makes terms of another runtime readable to one;
//! * [`Needle`] is what recordings are searched for;
//! * [`Repeats`] spares reading again what came before.
//!
//! ```
//! use replay_etf::{Limits, Token, Walker};
//!
//! // {ok, 7}
//! let term = [131, 104, 2, 119, 2, b'o', b'k', 97, 7];
//! let mut walker = Walker::new(&term, &Limits::default())?;
//! assert_eq!(walker.token()?, Token::Tuple(2));
//! walker.skip()?;
//! assert_eq!(walker.token()?, Token::Integer(7));
//! # Ok::<(), replay_etf::Error>(())
//! ```
//!
//! Every input may be hostile: nesting, size and counts are capped by [`Limits`], nothing
//! recurses without a bound, and each fault is an [`Error`] that says what is wrong and at which
//! byte. Nothing here does any I/O.
//!
//! [External Term Format]: https://www.erlang.org/doc/apps/erts/erl_ext_dist.html
#![forbid(unsafe_code)]

mod atom;
mod cursor;
mod distinct;
mod error;
mod expand;
pub mod json;
mod limits;
mod name;
mod needle;
mod number;
mod opaque;
mod parts;
mod rare;
pub mod recording;
mod repeats;
mod replace;
mod runtime;
mod spelling;
pub mod tag;
mod token;
mod validate;
mod walker;

pub use atom::AtomText;
pub use error::{Error, ErrorKind};
pub use expand::expand;
pub use limits::Limits;
pub use needle::{MAX_NEEDLE_BYTES, Needle};
pub use recording::{EventCounts, EventHead, EventKind, Field, Summary, View, summarize};
pub use repeats::Repeats;
pub use replace::{Missing, Replaced, replace};
pub use runtime::Runtime;
pub use token::{Big, OpaqueKind, Token};
pub use validate::validate;
pub use walker::Walker;
