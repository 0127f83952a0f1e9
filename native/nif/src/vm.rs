//! The few raw calls into the VM that the encoder and the decoder need, each
//! with the type a Rust caller wants. Everything else goes through rustler.

mod looks;
mod maps;
mod pairs;

pub use looks::Looks;
pub use maps::struct_key;
pub use pairs::MapPairs;

use std::ffi::c_int;
use std::mem::MaybeUninit;
use std::sync::OnceLock;

use replay_etf::tag;
use rustler::sys::{
    self, ERL_NIF_BIN2TERM_SAFE, ErlNifBinary, ErlNifCharEncoding, ErlNifEnv, ErlNifTerm,
};

/// More than the VM reads of any number or identifier.
const MARGIN: usize = 64;

/// A term's word: an immediate value or a tagged pointer into the env's heap.
pub type Raw = ErlNifTerm;

mod c {
    use super::{ErlNifEnv, ErlNifTerm, c_int};

    // Declared here with an integer result: rustler's declaration returns a
    // Rust enum, and a kind that a later VM adds would be undefined behaviour.
    unsafe extern "C" {
        pub fn enif_term_type(env: *mut ErlNifEnv, term: ErlNifTerm) -> c_int;
    }
}

/// The kinds of term. The encoder leaves the last three to the VM.
/// Values: `ErlNifTermType` in `erl_nif.h`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Atom,
    Bitstring,
    Float,
    Integer,
    List,
    Map,
    Tuple,
    /// A fun, which may hold any number of other terms.
    Fun,
    /// A pid, a port, a reference: small.
    Identifier,
    /// A kind that this VM has and this library does not know.
    Unknown,
}

/// An environment whose terms are alive for as long as the value is used.
#[derive(Clone, Copy)]
pub struct Env {
    raw: *mut ErlNifEnv,
}

impl Env {
    /// The raw view of a rustler environment.
    pub fn of(env: rustler::Env<'_>) -> Self {
        Self {
            raw: env.as_c_arg(),
        }
    }

    /// The C pointer.
    pub fn as_ptr(self) -> *mut ErlNifEnv {
        self.raw
    }

    /// # Safety
    /// `term` must belong to this environment (true of every call below).
    #[inline]
    pub unsafe fn kind(self, term: Raw) -> Kind {
        // SAFETY: the caller's promise; the call reads the term only.
        match unsafe { c::enif_term_type(self.raw, term) } {
            1 => Kind::Atom,
            2 => Kind::Bitstring,
            3 => Kind::Float,
            4 => Kind::Fun,
            5 => Kind::Integer,
            6 => Kind::List,
            7 => Kind::Map,
            8..=10 => Kind::Identifier,
            11 => Kind::Tuple,
            _ => Kind::Unknown,
        }
    }

    /// The value of an integer that fits 64 bits.
    ///
    /// # Safety
    /// As [`Env::kind`].
    #[inline]
    pub unsafe fn int64(self, term: Raw) -> Option<i64> {
        let mut value = 0i64;
        // SAFETY: `value` outlives the call.
        (unsafe { sys::enif_get_int64(self.raw, term, &mut value) } != 0).then_some(value)
    }

    /// # Safety
    /// As [`Env::kind`].
    #[inline]
    pub unsafe fn double(self, term: Raw) -> Option<f64> {
        let mut value = 0f64;
        // SAFETY: `value` outlives the call.
        (unsafe { sys::enif_get_double(self.raw, term, &mut value) } != 0).then_some(value)
    }

