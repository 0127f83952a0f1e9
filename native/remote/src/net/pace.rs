//! How long a request may take: as long as it makes progress, and not for ever.

use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio::time::{Instant, sleep, timeout_at};

use crate::fault::Fault;

/// What the kernel and the connection may hold of a body that the network has not taken yet.
const MAX_UNDERWAY_BYTES: u64 = 8 << 20;
/// Bytes a second below which that counts as stuck.
const SLOWEST: u64 = 64 << 10;
/// Bytes a second below which a whole request does, however steadily they come.
const SLOWEST_IN_ALL: u64 = 8 << 10;

/// How long a request may make no progress.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    idle: Duration,
}

/// How far a body has been sent.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    sent_bytes: AtomicU64,
}

impl Progress {
    pub fn sent(&self, bytes: usize) {
        self.sent_bytes.fetch_add(bytes as u64, Relaxed);
    }
}

impl Pace {
    pub fn new(idle: Duration) -> Pace {
        Pace { idle }
    }

    /// How long may pass without a byte.
    pub fn idle(self) -> Duration {
        self.idle
    }

    /// How long so many bytes may take.
    pub fn in_all(self, bytes: u64) -> Duration {
        self.idle * 4 + Duration::from_secs(bytes / SLOWEST_IN_ALL)
    }

    /// Waits for the answer to a request with a body of so many bytes.
    pub async fn keep<T>(
        self,
        progress: &Progress,
        bytes: u64,
        answer: impl Future<Output = T>,
    ) -> Result<T, Fault> {
        let late = Fault::unavailable("the server did not answer in time");
        let end = Instant::now() + self.in_all(bytes);
        match timeout_at(end, select(pin!(self.stuck(progress, bytes)), pin!(answer))).await {
            Ok(Either::Right((answer, _))) => Ok(answer),
            Ok(Either::Left(_)) | Err(_) => Err(late),
        }
    }

    /// Ends when nothing was sent for too long.
    async fn stuck(self, progress: &Progress, bytes: u64) {
        loop {
            let sent = progress.sent_bytes.load(Relaxed);
            sleep(self.patience(sent, bytes)).await;
            if progress.sent_bytes.load(Relaxed) == sent {
                return;
            }
        }
    }

    /// How long to wait for the next byte to be taken, or for the answer after the last one.
    fn patience(self, sent: u64, bytes: u64) -> Duration {
        let underway = match sent < bytes {
            true => 0,
            false => bytes.min(MAX_UNDERWAY_BYTES),
        };
        self.idle + Duration::from_secs(underway / SLOWEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_large_may_take_longer() {
        let pace = Pace::new(Duration::from_secs(30));
        assert_eq!(pace.in_all(0), Duration::from_secs(120));
        // At 10 KiB/s.
        assert!(pace.in_all(200 << 20) > Duration::from_secs((200 << 20) / (10 << 10)));
        assert_eq!(pace.patience(0, 0), Duration::from_secs(30));
        assert_eq!(pace.patience(1, 200 << 20), Duration::from_secs(30));
        // All of it is with the kernel, which has yet to send some of it.
        assert_eq!(
            pace.patience(1 << 20, 1 << 20),
            Duration::from_secs(30 + 16)
        );
        assert_eq!(
            pace.patience(200 << 20, 200 << 20),
            Duration::from_secs(30 + 128)
        );
    }
}
