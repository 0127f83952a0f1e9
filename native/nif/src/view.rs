//! The view of a recording as a term.

use std::borrow::Cow;

use replay_etf::{AtomText, View};
use rustler::{Encoder, Env as NifEnv};

use crate::decode;
use crate::vm::{Env, Raw};

/// Elixir's name for its modules among the atoms.
const MODULE: &str = "Elixir.";

/// The view's module if this VM has it, else its name as `inspect/1` writes
/// it: a name that comes out of a file never becomes an atom.
pub fn term(env: NifEnv<'_>, view: &View<'_>) -> Raw {
    let vm = Env::of(env);
    let module = match view {
        View::Atom(text) => decode::existing_atom(vm, AtomText::Utf8(text)),
        View::Name(name) => module_named(vm, name),
        View::None => return rustler::types::atom::nil().encode(env).as_c_arg(),
    };
    module.unwrap_or_else(|| vm.make_binary(view.inspected().as_bytes()))
}

/// The view of a recording that the engine knows, as [`term`].
pub fn stored_term(env: NifEnv<'_>, view: &replay_store::View) -> Raw {
    let view = match view {
        replay_store::View::Atom(text) => View::Atom(Cow::Borrowed(text)),
        replay_store::View::Name(text) => View::Name(Cow::Borrowed(text)),
        replay_store::View::None => View::None,
    };
    term(env, &view)
}

/// JSON holds `My.View`, of older releases also `Elixir.My.View`.
fn module_named(vm: Env, name: &str) -> Option<Raw> {
    let name = name.strip_prefix(MODULE).unwrap_or(name);
    decode::existing_atom(vm, AtomText::Utf8(&[MODULE, name].concat()))
}
