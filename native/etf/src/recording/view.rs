use std::borrow::Cow;

use crate::name;

/// The view that was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum View<'a> {
    /// An atom's whole text, for a module `"Elixir.My.Live"`.
    Atom(Cow<'a, str>),
    /// A string, which is what JSON leaves when the runtime has no such module.
    Name(Cow<'a, str>),
    /// None is given.
    None,
}

impl<'a> View<'a> {
    /// What a name in JSON stands for: [`View::None`] is written as its `nil`.
    pub(crate) fn of_json(name: Cow<'a, str>) -> Self {
        if name == name::NIL {
            View::None
        } else {
            View::Name(name)
        }
    }

    /// The view as a reader writes it: `My.Live` for a module, `:other` for another atom, a name
    /// as it is, and nothing for none.
    pub fn inspected(&self) -> Cow<'_, str> {
        match self {
            View::Atom(atom) => name::inspect(atom),
            View::Name(name) => Cow::Borrowed(name),
            View::None => Cow::Borrowed(""),
        }
    }

    /// A copy that borrows nothing.
    pub fn into_owned(self) -> View<'static> {
        match self {
            View::Atom(atom) => View::Atom(Cow::Owned(atom.into_owned())),
            View::Name(name) => View::Name(Cow::Owned(name.into_owned())),
            View::None => View::None,
        }
    }
}
