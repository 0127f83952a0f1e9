//! What names mean to the rules of the host's default sanitizer.

/// What an atom means there, as a key or as the module of a struct.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Role {
    /// Nothing.
    None,
    /// What is under such a key is left out.
    Sensitive,
    /// The same, of assigns only: it belongs to LiveView or to the recorder.
    Internal,
    /// The key of a struct's module.
    Struct,
    /// The key of what a schema keeps about itself.
    Meta,
    /// The module of forms.
    Form,
    /// The module of changesets.
    Changeset,
    // Keys of forms and changesets.
    Source,
    Data,
    Options,
    Changes,
    Types,
    Validations,
    Prepare,
    Repo,
    RepoOpts,
}

const SENSITIVE: [&[u8]; 8] = [
    b"password",
    b"current_password",
    b"password_confirmation",
    b"token",
    b"user_token",
    b"secret",
    b"csrf_token",
    b"_csrf_token",
];

impl Role {
    /// The role of the atom with this text.
    pub fn of(text: &[u8]) -> Self {
        match text {
            b"__changed__" | b"flash" | b"uploads" | b"streams" | b"_replay_id" | b"_replay_t0" => {
                Role::Internal
            }
            b"__struct__" => Role::Struct,
            b"__meta__" => Role::Meta,
            b"Elixir.Phoenix.HTML.Form" => Role::Form,
            b"Elixir.Ecto.Changeset" => Role::Changeset,
            b"source" => Role::Source,
            b"data" => Role::Data,
            b"options" => Role::Options,
            b"changes" => Role::Changes,
            b"types" => Role::Types,
            b"validations" => Role::Validations,
            b"prepare" => Role::Prepare,
            b"repo" => Role::Repo,
            b"repo_opts" => Role::RepoOpts,
            _ if is_sensitive(text) => Role::Sensitive,
            _ => Role::None,
        }
    }
}

/// The sign of degrees Kelvin, the only character that is not ASCII and whose small letter is.
const KELVIN: &[u8] = "\u{212A}".as_bytes();

/// Whether what is under such a key is left out. Capitals make no difference.
#[inline]
pub fn is_sensitive(key: &[u8]) -> bool {
    const LONGEST: usize = 21;
    // With one `k` in a name, two bytes more.
    (5..=LONGEST + 2).contains(&key.len()) && SENSITIVE.iter().any(|name| equals(key, name))
}

fn equals(key: &[u8], name: &[u8]) -> bool {
    if key.len() == name.len() {
        return key.eq_ignore_ascii_case(name);
    }
    let mut rest = key;
    name.iter().all(|&letter| {
        if letter == b'k'
            && let Some(behind) = rest.strip_prefix(KELVIN)
        {
            rest = behind;
            return true;
        }
        match rest.split_first() {
            Some((first, behind)) if first.eq_ignore_ascii_case(&letter) => {
                rest = behind;
                true
            }
            _ => false,
        }
    }) && rest.is_empty()
}
