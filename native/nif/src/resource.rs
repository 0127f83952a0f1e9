//! Values that Elixir refers to: the VM's resources.
//!
//! The type of a resource belongs to one load of the library. When that is over, because the
//! module of the native functions was deleted and purged, its resources are still there, but no
//! call takes them any more.

use std::ffi::CString;
use std::mem::MaybeUninit;
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::{self, NonNull, null_mut};
use std::sync::atomic::AtomicPtr;
use std::sync::atomic::Ordering::{Acquire, Release};

use rustler::sys::{
    ErlNifEnv, ErlNifMonitor, ErlNifPid, ErlNifResourceDown, ErlNifResourceDtor,
    ErlNifResourceFlags, ErlNifResourceType, ErlNifResourceTypeInit, c_void, enif_alloc_resource,
    enif_get_resource, enif_keep_resource, enif_make_resource, enif_monitor_process,
    enif_open_resource_type_x, enif_release_resource,
};
use rustler::{Decoder, Encoder, Env, NifResult, Term};

/// What the VM gives out is aligned to this.
const MAX_ALIGN: usize = 8;

/// The type of a resource, of the latest load.
pub struct Kind(AtomicPtr<ErlNifResourceType>);

impl Kind {
    /// Not registered yet.
    pub const fn new() -> Kind {
        Kind(AtomicPtr::new(null_mut()))
    }
}

/// What a resource holds.
pub trait Held: Send + Sync + Sized + 'static {
    /// What its type is called.
    const NAME: &'static str;

    /// Its type: a static of its own.
    fn kind() -> &'static Kind;

    /// The process that it monitors has exited. Called on any scheduler, and must only enqueue.
    fn down(&self) {}

    /// Nobody refers to it any more. As there.
    fn let_go(self) {}
}

/// Registers a type for this load, or takes over that of one whose code is still there. Returns
/// whether it could.
///
/// # Safety
///
/// To be called by the VM's callback for loading a library, with its environment.
pub unsafe fn register<T: Held>(env: *mut ErlNifEnv) -> bool {
    const { assert!(align_of::<T>() <= MAX_ALIGN) };
    let kind = T::kind();
    // Nothing of another build of this library, which is mapped elsewhere, may be taken over.
    let Ok(name) = CString::new(format!("{} at {:p}", T::NAME, &raw const kind.0)) else {
        return false;
    };
    let init = ErlNifResourceTypeInit {
        dtor: destruct::<T> as *const ErlNifResourceDtor,
        stop: ptr::null(),
        down: down::<T> as *const ErlNifResourceDown,
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
            kind.0.store(found.cast_mut(), Release);
            return true;
        }
    }
    false
}

unsafe extern "C" fn destruct<T: Held>(_env: *mut ErlNifEnv, object: *mut c_void) {
    // SAFETY: the VM calls it once for each resource, when nobody can use it any more, and `new`
    // has put a value there.
    let _ = catch_unwind(|| unsafe { object.cast::<T>().read() }.let_go());
}

unsafe extern "C" fn down<T: Held>(
    _env: *mut ErlNifEnv,
    object: *mut c_void,
    _pid: *const ErlNifPid,
    _monitor: *const ErlNifMonitor,
) {
    // SAFETY: a monitored resource is one that `new` made, and the VM keeps it for this call.
    let held = unsafe { &*object.cast::<T>() };
    let _ = catch_unwind(AssertUnwindSafe(|| held.down()));
}

/// Keeps a resource alive.
pub struct Kept<T: Held>(NonNull<T>);

// SAFETY: what it holds can be used from any thread, and the VM counts references on any.
unsafe impl<T: Held> Send for Kept<T> {}
// SAFETY: as above.
unsafe impl<T: Held> Sync for Kept<T> {}

impl<T: Held> Kept<T> {
    /// A new resource. `None` if the VM has no memory.
    pub fn new(held: T) -> Option<Self> {
        // SAFETY: the type was registered before the VM made the first call, and stays.
        let object = unsafe { enif_alloc_resource(T::kind().0.load(Acquire), size_of::<T>()) };
        let object = NonNull::new(object.cast::<T>())?;
        // SAFETY: it has the size of a value and its alignment, and nobody else knows of it.
        unsafe { object.write(held) };
        Some(Kept(object))
    }

    /// Has it told when the process exits that makes this call; false if that is exiting.
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

impl<T: Held> Clone for Kept<T> {
    fn clone(&self) -> Self {
        // SAFETY: it is alive, and counted.
        unsafe { enif_keep_resource(self.0.as_ptr().cast()) };
        Kept(self.0)
    }
}

impl<T: Held> Drop for Kept<T> {
    fn drop(&mut self) {
        // SAFETY: it was counted once for this value.
        unsafe { enif_release_resource(self.0.as_ptr().cast()) };
    }
}

impl<T: Held> Encoder for Kept<T> {
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

/// What the argument of a call refers to.
pub struct Given<'a, T: Held>(&'a T);

impl<T: Held> Given<'_, T> {
    /// Keeps it alive beyond the call.
    pub fn keep(&self) -> Kept<T> {
        let object = NonNull::from(self.0);
        // SAFETY: it is alive as long as the call's argument is.
        unsafe { enif_keep_resource(object.as_ptr().cast()) };
        Kept(object)
    }
}

impl<T: Held> Deref for Kept<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: it is counted for this value, and holds one.
        unsafe { self.0.as_ref() }
    }
}

impl<T: Held> Deref for Given<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        self.0
    }
}

impl<'a, T: Held> Decoder<'a> for Given<'a, T> {
    #[inline]
    fn decode(term: Term<'a>) -> NifResult<Self> {
        let mut object: *const c_void = ptr::null();
        // SAFETY: it reads the term, and only of a resource of this type it gives the address.
        let found = unsafe {
            enif_get_resource(
                term.get_env().as_c_arg(),
                term.as_c_arg(),
                T::kind().0.load(Acquire),
                &mut object,
            )
        };
        if found == 0 {
            return Err(rustler::Error::BadArg);
        }
        // SAFETY: each resource of the type that terms refer to holds a value, and lives as long
        // as the term, which does until the call is over.
        Ok(Given(unsafe { &*object.cast::<T>() }))
    }
}
