//! The threads that move bytes, shared by all buckets of a process.

use std::io;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use tokio::runtime::{Builder, Handle, Runtime};

/// They wait for the network most of the time, and otherwise encrypt.
const WORKERS: usize = 2;

static SHARED: Mutex<Weak<Threads>> = Mutex::new(Weak::new());

/// Threads that are there as long as someone has this.
pub(crate) struct Threads {
    handle: Handle,
    runtime: Option<Runtime>,
}

impl Threads {
    pub fn shared() -> io::Result<Arc<Threads>> {
        let mut shared = SHARED.lock();
        if let Some(threads) = shared.upgrade() {
            return Ok(threads);
        }
        let runtime = Builder::new_multi_thread()
            .worker_threads(WORKERS)
            .thread_name("replay-remote")
            .enable_all()
            .build()?;
        let threads = Arc::new(Threads {
            handle: runtime.handle().clone(),
            runtime: Some(runtime),
        });
        *shared = Arc::downgrade(&threads);
        Ok(threads)
    }

    /// Waits for an answer.
    pub fn wait<T>(&self, answer: impl Future<Output = T>) -> T {
        self.handle.block_on(answer)
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Looking up a host's name can't be interrupted.
            runtime.shutdown_background();
        }
    }
}
