use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use replay_etf::recording::offset_and_kind;
use replay_etf::{EventKind, Limits, Summary};

use super::Shared;
use super::queue::{Job, Task};
use super::recording::Recording;
use super::tally::Tally;
use crate::error::Error;
use crate::notice::Notice;
use crate::slab::{Chain, Found, Frames, Mark, Payload, SetAside, Wait};

impl Shared {
    /// Makes recordings of what earlier runs left behind, and has them saved, but for those that
    /// are to be erased.
    pub(super) fn recover(self: &Arc<Self>, found: Found, unwanted: &HashSet<&[u8]>) {
        for SetAside { path, reason } in found.set_aside {
            let file = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            self.files.observer.tell(Notice::SetAside { file, reason });
        }
        let mut count = 0;
        for chain in found.chains {
            match self.recover_one(chain, unwanted) {
                Ok(recovered) => count += usize::from(recovered),
                Err(error) => {
                    let id = Arc::from(&b""[..]);
                    self.files.observer.tell(Notice::Failed {
                        id,
                        error,
                        attempt: 1,
                        retry_in: None,
                    });
                }
            }
        }
        if count > 0 {
            self.files.observer.tell(Notice::Recovered { count });
        }
    }

    /// Whether it was wanted.
    fn recover_one(
        self: &Arc<Self>,
        chain: Chain,
        unwanted: &HashSet<&[u8]>,
    ) -> Result<bool, Error> {
        // Dropped unread, it is left as it is, to a later version that understands it.
        let frames = (chain.frames())
            .map_err(Error::io("read what an earlier run left"))?
            .ok_or(Error::NotFound)?;
        let (summary, tally) = read(&frames, &self.files.loader.limits)?;
        if unwanted.contains(&*summary.id) {
            chain.release(Wait::Yes);
            return Ok(false);
        }
        let recording = Arc::new(Recording {
            tally,
            ended: AtomicBool::new(true),
            truncated: AtomicBool::new(chain.has_mark(Mark::Truncated)),
            recovered: !chain.has_mark(Mark::Ended),
            found: true,
            ..Recording::new(self, summary, 0, 0, chain)
        });
        // Should two have one id, both are saved, and the last one stays.
        self.table.insert(&recording);
        self.queue.push(Job {
            recording,
            task: Task::Finish,
            attempts: 0,
        });
        Ok(true)
    }
}

/// Counts what is in the frames of a recording.
fn read<'f>(frames: &'f Frames, limits: &Limits) -> Result<(Summary<'f>, Tally), Error> {
    let mut payloads = frames.iter().map(|(_, payload)| payload);
    let head = payloads.next().ok_or(Error::NotFound)?.rest;
    let summary = replay_etf::summarize(head, limits).map_err(Error::Recording)?;
    let tally = Tally::new(summary.events, summary.duration_ms, head.len());
    for payload in payloads {
        let (offset_ms, kind) = head_of(payload, limits).map_err(Error::Recording)?;
        tally.add(offset_ms, kind, payload.len());
    }
    Ok((summary, tally))
}

fn head_of(payload: Payload<'_>, limits: &Limits) -> Result<(i64, EventKind), replay_etf::Error> {
    // A part is nearly always enough; if not, the type's name is very long.
    let Payload { part, rest } = payload;
    let start = if part.is_empty() { rest } else { part };
    offset_and_kind(start, limits).or_else(|_| offset_and_kind(&payload.pieces().concat(), limits))
}
