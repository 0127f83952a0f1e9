//! A recording in a list → the summary map that the host's dashboard reads.

use std::borrow::Cow;
use std::collections::HashMap;

use replay_store::{State, View};
use rustler::{Encoder, Env as NifEnv, Term};

use crate::listing::Item;
use crate::view;
use crate::vm::{Env, MapPairs, Raw};

mod atoms {
    rustler::atoms! {
        id, view, url, connected_at, event_count, duration_ms, active = "active?",
        recovered = "recovered?", truncated = "truncated?",
    }
}

/// Items looked at together before their maps are made.
const BATCH: usize = 32;

/// Makes summary maps in one environment.
pub struct Summaries<'a> {
    env: NifEnv<'a>,
    vm: Env,
    ordinary: Shape,
    flagged: Shape,
    nil: Raw,
    yes: Raw,
    no: Raw,
    /// The terms of the views met so far, by the address of their shared
    /// name: a directory holds thousands of recordings of a few views.
    views: HashMap<*const u8, Raw>,
    /// The last URL and its term: those of one application are mostly equal.
    url: Option<(Vec<u8>, Raw)>,
}

/// The keys that every summary has, then those of the flags, which are there
/// only when one is set: the summary of an ordinary recording is the host's,
/// key by key.
const KEYS: usize = 7;
const KEYS_AND_FLAGS: usize = 9;

/// The keys of a map in the VM's own order, which differs between releases.
/// Handed over in any other, they would be sorted for every single map.
struct Shape {
    keys: Vec<Raw>,
    /// Which value belongs to each.
    values: Vec<usize>,
}

impl Shape {
    fn of(env: NifEnv<'_>, keys: &[Raw]) -> Self {
        let vm = Env::of(env);
        let numbers: Vec<_> = (0..keys.len()).map(|n| n.encode(env).as_c_arg()).collect();
        let mut shape = Self {
            keys: keys.to_vec(),
            values: (0..keys.len()).collect(),
        };
        let mut pairs = MapPairs::new(vm);
        // SAFETY: all terms were made in this environment.
        let made = unsafe {
            vm.make_map(keys, &numbers)
                .is_some_and(|map| pairs.start(map))
        };
        if made {
            let ordered: Vec<_> = pairs
                // SAFETY: the values are the small integers of above.
                .filter_map(|(key, n)| Some((key, usize::try_from(unsafe { vm.int64(n) }?).ok()?)))
                .collect();
            if ordered.len() == keys.len() {
                (shape.keys, shape.values) = ordered.into_iter().unzip();
            }
        }
        shape
    }
}

/// What a summary is made of, wherever it comes from.
struct Parts<'p> {
    id: &'p [u8],
    view: &'p View,
    url: Option<&'p [u8]>,
    connected_at: i64,
    event_count: u32,
    duration_ms: i64,
    active: bool,
    recovered: bool,
    truncated: bool,
}

impl<'p> From<&'p Item> for Parts<'p> {
    fn from(item: &'p Item) -> Self {
        match item {
            Item::Stored(entry) => Self {
                id: &entry.id,
                view: &entry.view,
                url: entry.url.as_deref(),
                connected_at: entry.connected_at,
                event_count: entry.event_count,
                duration_ms: entry.duration_ms,
                active: false,
                recovered: entry.recovered,
                truncated: entry.truncated,
            },
            Item::InFlight(summary) => Self {
                id: &summary.id,
                view: &summary.view,
                url: summary.url.as_deref(),
                connected_at: summary.connected_at,
                event_count: summary.events.total(),
                duration_ms: summary.duration_ms,
                active: summary.state == State::Running,
                recovered: summary.recovered,
                truncated: summary.truncated,
            },
        }
    }
}

impl<'a> Summaries<'a> {
    /// The maps of these recordings, as a list.
    pub fn list(env: NifEnv<'a>, items: &[Item]) -> Term<'a> {
        let mut summaries = Self::new(env);
        let mut maps = Vec::with_capacity(items.len());
        for batch in items.chunks(BATCH) {
            touch(batch);
            maps.extend(batch.iter().map(|item| summaries.map(&item.into())));
        }
        // SAFETY: the maps were made in this environment.
        unsafe { Term::new(env, summaries.vm.make_list(&maps)) }
    }

    fn new(env: NifEnv<'a>) -> Self {
        let raw = |atom: rustler::Atom| atom.encode(env).as_c_arg();
        let keys: [Raw; KEYS_AND_FLAGS] = [
            raw(atoms::id()),
            raw(atoms::view()),
            raw(atoms::url()),
            raw(atoms::connected_at()),
            raw(atoms::event_count()),
            raw(atoms::duration_ms()),
            raw(atoms::active()),
            raw(atoms::recovered()),
            raw(atoms::truncated()),
        ];
        Self {
            env,
            vm: Env::of(env),
            ordinary: Shape::of(env, &keys[..KEYS]),
            flagged: Shape::of(env, &keys),
            nil: raw(rustler::types::atom::nil()),
            yes: raw(rustler::types::atom::true_()),
            no: raw(rustler::types::atom::false_()),
            views: HashMap::new(),
            url: None,
        }
    }

    fn map(&mut self, parts: &Parts<'_>) -> Raw {
        let (env, yes, no) = (self.env, self.yes, self.no);
        let integer = |value: i64| value.encode(env).as_c_arg();
        let boolean = |value: bool| if value { yes } else { no };
        let view = match parts.view {
            View::Atom(name) | View::Name(name) => *self
                .views
                .entry(name.as_ptr())
                .or_insert_with(|| view::term(self.env, &borrowed(parts.view))),
            View::None => self.nil,
        };
        let values = [
            self.vm.make_binary(parts.id),
            view,
            self.url(parts.url),
            integer(parts.connected_at),
            integer(parts.event_count.into()),
            integer(parts.duration_ms),
            boolean(parts.active),
            boolean(parts.recovered),
            boolean(parts.truncated),
        ];
        let shape = if parts.recovered || parts.truncated {
            &self.flagged
        } else {
            &self.ordinary
        };
        let mut ordered = [self.nil; KEYS_AND_FLAGS];
        for (to, &from) in ordered.iter_mut().zip(&shape.values) {
            *to = values[from];
        }
        // SAFETY: keys and values were made in this environment.
        let map = unsafe { self.vm.make_map(&shape.keys, &ordered[..shape.keys.len()]) };
        // The keys differ, so the VM has made the map.
        map.unwrap_or(self.nil)
    }

    fn url(&mut self, url: Option<&[u8]>) -> Raw {
        match (url, &self.url) {
            (None, _) => self.nil,
            (Some(url), Some((known, term))) if url == known => *term,
            (Some(url), _) => {
                let term = self.vm.make_binary(url);
                self.url = Some((url.to_vec(), term));
                term
            }
        }
    }
}

/// Brings a batch into the cache. The entries lie scattered in memory; reads
/// that do not depend on each other wait for it together, where making one
/// map after the other would wait for each.
fn touch(batch: &[Item]) {
    let sum = batch.iter().fold(0u8, |sum, item| {
        let parts = Parts::from(item);
        let url = parts.url.and_then(<[u8]>::first);
        sum ^ parts.id.first().unwrap_or(&0) ^ url.unwrap_or(&0)
    });
    std::hint::black_box(sum);
}

fn borrowed(view: &View) -> replay_etf::View<'_> {
    match view {
        View::Atom(text) => replay_etf::View::Atom(Cow::Borrowed(text)),
        View::Name(text) => replay_etf::View::Name(Cow::Borrowed(text)),
        View::None => replay_etf::View::None,
    }
}
