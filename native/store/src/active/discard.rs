use std::io;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::Active;
use crate::error::Error;

/// How long others are waited for. Wiping a recording in flight takes microseconds, but it may
/// just be being saved.
const MAX_WAIT: Duration = Duration::from_secs(60);

impl Active {
    /// Gives up the recordings in flight with these ids, and waits until their space is wiped.
    pub(crate) fn discard(&self, ids: &[Box<[u8]>]) -> Result<(), Error> {
        self.erase_left(|id| ids.iter().any(|unwanted| **unwanted == *id));
        let mut flights: Vec<_> = ids.iter().filter_map(|id| self.get(id)).collect();
        flights.iter().for_each(|recording| recording.discard());
        let start = Instant::now();
        while !flights.is_empty() {
            let (done, all_done) = mpsc::channel::<()>();
            for recording in &flights {
                recording.keep(Box::new(done.clone()));
            }
            drop(done);
            // Each is let go of when it is done; nobody ever sends anything.
            let left = MAX_WAIT.saturating_sub(start.elapsed());
            if let Err(RecvTimeoutError::Timeout) = all_done.recv_timeout(left) {
                let timed_out = io::ErrorKind::TimedOut.into();
                return Err(Error::io("give up the recordings in flight")(timed_out));
            }
            // A save that was under way may have let go of it, too, but not of the recording.
            flights.retain(|recording| !recording.is_gone());
        }
        Ok(())
    }
}
