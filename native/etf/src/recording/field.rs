use std::fmt;

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
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
