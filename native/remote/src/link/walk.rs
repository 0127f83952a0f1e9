//! A slow walk through the whole bucket, for what has vanished, and what came late.

use std::collections::HashSet;
use std::time::Instant;

use replay_store::Object;

use super::news::News;
use super::shared::{Shared, first, object_of};
use crate::bucket::Cursor;
use crate::fault::Fault;
use crate::key::Time;

/// Where the walk is.
#[derive(Default)]
pub(super) struct Walk {
    /// The time of the last key that was listed; `None` at the beginning.
    at: Option<Time>,
    stepped: Option<Instant>,
}

impl Walk {
    /// Goes one page further, if that is due.
    pub(super) fn step(&mut self, shared: &Shared, news: &mut News) -> Result<(), Fault> {
        match self.stepped {
            Some(at) if at.elapsed() < shared.settings.walk => return Ok(()),
            // What is there was listed just now.
            None => {
                self.stepped = Some(Instant::now());
                return Ok(());
            }
            Some(_) => {}
        }
        self.page(shared, news)?;
        self.stepped = Some(Instant::now());
        Ok(())
    }

    fn page(&mut self, shared: &Shared, news: &mut News) -> Result<(), Fault> {
        // What is just being put there may not be listed yet.
        let unsettled = i64::try_from(shared.settings.walk.as_millis() * 2).unwrap_or(i64::MAX);
        let settled = shared.clock.now_ms().saturating_sub(unsettled);
        let known = shared.tier.objects();
        let cursor = self.at.map_or_else(first, Cursor::from_time);
        let page = shared.listed(&cursor)?;
        let last = page
            .objects
            .iter()
            .filter_map(|it| it.key.as_ref()?.time())
            .max();
        // Those of the last time may go on with the next page.
        let end = match (&page.next, last) {
            (Some(_), Some(last)) => i64::try_from(last.ms()).unwrap_or(i64::MAX),
            _ => i64::MAX,
        };
        let start = self
            .at
            .map_or(0, |at| i64::try_from(at.ms()).unwrap_or(i64::MAX));
        let there: HashSet<Object> = (page.objects.iter())
            .filter_map(|it| object_of(it.key.as_ref()?))
            .collect();
        let next = page.next.is_some();
        // What takes the place of something that is gone comes first.
        news.learn(shared, page.objects)?;
        for object in known.iter().map(|listed| &listed.object) {
            let is_here = (start..end.min(settled)).contains(&object.put.at);
            if is_here && !there.contains(object) {
                shared.tier.vanished(object);
            }
        }
        self.at = match (next, last) {
            // More than a page of one time would not end.
            (true, Some(last)) if self.at == Some(last) => Time::from_ms(last.ms() + 1),
            (true, last) => last,
            (false, _) => None,
        };
        Ok(())
    }
}
