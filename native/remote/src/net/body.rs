//! Bodies on their way: sent in pieces, so that progress shows; received within their limits.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use object_store::client::{HttpError, HttpRequestBody};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::fault::Fault;
use crate::requests::{Counts, count};

use super::pace::{Pace, Progress};

/// Bytes that a connection is handed at once.
const PIECE_BYTES: usize = 64 << 10;

/// The body of a request.
pub(crate) struct Sending {
    body: HttpRequestBody,
    rest: Bytes,
    progress: Arc<Progress>,
    counts: Arc<Counts>,
}

/// The body of an answer.
pub(crate) struct Receiving {
    body: reqwest::Body,
    left: u64,
    pace: Pace,
    end: Instant,
    timer: Pin<Box<Sleep>>,
    counts: Arc<Counts>,
}

impl Sending {
    pub fn new(body: HttpRequestBody, progress: Arc<Progress>, counts: Arc<Counts>) -> Sending {
        Sending {
            body,
            rest: Bytes::new(),
            progress,
            counts,
        }
    }
}

impl Body for Sending {
    type Data = Bytes;
    type Error = HttpError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, HttpError>>> {
        let this = self.get_mut();
        while this.rest.is_empty() {
            match ready!(Pin::new(&mut this.body).poll_frame(cx)) {
                Some(Ok(frame)) => this.rest = frame.into_data().unwrap_or_default(),
                other => return Poll::Ready(other),
            }
        }
        let piece = this.rest.split_to(this.rest.len().min(PIECE_BYTES));
        this.progress.sent(piece.len());
        count(&this.counts.sent_bytes, piece.len() as u64);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.body.size_hint().exact().unwrap_or_default();
        SizeHint::with_exact(rest + self.rest.len() as u64)
    }
}

impl Receiving {
    /// A body of at most `max_bytes`, which takes as long as so many may.
    pub fn new(body: reqwest::Body, max_bytes: u64, pace: Pace, counts: Arc<Counts>) -> Receiving {
        let told = body.size_hint().exact().unwrap_or(max_bytes);
        let end = Instant::now() + pace.in_all(told.min(max_bytes));
        Receiving {
            body,
            left: max_bytes,
            pace,
            end,
            timer: Box::pin(sleep_until((Instant::now() + pace.idle()).min(end))),
            counts,
        }
    }

    fn taken(&mut self, bytes: u64) -> Result<(), Fault> {
        count(&self.counts.received_bytes, bytes);
        self.left = self.left.checked_sub(bytes).ok_or_else(Fault::too_large)?;
        let next = Instant::now() + self.pace.idle();
        self.timer.as_mut().reset(next.min(self.end));
        Ok(())
    }
}

impl Body for Receiving {
    type Data = Bytes;
    type Error = Fault;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Fault>>> {
        let this = self.get_mut();
        let frame = match Pin::new(&mut this.body).poll_frame(cx) {
            Poll::Pending => {
                ready!(this.timer.as_mut().poll(cx));
                Some(Err(Fault::unavailable("the answer stopped on its way")))
            }
            Poll::Ready(None) => return Poll::Ready(None),
            Poll::Ready(Some(Err(_))) => {
                Some(Err(Fault::unavailable("the answer was cut on its way")))
            }
            Poll::Ready(Some(Ok(frame))) => {
                let bytes = frame.data_ref().map_or(0, |it| it.len() as u64);
                Some(this.taken(bytes).map(|()| frame))
            }
        };
        if let Some(Err(_)) = &frame {
            count(&this.counts.failed, 1);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    /// What it says, as far as it is taken: room is made for that.
    fn size_hint(&self) -> SizeHint {
        let told = self.body.size_hint();
        let mut hint = SizeHint::new();
        hint.set_upper(told.upper().map_or(self.left, |it| it.min(self.left)));
        hint.set_lower(told.lower().min(self.left));
        hint
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http_body_util::{BodyExt as _, Full};

    use super::*;

    #[test]
    fn no_more_is_promised_than_is_taken() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        runtime.block_on(async {
            for (max, promised) in [(1000, 100), (100, 100), (99, 99), (0, 0)] {
                let body = Full::new(Bytes::from(vec![0; 100]));
                let pace = Pace::new(Duration::from_secs(9));
                let body = reqwest::Body::wrap(body);
                let body = Receiving::new(body, max, pace, Arc::default());
                let hint = body.size_hint();
                assert_eq!((hint.lower(), hint.upper()), (promised, Some(promised)));
                assert_eq!(body.collect().await.is_ok(), max >= 100);
            }
        });
    }
}
