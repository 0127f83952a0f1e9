//! A recording in flight, as the VM holds it: a resource that monitors a process.
//!
//! The type of such a resource belongs to one load of the library. When that is over, because the
//! module of the native functions was deleted and purged, its resources go on monitoring, but no
//! call takes them any more, and whoever holds one looks the recording up again by its id.

use std::ffi::CString;
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::{self, NonNull, null_mut};
use std::sync::Arc;
use std::sync::atomic::AtomicPtr;
use std::sync::atomic::Ordering::{Acquire, Release};

use parking_lot::Mutex;
use replay_etf::Limits;
use replay_store::Recording;
use rustler::sys::{
    ErlNifEnv, ErlNifMonitor, ErlNifPid, ErlNifResourceDown, ErlNifResourceDtor,
    ErlNifResourceFlags, ErlNifResourceType, ErlNifResourceTypeInit, c_void, enif_alloc_resource,
    enif_get_resource, enif_keep_resource, enif_make_resource, enif_monitor_process,
    enif_open_resource_type_x, enif_release_resource,
};
use rustler::{Decoder, Encoder, Env, NifResult, Term};

use crate::changes::Table;

/// A recording that calls append to.
pub struct Session {
    pub recording: Arc<Recording>,
    pub limits: Limits,
    /// What events may refer to that are written as changes, by this handle.
    pub table: Mutex<Table>,
}

/// What the VM gives out is aligned to this.
const _: () = assert!(align_of::<Session>() <= 8);

/// The type of the latest load.
static TYPE: AtomicPtr<ErlNifResourceType> = AtomicPtr::new(null_mut());

/// Registers the type of this load, or takes over that of one whose code is still there. Returns
/// whether it could.
///
/// # Safety
///
/// To be called by the VM's callback for loading a library, with its environment.
pub unsafe fn register(env: *mut ErlNifEnv) -> bool {
    // Nothing of another build of this library, which is mapped elsewhere, may be taken over.
    let Ok(name) = CString::new(format!("session at {:p}", &raw const TYPE)) else {
        return false;
    };
    let init = ErlNifResourceTypeInit {
        dtor: destruct as *const ErlNifResourceDtor,
        stop: ptr::null(),
        down: down as *const ErlNifResourceDown,
    };
    let mut tried = MaybeUninit::uninit();
    for flags in [
        ErlNifResourceFlags::ERL_NIF_RT_TAKEOVER,
        ErlNifResourceFlags::ERL_NIF_RT_CREATE,
    ] {
        // SAFETY: the caller's promise; all pointers are good for the call. Who is taken over made
        // its resources by the code in this file, at the same addresses.
        let found = unsafe {
            enif_open_resource_type_x(env, name.as_ptr(), &init, flags, tried.as_mut_ptr())
        };
        if !found.is_null() {
            TYPE.store(found.cast_mut(), Release);
            return true;
        }
    }
    false
}

unsafe extern "C" fn destruct(_env: *mut ErlNifEnv, object: *mut c_void) {
    // SAFETY: the VM calls it once for each resource, when nobody can use it any more, and `new`
    // has put a session there.
    let _ = catch_unwind(|| unsafe { object.cast::<Session>().drop_in_place() });
}

/// Only puts the recording into a queue.
unsafe extern "C" fn down(
    _env: *mut ErlNifEnv,
    object: *mut c_void,
    _pid: *const ErlNifPid,
    _monitor: *const ErlNifMonitor,
) {
    // SAFETY: a monitored resource is one that `new` made, and the VM keeps it for this call.
    let session = unsafe { &*object.cast::<Session>() };
    let _ = catch_unwind(AssertUnwindSafe(|| session.recording.end()));
}

/// Keeps a session alive.
pub struct Kept(NonNull<Session>);

// SAFETY: a session can be used from any thread, and the VM counts references on any.
unsafe impl Send for Kept {}
// SAFETY: as above.
unsafe impl Sync for Kept {}

impl Kept {
    /// A new resource. `None` if the VM has no memory.
    pub fn new(session: Session) -> Option<Self> {
        // SAFETY: the type was registered before the VM made the first call, and stays.
        let object = unsafe { enif_alloc_resource(TYPE.load(Acquire), size_of::<Session>()) };
        let object = NonNull::new(object.cast::<Session>())?;
        // SAFETY: it has the size of a session and its alignment, and nobody else knows of it.
        unsafe { object.write(session) };
        Some(Kept(object))
    }

    /// Has the recording end with the process that makes this call; false if that is exiting.
    pub fn monitor(&self, env: Env<'_>) -> bool {
        let mut monitor = MaybeUninit::uninit();
        // SAFETY: the resource is alive, its type has a callback for it, and the environment is
        // that of the process.
        let failed = unsafe {
            enif_monitor_process(
                env.as_c_arg(),
                self.0.as_ptr().cast(),
                env.pid().as_c_arg(),
                monitor.as_mut_ptr(),
            )
        };
        failed == 0
    }
}

impl Clone for Kept {
    fn clone(&self) -> Self {
        // SAFETY: it is alive, and counted.
        unsafe { enif_keep_resource(self.0.as_ptr().cast()) };
        Kept(self.0)
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        // SAFETY: it was counted once for this value.
        unsafe { enif_release_resource(self.0.as_ptr().cast()) };
    }
}

impl Encoder for Kept {
    fn encode<'a>(&self, env: Env<'a>) -> Term<'a> {
        // SAFETY: it is alive, and the term, which is of this environment, keeps it so.
        unsafe {
            Term::new(
                env,
                enif_make_resource(env.as_c_arg(), self.0.as_ptr().cast()),
            )
        }
    }
}

/// The session that an argument of a call is.
pub struct Given<'a>(&'a Session);

impl std::ops::Deref for Given<'_> {
    type Target = Session;

    #[inline]
    fn deref(&self) -> &Session {
        self.0
    }
}

impl<'a> Decoder<'a> for Given<'a> {
    #[inline]
    fn decode(term: Term<'a>) -> NifResult<Self> {
        let mut object: *const c_void = ptr::null();
        // SAFETY: it reads the term, and only of a resource of this type it gives the address.
        let found = unsafe {
            enif_get_resource(
                term.get_env().as_c_arg(),
                term.as_c_arg(),
                TYPE.load(Acquire),
                &mut object,
            )
        };
        if found == 0 {
            return Err(rustler::Error::BadArg);
        }
        // SAFETY: each resource of the type that terms refer to holds a session, and lives as long
        // as the term, which does until the call is over.
        Ok(Given(unsafe { &*object.cast::<Session>() }))
    }
}
