//! How a view is written, whether the file is Erlang's or JSON.

use crate::index::View;

/// What Elixir puts before the names of its modules, among the atoms. Older releases wrote it to
/// JSON.
const MODULE: &str = "Elixir.";

impl View {
    /// The view as `inspect/1` writes it, and nothing for none.
    pub fn inspected(&self) -> String {
        match self {
            View::Atom(atom) => replay_etf::View::Atom((&**atom).into())
                .inspected()
                .into_owned(),
            View::Name(name) => name.strip_prefix(MODULE).unwrap_or(name).to_owned(),
            View::None => String::new(),
        }
    }
}

/// Whether what [`View::inspected`] gives is this. Asked of every recording: comparing must do for most.
pub(super) fn is_named(view: &View, wanted: &str) -> bool {
    match view {
        View::Atom(atom) => match atom.strip_prefix(MODULE) {
            Some(module) if module == wanted => true,
            // An atom that is not quite a module is written with a colon.
            Some(_) if !wanted.starts_with(':') => false,
            _ => view.inspected() == wanted,
        },
        View::Name(name) => name.strip_prefix(MODULE).unwrap_or(name) == wanted,
        View::None => wanted.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_is_found_by_the_name_that_it_is_given_out_with() {
        let atom = |text: &str| View::Atom(text.into());
        let string = |text: &str| View::Name(text.into());
        for (view, written) in [
            (atom("Elixir.My.Live"), "My.Live"),
            (string("My.Live"), "My.Live"),
            (string("Elixir.My.Live"), "My.Live"),
            (atom("other"), ":other"),
            (atom("with space"), ":\"with space\""),
            (atom("Elixir.not quite"), ":\"Elixir.not quite\""),
            (atom("true"), "true"),
            (string(":other"), ":other"),
            (View::None, ""),
        ] {
            assert_eq!(view.inspected(), written);
            assert!(is_named(&view, written), "{view:?}");
            for other in ["My.Live2", "My.Liv", "Live", ":", ":My.Live", "other"] {
                assert!(!is_named(&view, other), "{view:?} {other}");
            }
        }
    }
}