    /// The bytes of a binary; `None` for a bitstring whose last byte is not
    /// whole.
    ///
    /// # Safety
    /// As [`Env::kind`]; the slice must not outlive the NIF call.
    #[inline]
    pub unsafe fn binary<'a>(self, term: Raw) -> Option<&'a [u8]> {
        let mut bin = MaybeUninit::<ErlNifBinary>::uninit();
        // SAFETY: on success the VM has filled `bin` with a pointer to
        // `size` bytes which stay in place until the NIF call ends.
        unsafe {
            if sys::enif_inspect_binary(self.raw, term, bin.as_mut_ptr()) == 0 {
                return None;
            }
            let bin = bin.assume_init();
            // An empty binary may come with a dangling or null pointer.
            if bin.size == 0 {
                return Some(&[]);
            }
            Some(std::slice::from_raw_parts(bin.data, bin.size))
        }
    }

    /// Head and tail of a non-empty list.
    ///
    /// # Safety
    /// As [`Env::kind`].
    #[inline]
    pub unsafe fn cell(self, term: Raw) -> Option<(Raw, Raw)> {
        let (mut head, mut tail) = (Raw::default(), Raw::default());
        // SAFETY: both words outlive the call.
        (unsafe { sys::enif_get_list_cell(self.raw, term, &mut head, &mut tail) } != 0)
            .then_some((head, tail))
    }

    /// The elements of a tuple.
    ///
    /// # Safety
    /// As [`Env::binary`].
    #[inline]
    pub unsafe fn tuple<'a>(self, term: Raw) -> Option<&'a [Raw]> {
        let mut arity: c_int = 0;
        let mut elements = std::ptr::null();
        // SAFETY: on success `elements` points at `arity` terms in the heap
        // of the env, which is not collected during the call.
        unsafe {
            if sys::enif_get_tuple(self.raw, term, &mut arity, &mut elements) == 0 {
                return None;
            }
            let arity = usize::try_from(arity).ok()?;
            if arity == 0 {
                return Some(&[]);
            }
            Some(std::slice::from_raw_parts(elements, arity))
        }
    }

    /// The number of pairs in a map.
    ///
    /// # Safety
    /// As [`Env::kind`].
    #[inline]
    pub unsafe fn map_size(self, term: Raw) -> Option<usize> {
        let mut size = 0usize;
        // SAFETY: `size` outlives the call.
        (unsafe { sys::enif_get_map_size(self.raw, term, &mut size) } != 0).then_some(size)
    }

    /// The VM's own external format of a term, version byte included.
    ///
    /// # Safety
    /// As [`Env::kind`].
    pub unsafe fn term_to_binary(self, term: Raw) -> Option<VmBinary> {
        let mut bin = MaybeUninit::<ErlNifBinary>::uninit();
        // SAFETY: on success `bin` is an owned binary, released by VmBinary.
        unsafe {
            (sys::enif_term_to_binary(self.raw, term, bin.as_mut_ptr()) != 0)
                .then(|| VmBinary(bin.assume_init()))
        }
    }

    /// The term of these bytes, which lack the version byte, as
    /// `binary_to_term(bytes, [safe])` reads it.
    ///
    /// They must be well-formed. As the VM does not check everything before it
    /// reads, zeros stand behind them, in `scratch`.
    pub fn term_of(self, bytes: &[u8], scratch: &mut Vec<u8>) -> Option<Raw> {
        scratch.clear();
        scratch.push(tag::VERSION);
        scratch.extend_from_slice(bytes);
        let len = scratch.len();
        scratch.extend_from_slice(&[0; MARGIN]);
        let mut term = Raw::default();
        // SAFETY: so many bytes, and more, lie at the pointer during the call.
        let used = unsafe {
            sys::enif_binary_to_term(
                self.raw,
                scratch.as_ptr(),
                len,
                &mut term,
                ERL_NIF_BIN2TERM_SAFE,
            )
        };
        (used != 0).then_some(term)
    }

    /// The atom with this Latin-1 text, if the VM has it already.
    #[inline]
    pub fn existing_atom(self, latin1: &[u8]) -> Option<Raw> {
        let mut atom = Raw::default();
        // SAFETY: the text is read up to its length; nothing is created.
        let found = unsafe {
            sys::enif_make_existing_atom_len(
                self.raw,
                latin1.as_ptr().cast(),
                latin1.len(),
                &mut atom,
                ErlNifCharEncoding::ERL_NIF_LATIN1,
            )
        };
        (found != 0).then_some(atom)
    }

