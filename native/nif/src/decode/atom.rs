use replay_etf::{AtomText, Runtime, tag};

use crate::vm::{Env, Raw};

/// The atom with this text, if the VM has it.
pub fn existing_atom(env: Env, text: AtomText<'_>) -> Option<Raw> {
    match text {
        AtomText::Latin1(bytes) => env.existing_atom(bytes),
        AtomText::Utf8(text) if text.is_ascii() => env.existing_atom(text.as_bytes()),
        AtomText::Utf8(text) => {
            // The public call takes Latin-1 before NIF version 2.17; the
            // external format takes everything, and creates nothing if safe.
            let mut encoded = vec![tag::ATOM_UTF8];
            encoded.extend(u16::try_from(text.len()).ok()?.to_be_bytes());
            encoded.extend(text.as_bytes());
            env.term_of(&encoded, &mut Vec::new())
        }
    }
}

impl Runtime for Env {
    fn has_atom(&self, text: AtomText<'_>) -> bool {
        existing_atom(*self, text).is_some()
    }

    fn reads(&self, term: &[u8]) -> bool {
        self.term_of(term, &mut Vec::new()).is_some()
    }
}
