//! Whether what an earlier run left is in its file already.

use replay_etf::recording::Frame;
use replay_etf::{Limits, json};

use super::Shared;
use super::recording::Recording;
use crate::codec::Format;
use crate::error::Error;
use crate::index::Entry;

impl Shared {
    /// Whether a recording that an earlier run left was saved by it, and only not let go of; or
    /// whether a later session with its id was.
    ///
    /// # Errors
    ///
    /// What the disk says: what could be told another time is not guessed.
    pub(super) fn has_file_of(
        &self,
        recording: &Recording,
        buffer: &mut Vec<u8>,
    ) -> Result<bool, Error> {
        if !recording.found {
            return Ok(false);
        }
        // Another engine may have saved it since.
        self.files.refresh()?;
        let Some(entry) = self.files.entry(recording.id()) else {
            return Ok(false);
        };
        if entry.connected_at != recording.connected_at {
            return Ok(entry.connected_at > recording.connected_at);
        }
        recording.assemble(buffer)?;
        let limits = &recording.limits;
        let stored = self.files.read_with(recording.id(), |format, stored| {
            continues(format, stored, buffer, limits)
        });
        match stored {
            // What can't be read is no reason not to save it again.
            Err(Error::NotFound | Error::Damaged { .. }) => Ok(false),
            stored => Ok(stored? && !lacks_subject(&entry, recording)),
        }
    }
}

/// Whether all that a file lacks of a recording is whom it belongs to: that was said after it was
/// saved for the last time.
fn lacks_subject(entry: &Entry, recording: &Recording) -> bool {
    let subject = recording.subject().map(|subject| &**subject);
    let is_other = subject.is_some() && entry.subject.as_deref() != subject;
    is_other && entry.event_count <= recording.tally.counts().total()
}

/// Whether the content of a file is a recording, or what became of it later.
pub(super) fn continues(format: Format, stored: &[u8], etf: &[u8], limits: &Limits) -> bool {
    match format {
        Format::Etf => {
            let [stored, found] = [stored, etf].map(|etf| Frame::of(etf, limits));
            stored
                .and_then(|stored| Ok(stored.continues(&found?)))
                .unwrap_or(false)
        }
        Format::Json => {
            let mut text = Vec::new();
            json::encode(etf, limits, &mut text).is_ok() && continues_text(stored, &text)
        }
    }
}

/// As [`continues`], of two texts that were made in the same way: they differ in the events that
/// the one has behind those of the other.
fn continues_text(stored: &[u8], found: &[u8]) -> bool {
    let differs = |(a, b): (&u8, &u8)| a != b;
    let Some(at) = stored.iter().zip(found).position(differs) else {
        return stored.len() == found.len();
    };
    match (stored.get(at..), found.get(at..)) {
        // Here the events end, and there another one follows, or the first one.
        (Some([b',' | b'{', ..]), Some(rest @ [b']', ..])) => stored.ends_with(rest),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_continues_another_if_it_has_more_events() {
        let of = |events: &str| format!("{{\"events\":[{events}],\"id\":\"[,]\"}}").into_bytes();
        let continues = |stored: &str, found: &str| continues_text(&of(stored), &of(found));
        assert!(continues("{1},{2}", "{1},{2}") && continues("{1},{2}", "{1}"));
        assert!(continues("{1}", ""));
        assert!(!continues("{1}", "{1},{2}") && !continues("{3},{2}", "{1}"));
        assert!(!continues("{12}", "{1}") && !continues("", "{1}"));
        let shorter = of("{1}");
        assert!(!continues_text(&shorter[..shorter.len() - 1], &shorter));
    }
}
