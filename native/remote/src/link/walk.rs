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
    /// Where it goes on behind a page without such a key.
    further: Option<Cursor>,
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
        let cursor = match &self.further {
            Some(cursor) => cursor.clone(),
            None => self.at.map_or_else(first, Cursor::from_time),
        };
        let page = shared.listed(&cursor)?;
        let last = page
            .objects
            .iter()
            .filter_map(|it| it.key.as_ref()?.time())
            .max();
        let ms = |time: Time| i64::try_from(time.ms()).unwrap_or(i64::MAX);
        let start = self.at.map_or(0, ms);
        let end = match (&page.next, last) {
            // Those of the last time may go on with the next page.
            (Some(_), Some(last)) => ms(last),
            // Nothing is known of any time yet.
            (Some(_), None) => start,
            (None, _) => i64::MAX,
        };
        let there: HashSet<Object> = (page.objects.iter())
            .filter_map(|it| object_of(it.key.as_ref()?))
            .collect();
        let next = page.next;
        // What takes the place of something that is gone comes first.
        news.learn(shared, page.objects)?;
        for object in known.iter().map(|listed| &listed.object) {
            let is_here = (start..end.min(settled)).contains(&object.put.at);
            if is_here && !there.contains(object) {
                shared.tier.vanished(object);
            }
        }
        (self.at, self.further) = match (next, last) {
            // More than a page of one time would not end.
            (Some(_), Some(last)) if self.at == Some(last) => (Time::from_ms(last.ms() + 1), None),
            (Some(_), Some(last)) => (Some(last), None),
            (further @ Some(_), None) => (self.at, further),
            (None, _) => (None, None),
        };
        Ok(())
    }
}
