use std::collections::HashSet;
use std::hash::Hash;
use std::sync::Arc;

use parking_lot::Mutex;

/// Fewer values than this are never looked through for unused ones.
const MIN_SWEEP: usize = 1024;

/// Values in use, each stored once: thousands of recordings share a few.
pub(crate) struct Interned<T>(Mutex<Pooled<T>>);

struct Pooled<T> {
    values: HashSet<Arc<T>>,
    sweep_at: usize,
}

impl<T: Eq + Hash> Interned<T> {
    pub(crate) fn new() -> Self {
        Interned(Mutex::new(Pooled {
            values: HashSet::new(),
            sweep_at: MIN_SWEEP,
        }))
    }

    pub(crate) fn share(&self, value: T) -> Arc<T> {
        let mut pool = self.0.lock();
        if let Some(shared) = pool.values.get(&value) {
            return Arc::clone(shared);
        }
        if pool.values.len() >= pool.sweep_at {
            pool.values.retain(|value| Arc::strong_count(value) > 1);
            pool.sweep_at = (pool.values.len() * 2).max(MIN_SWEEP);
        }
        let shared = Arc::new(value);
        pool.values.insert(Arc::clone(&shared));
        shared
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_are_one_allocation() {
        let values = Interned::new();
        let (a, b) = (values.share("Elixir.Home"), values.share("Elixir.Home"));
        assert!(Arc::ptr_eq(&a, &b));
    }

    #[test]
    fn values_out_of_use_are_dropped_and_others_kept() {
        let values = Interned::new();
        let kept = values.share("kept".to_owned());
        for n in 0..10 * MIN_SWEEP {
            values.share(n.to_string());
        }
        assert!(values.0.lock().values.len() <= MIN_SWEEP);
        assert!(Arc::ptr_eq(&kept, &values.share("kept".to_owned())));
    }
}
