use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use parking_lot::Mutex;

use crate::notice::Notice;
use crate::stats::Counters;

/// So many notices are kept for an observer that has not come yet.
const MAX_KEPT: usize = 1000;

/// Who is told of notices.
pub(crate) type Callback = dyn Fn(Notice) + Send + Sync;

/// Counts notices and passes them on, keeping the first ones until there is someone to pass them
/// to.
#[derive(Default)]
pub(crate) struct Observer {
    pub(crate) counters: Counters,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    callback: Option<Arc<Callback>>,
    kept: Vec<Notice>,
}

impl Observer {
    pub(crate) fn set(&self, callback: Box<Callback>) {
        let callback = Arc::<Callback>::from(callback);
        let kept = {
            let mut state = self.state.lock();
            state.callback = Some(Arc::clone(&callback));
            std::mem::take(&mut state.kept)
        };
        kept.into_iter().for_each(|notice| call(&*callback, notice));
    }

    pub(crate) fn tell(&self, notice: Notice) {
        self.counters.count(&notice);
        let callback = {
            let mut state = self.state.lock();
            match &state.callback {
                Some(callback) => Arc::clone(callback),
                None => {
                    if state.kept.len() < MAX_KEPT {
                        state.kept.push(notice);
                    }
                    return;
                }
            }
        };
        call(&*callback, notice);
    }
}

fn call(callback: &Callback, notice: Notice) {
    // It is not ours, and its panic must not look like a failure to save.
    let _ = catch_unwind(AssertUnwindSafe(|| callback(notice)));
}
