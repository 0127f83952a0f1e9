use std::sync::OnceLock;

use rustler::sys;

use super::{Env, Raw};

impl Env {
    /// The value under a key of a map; also `None` if it is no map.
    ///
    /// # Safety
    /// As [`Env::kind`], of both.
    #[inline]
    pub unsafe fn map_get(self, map: Raw, key: Raw) -> Option<Raw> {
        let mut value = Raw::default();
        // SAFETY: `value` outlives the call.
        (unsafe { sys::enif_get_map_value(self.raw, map, key, &mut value) } != 0).then_some(value)
    }
}

/// The atom under which a struct has its module.
#[inline]
pub fn struct_key(env: Env) -> Raw {
    static KEY: OnceLock<Raw> = OnceLock::new();
    // SAFETY: an atom's word is good in every environment, for ever.
    *KEY.get_or_init(|| unsafe {
        let text = b"__struct__";
        sys::enif_make_atom_len(env.raw, text.as_ptr().cast(), text.len())
    })
}
