use std::fmt;

use crate::{Error, ErrorKind};

/// What stands for a field that a recording lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Absent {
    Nil,
    EmptyMap,
}

/// The fields of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Field {
    /// The recording itself, when the term is not a map at all.
    Recording,
    /// `id`: a binary.
    Id,
    /// `view`: the module of the view.
    View,
    /// `url`: a binary, or nil.
    Url,
    /// `params`: a map.
    Params,
    /// `session`: a map.
    Session,
    /// `connected_at`: Unix time in milliseconds.
    ConnectedAt,
    /// `events`: a list of `{offset_ms, type, payload}`.
    Events,
}

impl Field {
    /// The fields that are keys, in no particular order.
    pub(crate) const KEYS: [Field; 7] = [
        Field::Id,
        Field::View,
        Field::Url,
        Field::Params,
        Field::Session,
        Field::ConnectedAt,
        Field::Events,
    ];

    /// The key, as written in a term (as an atom) and in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Field::Recording => "recording",
            Field::Id => "id",
            Field::View => "view",
            Field::Url => "url",
            Field::Params => "params",
            Field::Session => "session",
            Field::ConnectedAt => "connected_at",
            Field::Events => "events",
        }
    }

    /// The field with this key.
    pub(crate) fn from_name(name: &str) -> Option<Field> {
        Field::KEYS.into_iter().find(|field| field.name() == name)
    }

    /// The fields that the recording at `start` lacks, of which these have been `seen`, each with
    /// what stands for it. There is no recording without the others:
    /// [`ErrorKind::NotARecording`].
    pub(crate) fn absent(
        seen: &[Field],
        start: usize,
    ) -> impl Iterator<Item = Result<(Field, Absent), Error>> {
        let lacking = |field: &Field| !seen.contains(field);
        Field::KEYS
            .into_iter()
            .filter(lacking)
            .map(move |field| match field {
                Field::View | Field::Url => Ok((field, Absent::Nil)),
                Field::Params | Field::Session => Ok((field, Absent::EmptyMap)),
                _ => Err(Error::new(start, ErrorKind::NotARecording(field))),
            })
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
