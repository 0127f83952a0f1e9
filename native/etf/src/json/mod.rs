//! Recordings as JSON, in the format of the pure-Elixir backend.
//!
//! A recording is an object of `id`, `view`, `url`, `params`, `session`, `connected_at` and
//! `events`; an event is `{"offset": 0, "type": "mount", "payload": {}}`. JSON holds less than a
//! term, so encoding keeps what it can and makes the rest readable:
//!
//! | term | JSON |
//! | --- | --- |
//! | `nil`, `true`, `false` | `null`, `true`, `false` |
//! | another atom | its text, `"Elixir.My.Module"` for a module |
//! | integer, float | number; an integer of more than 1024 characters becomes text |
//! | binary | string; what is not UTF-8 becomes `"<<255, 1>>"` |
//! | list, tuple | array; an improper list's tail is the last element |
//! | map | object; a key that is no text becomes what `to_string/1` makes of it, or else the text it is written as |
//! | struct | object of its fields, and `"__struct__": "My.Module"` |
//! | `Date`, `Time`, `NaiveDateTime`, `DateTime` in `params` and `session` | ISO 8601 |
//! | bitstring, pid, port, reference, function | the text it is written as |
//!
//! When two keys become the same text, the later one wins. The view is written as its name,
//! without the `Elixir.` of its atom, and as `nil` where there is none.

pub(crate) mod decimal;
mod decoder;
mod encoder;
mod escapes;
mod etf_writer;
mod fields;
pub(crate) mod inspect;
mod limits;
mod overrides;
mod reader;
mod search;
mod summarizer;
mod templates;
mod validator;

pub use decoder::decode;
pub use encoder::{Encoded, encode};
pub use limits::{term_limits, text_limits};
pub use reader::Fault;
pub use search::contains;
pub use summarizer::{is_read_elsewhere, summarize};

/// Deepest nesting of arrays and objects that is written, those of the recording itself included:
/// for the readers after this one, which itself needs no stack.
pub const MAX_DEPTH: usize = 1000;
