//! How a view is written, whether the file is Erlang's or JSON.

use crate::View;

/// What Elixir puts before the names of its modules, among the atoms. Older releases wrote it to
/// JSON.
const MODULE: &str = "Elixir.";

/// The view as `inspect/1` writes it, and nothing for none.
pub(super) fn name(view: &View) -> String {
    match view {
        View::Atom(atom) => replay_etf::View::Atom((&**atom).into())
            .inspected()
            .into_owned(),
        View::Name(name) => name.strip_prefix(MODULE).unwrap_or(name).to_owned(),
        View::None => String::new(),
    }
}

/// Whether [`name`] is this one. Asked of every recording: comparing must do for most.
pub(super) fn is_named(view: &View, wanted: &str) -> bool {
    match view {
        View::Atom(atom) => match atom.strip_prefix(MODULE) {
            Some(module) if module == wanted => true,
            // An atom that is not quite a module is written with a colon.
            Some(_) if !wanted.starts_with(':') => false,
            _ => name(view) == wanted,
        },
        View::Name(name) => name.strip_prefix(MODULE).unwrap_or(name) == wanted,
        View::None => wanted.is_empty(),
    }
}
