//! Atom → external format, without asking the VM twice.
//!
//! An atom's term word never changes and never dies, so its encoded form can
//! be remembered for the life of the VM. The table is fixed in size, slots are
//! written once and never again: readers need no lock, and atoms that find no
//! free slot simply cost a call into the VM.

use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicUsize, Ordering};

use replay_etf::tag;

use crate::role::Role;
use crate::sink::{Full, Grow, Out};
use crate::vm::{Env, Raw};

/// Slots in the table: a large application uses about two thousand different
/// atoms in its assigns. 8192 slots of a cache line are 512 KiB.
const SLOTS: usize = 8192;
/// Neighbours looked at before an atom is left uncached.
const PROBES: usize = 4;
/// Encoded bytes that fit a slot beside the key, the length and the role.
const TEXT: usize = 54;

const EMPTY: usize = 0;
/// Marks a slot that is being written. Not a term word: those of atoms have
/// their low bits set otherwise.
const BUSY: usize = 1;

/// One cache line.
#[repr(C, align(64))]
struct Slot {
    key: AtomicUsize,
    used: UnsafeCell<u8>,
    role: UnsafeCell<Role>,
    text: UnsafeCell<[u8; TEXT]>,
}

/// The process-wide table.
struct Table([Slot; SLOTS]);

// SAFETY: `used`, `role` and `text` are written only by the thread that moved `key`
// from EMPTY to BUSY, and read only after `key` was seen, with acquire, to
// hold an atom, which that thread stores with release after writing.
unsafe impl Sync for Table {}

static TABLE: Table = Table(
    [const {
        Slot {
            key: AtomicUsize::new(EMPTY),
            used: UnsafeCell::new(0),
            role: UnsafeCell::new(Role::None),
            text: UnsafeCell::new([0; TEXT]),
        }
    }; SLOTS],
);

/// The word of a term. `Raw` is `repr(transparent)` over it, without an
/// accessor.
#[inline]
pub fn word(atom: Raw) -> usize {
    // SAFETY: both types are one machine word without invalid values.
    unsafe { std::mem::transmute::<Raw, usize>(atom) }
}

fn first_slot(word: usize) -> usize {
    // Atoms are numbered: the number sits above six tag bits. A
    // multiplication spreads neighbours over the table.
    let hash = (word as u64 >> 6).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (hash >> (u64::BITS - SLOTS.trailing_zeros())) as usize
}

/// Writes a term if it is an atom that is where it is looked for first; tells
/// whether it is. No other term has the word of an atom.
///
/// # Safety
/// Room for [`crate::sink::SLACK`] bytes must have been made.
#[inline]
pub unsafe fn write_known<G: Grow>(term: Raw, out: &mut Out<'_, G>) -> bool {
    let word = word(term);
    let slot = &TABLE.0[first_slot(word)];
    if slot.key.load(Ordering::Acquire) != word {
        return false;
    }
    // SAFETY: the key was seen, so text and length are complete; TEXT is
    // below the slack that the caller reserved.
    unsafe { out.put_block(*slot.text.get(), usize::from(*slot.used.get())) };
    true
}

/// Writes an atom that [`write_known`] did not, asking the VM if need be.
///
/// # Safety
/// As there, and it must be an atom of `env`.
#[cold]
pub unsafe fn write<G: Grow>(env: Env, atom: Raw, out: &mut Out<'_, G>) -> Result<(), Full> {
    let word = word(atom);
    let first = first_slot(word);
    if let Some(slot) = neighbour(word, first) {
        // SAFETY: as in `write_known`.
        unsafe { out.put_block(*slot.text.get(), usize::from(*slot.used.get())) };
        return Ok(());
    }
    // SAFETY: passed on.
    let encoded = unsafe { encode(env, atom) };
    out.extend(&encoded)?;
    remember(word, &encoded, first);
    Ok(())
}