    /// A new binary with these bytes.
    #[inline]
    pub fn make_binary(self, bytes: &[u8]) -> Raw {
        let mut term = Raw::default();
        // SAFETY: the VM returns room for `len` bytes of a fresh binary.
        unsafe {
            let to = sys::enif_make_new_binary(self.raw, bytes.len(), &mut term);
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len());
        }
        term
    }

    /// A proper list.
    ///
    /// # Safety
    /// All elements belong to this environment.
    pub unsafe fn make_list(self, elements: &[Raw]) -> Raw {
        // A list of more elements than 32 bits count would not fit memory.
        let len = u32::try_from(elements.len()).unwrap_or(u32::MAX);
        // SAFETY: at least `len` terms lie at the pointer.
        unsafe { sys::enif_make_list_from_array(self.raw, elements.as_ptr(), len) }
    }

    /// A tuple.
    ///
    /// # Safety
    /// All elements belong to this environment; the VM's limit is 2^24 - 1.
    #[inline]
    pub unsafe fn make_tuple(self, elements: &[Raw]) -> Raw {
        // SAFETY: so many terms lie at the pointer.
        unsafe {
            sys::enif_make_tuple_from_array(self.raw, elements.as_ptr(), elements.len() as u32)
        }
    }

    /// A map of `keys[i] => values[i]`; `None` when two keys are equal.
    ///
    /// # Safety
    /// All terms belong to this environment.
    #[inline]
    pub unsafe fn make_map(self, keys: &[Raw], values: &[Raw]) -> Option<Raw> {
        // SAFETY: the caller's promise; the map is of this environment.
        unsafe {
            let map = self.make_map_unchecked(keys, values)?;
            let sound =
                keys.len() <= self.checked_pairs() || self.map_size(map) == Some(keys.len());
            sound.then_some(map)
        }
    }

    /// As [`Env::make_map`], but of equal keys the VM itself tells in small
    /// maps only: a large one comes with fewer pairs than it is laid out for,
    /// and is no term.
    unsafe fn make_map_unchecked(self, keys: &[Raw], values: &[Raw]) -> Option<Raw> {
        debug_assert_eq!(keys.len(), values.len());
        let mut map = Raw::default();
        // SAFETY: both arrays have `keys.len()` terms.
        let made = unsafe {
            sys::enif_make_map_from_arrays(
                self.raw,
                keys.as_ptr(),
                values.as_ptr(),
                keys.len(),
                &mut map,
            )
        };
        (made != 0).then_some(map)
    }

    /// Most pairs of a map in which the VM tells equal keys: 32, but that
    /// depends on how it was built. Found by trial; what comes of the last one
    /// is dropped.
    #[inline]
    fn checked_pairs(self) -> usize {
        static PAIRS: OnceLock<usize> = OnceLock::new();
        *PAIRS.get_or_init(|| {
            // SAFETY: builds a value in the live env.
            let key = unsafe { sys::enif_make_int64(self.raw, 0) };
            let tells = |pairs: &usize| {
                let equal = vec![key; *pairs];
                // SAFETY: the key was made in this environment.
                unsafe { self.make_map_unchecked(&equal, &equal) }.is_none()
            };
            (2..=64).take_while(tells).last().unwrap_or(1)
        })
    }
}

/// A binary that the VM allocated for us.
pub struct VmBinary(ErlNifBinary);

impl VmBinary {
    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: the VM filled `size` bytes at `data`, owned until drop.
        unsafe { std::slice::from_raw_parts(self.0.data, self.0.size) }
    }
}

impl Drop for VmBinary {
    fn drop(&mut self) {
        // SAFETY: the binary is owned and released once.
        unsafe { sys::enif_release_binary(&mut self.0) }
    }
}
