//! What the VM asks of a library when it loads it.
//!
//! Reloading the module of the native functions loads the library once more, before or after the
//! old code is gone. The linker is told never to unmap it (build.rs), because its threads go on; so
//! it is the same library, with the same directories open, also if the file was replaced meanwhile.
//! What belongs to one load of it are the VM's resource types, see `resource.rs`. One in another place
//! is another library, which knows nothing of the first: that one saves what it has in flight.

use std::ffi::c_int;
use std::panic::catch_unwind;
use std::sync::OnceLock;

use rustler::codegen_runtime::inventory;
use rustler::sys::{ErlNifEntry, ErlNifEnv, ErlNifFunc, ErlNifTerm, c_void};

use crate::resource;
use crate::rewrite::Begun;
use crate::search::Searching;
use crate::session::Session;

struct Entry {
    entry: ErlNifEntry,
    /// What the entry points at.
    _functions: Box<[ErlNifFunc]>,
}

// SAFETY: it is made of pointers to constants and to functions, and nobody changes it.
unsafe impl Send for Entry {}
// SAFETY: as above.
unsafe impl Sync for Entry {}

/// The name is fixed by the VM. As `rustler::init!` does, which knows of no upgrade.
#[unsafe(no_mangle)]
pub extern "C" fn nif_init() -> *const ErlNifEntry {
    static ENTRY: OnceLock<Entry> = OnceLock::new();
    let Entry { entry, .. } = ENTRY.get_or_init(|| {
        // SAFETY: where it does something, which is not where the VM's functions are linked, it
        // looks up their addresses, before any of them is called.
        unsafe { rustler::codegen_runtime::internal_write_symbols() };
        let functions = inventory::iter::<rustler::Nif>().map(rustler::Nif::get_def);
        let functions: Box<[_]> = functions.collect();
        let name = c"Elixir.PhoenixReplay.Native.Nif.Stubs";
        let mut entry = ErlNifEntry::new(name, &functions, load);
        entry.upgrade = Some(upgrade);
        Entry {
            entry,
            _functions: functions,
        }
    });
    entry
}

unsafe extern "C" fn load(
    env: *mut ErlNifEnv,
    _priv_data: *mut *mut c_void,
    _load_info: ErlNifTerm,
) -> c_int {
    // SAFETY: the VM is loading the library.
    let registered = catch_unwind(|| unsafe {
        resource::register::<Session>(env)
            && resource::register::<Searching>(env)
            && resource::register::<Begun>(env)
    });
    c_int::from(!registered.unwrap_or(false))
}

/// Loads it while the code of an earlier load is still there.
unsafe extern "C" fn upgrade(
    env: *mut ErlNifEnv,
    priv_data: *mut *mut c_void,
    _old_priv_data: *mut *mut c_void,
    load_info: ErlNifTerm,
) -> c_int {
    // SAFETY: as there.
    unsafe { load(env, priv_data, load_info) }
}