/// What an atom means to the rules of a sanitizer, if it is remembered where it is looked for
/// first. No other term has the word of an atom.
#[inline]
pub fn known_role(term: Raw) -> Option<Role> {
    let word = word(term);
    let slot = &TABLE.0[first_slot(word)];
    // SAFETY: the key was seen, so the role is complete.
    (slot.key.load(Ordering::Acquire) == word).then(|| unsafe { *slot.role.get() })
}

/// The same of one that is not, asking the VM.
///
/// # Safety
/// It must be an atom of `env`.
#[cold]
pub unsafe fn role(env: Env, atom: Raw) -> Role {
    let word = word(atom);
    let first = first_slot(word);
    if let Some(slot) = neighbour(word, first) {
        // SAFETY: the key was seen, so the role is complete.
        return unsafe { *slot.role.get() };
    }
    // SAFETY: passed on.
    let encoded = unsafe { encode(env, atom) };
    remember(word, &encoded, first);
    Role::of(encoded.get(text_at(&encoded)..).unwrap_or_default())
}

/// Where the text of an encoded atom begins.
fn text_at(encoded: &[u8]) -> usize {
    match encoded.first() {
        Some(&tag::SMALL_ATOM_UTF8) => 2,
        _ => encoded.len().min(3),
    }
}

/// Where an atom is remembered that is not where it is looked for first.
fn neighbour(word: usize, first: usize) -> Option<&'static Slot> {
    let slots = (1..PROBES).map(|probe| &TABLE.0[(first + probe) % SLOTS]);
    slots
        .into_iter()
        .find(|slot| slot.key.load(Ordering::Acquire) == word)
}

fn remember(word: usize, encoded: &[u8], first: usize) {
    let Ok(used) = u8::try_from(encoded.len()) else {
        return;
    };
    if encoded.len() > TEXT {
        return;
    }
    for probe in 0..PROBES {
        let slot = &TABLE.0[(first + probe) % SLOTS];
        let claim = slot
            .key
            .compare_exchange(EMPTY, BUSY, Ordering::Relaxed, Ordering::Relaxed);
        match claim {
            Ok(_) => {
                // SAFETY: this thread alone moved the slot to BUSY.
                unsafe {
                    (&mut *slot.text.get())[..encoded.len()].copy_from_slice(encoded);
                    *slot.used.get() = used;
                    *slot.role.get() = Role::of(&encoded[text_at(encoded)..]);
                }
                slot.key.store(word, Ordering::Release);
                return;
            }
            // Another thread was faster with the same atom.
            Err(key) if key == word => return,
            Err(_) => {}
        }
    }
}

/// The atom's external format, always in a UTF-8 form: the forms the VM
/// chooses depend on its release, and every reader since OTP 17 takes these.
unsafe fn encode(env: Env, atom: Raw) -> Vec<u8> {
    // SAFETY: the term is alive; an atom always has an external format.
    let Some(vm) = (unsafe { env.term_to_binary(atom) }) else {
        return vec![tag::NIL];
    };
    let text = match vm.bytes() {
        [_, tag::ATOM, _, _, text @ ..] | [_, tag::SMALL_ATOM, _, text @ ..] => text
            .iter()
            .map(|&byte| char::from(byte))
            .collect::<String>()
            .into_bytes(),
        [_, tag::ATOM_UTF8, _, _, text @ ..] | [_, tag::SMALL_ATOM_UTF8, _, text @ ..] => {
            text.to_vec()
        }
        other => return other.get(1..).unwrap_or_default().to_vec(),
    };
    let mut encoded = Vec::with_capacity(text.len() + 3);
    match u8::try_from(text.len()) {
        Ok(len) => encoded.extend([tag::SMALL_ATOM_UTF8, len]),
        Err(_) => {
            encoded.push(tag::ATOM_UTF8);
            // 255 characters of at most four bytes.
            encoded.extend((text.len() as u16).to_be_bytes());
        }
    }
    encoded.extend(text);
    encoded
}
