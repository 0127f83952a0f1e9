//! What the host's default sanitizer does with a map.

use super::table::Modules;
use super::{How, Stop, word};
use crate::role::{Role, is_sensitive};
use crate::vm::{Env, Kind, MapPairs, Raw};
use crate::{atoms, vm};

/// What a map is to the rules.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Nothing: it is written as it is.
    Opaque,
    /// A map of its own.
    Fields,
    /// A struct of a schema.
    Schema,
    Form,
    Changeset,
}

impl Shape {
    /// The shape of a map under the rules. `modules` says which are those of schemas.
    ///
    /// # Safety
    /// `map` must be a map of `env`.
    pub unsafe fn of(env: Env, map: Raw, modules: &Modules) -> Result<Self, Stop> {
        // SAFETY: the caller's promise.
        let Some(module) = (unsafe { env.map_get(map, vm::struct_key(env)) }) else {
            return Ok(Shape::Fields);
        };
        // SAFETY: the value belongs to the map's environment.
        match unsafe { role_of(env, module) } {
            // The host raises where this is no module.
            None => Err(Stop::Refused),
            Some(Role::Form) => Ok(Shape::Form),
            Some(Role::Changeset) => Ok(Shape::Changeset),
            Some(_) => match modules.is_schema(word(module)) {
                Some(true) => Ok(Shape::Schema),
                Some(false) => Ok(Shape::Opaque),
                None => Err(Stop::Module(module)),
            },
        }
    }

    /// How many keys a struct of this shape must have for the rules to be applied.
    fn required(self) -> u8 {
        match self {
            Shape::Form => 3,
            Shape::Changeset => 7,
            Shape::Opaque | Shape::Fields | Shape::Schema => 0,
        }
    }

    /// What becomes of what is under a key; nothing if it is left out.
    ///
    /// # Safety
    /// As [`is_sensitive_key`].
    #[inline]
    pub unsafe fn treats(self, env: Env, key: Raw) -> Result<Option<How>, Stop> {
        if self == Shape::Opaque {
            return Ok(Some(How::Raw));
        }
        // SAFETY: the caller's promise.
        let role = unsafe { role_of(env, key) };
        Ok(match (self, role) {
            (Shape::Fields | Shape::Schema, None) => {
                // SAFETY: as above.
                (!unsafe { is_sensitive_key(env, key)? }).then_some(How::Clean)
            }
            (Shape::Fields | Shape::Schema, Some(Role::Sensitive)) => None,
            (Shape::Schema, Some(Role::Struct | Role::Meta)) => None,
            (Shape::Fields | Shape::Schema, _) => Some(How::Clean),
            (Shape::Form, Some(Role::Source | Role::Data)) => Some(How::Clean),
            (Shape::Form, Some(Role::Options)) => Some(How::Empty),
            (Shape::Changeset, Some(Role::Data | Role::Changes)) => Some(How::Clean),
            (Shape::Changeset, Some(Role::Types | Role::Repo)) => Some(How::Nil),
            (Shape::Changeset, Some(Role::Validations | Role::Prepare | Role::RepoOpts)) => {
                Some(How::Empty)
            }
            _ => Some(How::Raw),
        })
    }
}

/// The role of an atom; nothing of any other term.
///
/// # Safety
/// The term must be one of `env`.
#[inline]
pub unsafe fn role_of(env: Env, term: Raw) -> Option<Role> {
    if let Some(role) = atoms::known_role(term) {
        return Some(role);
    }
    // SAFETY: the caller's promise.
    unsafe { (env.kind(term) == Kind::Atom).then(|| atoms::role(env, term)) }
}

/// Whether what is under a key that is no atom is left out. The host goes by its text.
///
/// # Safety
/// The key must be a term of `env`.
pub unsafe fn is_sensitive_key(env: Env, key: Raw) -> Result<bool, Stop> {
    // SAFETY: the caller's promise.
    unsafe {
        match env.kind(key) {
            Kind::Bitstring => Ok(env.binary(key).is_some_and(is_sensitive)),
            // The text of a struct can be anything.
            Kind::Map => Err(Stop::Refused),
            // That of others is never a name: there are digits, brackets or quotes in it.
            _ => Ok(false),
        }
    }
}

/// The pairs of a map that are written, and how.
pub struct Fields {
    env: Env,
    pairs: MapPairs,
    shape: Shape,
    missing: u8,
}

impl Fields {
    /// Walks nothing yet; see [`MapPairs::new`].
    #[inline]
    pub fn new(env: Env, shape: Shape) -> Self {
        Fields {
            env,
            pairs: MapPairs::new(env),
            shape,
            missing: shape.required(),
        }
    }

    /// Goes to the first pair, and tells how many there are, those that are left out among them;
    /// nothing if the term is no map.
    ///
    /// # Safety
    /// As [`MapPairs::start`].
    #[inline]
    pub unsafe fn start(&mut self, map: Raw) -> Option<usize> {
        // SAFETY: passed on.
        unsafe { self.pairs.start(map) }
    }

    /// The next pair.
    ///
    /// # Safety
    /// As [`Fields::start`].
    #[inline]
    pub unsafe fn next(&mut self) -> Result<Option<(Raw, Raw, How)>, Stop> {
        for (key, value) in self.pairs.by_ref() {
            // SAFETY: the key belongs to the map's environment.
            if let Some(how) = unsafe { self.shape.treats(self.env, key)? } {
                if how != How::Raw {
                    self.missing = self.missing.saturating_sub(1);
                }
                return Ok(Some((key, value, how)));
            }
        }
        match self.missing {
            0 => Ok(None),
            _ => Err(Stop::Refused),
        }
    }
}
