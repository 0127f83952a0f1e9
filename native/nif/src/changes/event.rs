use replay_etf::Limits;
use replay_etf::recording::changes::Whole;
use rustler::Term;

use super::assigns::Assigns;
use super::table::Table;
use super::{Stop, word};
use crate::encode::{Effort, UNPACKED};
use crate::sink::Buffer;
use crate::{buffer, vm};

mod atoms {
    rustler::atoms! { assigns, delta, snapshot }
}

/// The assigns in an event that has some.
pub fn assigns_in(event: Term<'_>) -> Option<Assigns> {
    let env = vm::Env::of(event.get_env());
    // SAFETY: the event and what it is made of belong to its environment.
    unsafe {
        let [offset, kind, payload] = *env.tuple(event.as_c_arg())? else {
            return None;
        };
        if word(kind) != word(atoms::assigns().as_c_arg()) || env.map_size(payload)? != 1 {
            return None;
        }
        let forms = [atoms::delta(), atoms::snapshot()].map(|form| form.as_c_arg());
        let found = |form| Some((form, env.map_get(payload, form)?));
        let (form, values) = forms.into_iter().find_map(found)?;
        env.map_size(values)?;
        Some(Assigns {
            offset,
            form,
            keys: values,
            values,
            all: false,
            clean: false,
            base: None,
        })
    }
}

impl Assigns {
    /// What no sanitizer has seen.
    pub fn raw<'a>(offset: Term<'a>, form: Term<'a>, keys: Term<'a>, values: Term<'a>) -> Self {
        Assigns {
            offset: offset.as_c_arg(),
            form: form.as_c_arg(),
            keys: keys.as_c_arg(),
            values: values.as_c_arg(),
            all: atoms::snapshot() == form,
            clean: true,
            base: None,
        }
    }

    /// The event in full, without a version byte.
    ///
    /// # Safety
    /// As [`Assigns::write`].
    pub unsafe fn in_full(&self, env: vm::Env, table: &Table) -> Result<Vec<u8>, Stop> {
        let limits = Limits::default();
        let mut buffer = Buffer::new(buffer::take(), limits.max_bytes.saturating_add(UNPACKED));
        // SAFETY: the caller's promise; the length is that of what was written to the buffer.
        let (written, bytes) = unsafe {
            let written = self.write(env, &mut buffer, Effort::Any, table)?;
            let bytes = buffer.into_bytes(written.bytes);
            (written, bytes)
        };
        if !written.as_changes {
            return Ok(bytes);
        }
        let mut event = Vec::new();
        let whole = Whole::default().append(&bytes, &mut event, &limits);
        buffer::keep(bytes);
        whole.map_err(|_| Stop::Full)?;
        Ok(event)
    }
}
