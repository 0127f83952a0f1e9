//! An index entry → the summary map that the host's dashboard reads.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use replay_store::{Entry, View};
use rustler::{Encoder, Env as NifEnv, Term};

use crate::view;
use crate::vm::{Env, Raw};

mod atoms {
    rustler::atoms! {
        id, view, url, connected_at, event_count, duration_ms, active = "active?",
    }
}

/// Makes summary maps in one environment.
pub struct Summaries<'a> {
    env: NifEnv<'a>,
    vm: Env,
    keys: [Raw; 7],
    nil: Raw,
    inactive: Raw,
    /// The terms of the views met so far, by the address of their shared
    /// name: a directory holds thousands of recordings of a few views.
    views: HashMap<*const u8, Raw>,
}

impl<'a> Summaries<'a> {
    /// The maps of these recordings, as a list.
    pub fn list(env: NifEnv<'a>, entries: &[Arc<Entry>]) -> Term<'a> {
        let mut summaries = Self::new(env);
        let mut maps = Vec::with_capacity(entries.len());
        for batch in entries.chunks(BATCH) {
            touch(batch);
            maps.extend(batch.iter().map(|entry| summaries.map(entry)));
        }
        // SAFETY: the maps were made in this environment.
        unsafe { Term::new(env, summaries.vm.make_list(&maps)) }
    }

    fn new(env: NifEnv<'a>) -> Self {
        let raw = |atom: rustler::Atom| atom.encode(env).as_c_arg();
        Self {
            env,
            vm: Env::of(env),
            keys: [
                raw(atoms::id()),
                raw(atoms::view()),
                raw(atoms::url()),
                raw(atoms::connected_at()),
                raw(atoms::event_count()),
                raw(atoms::duration_ms()),
                raw(atoms::active()),
            ],
            nil: raw(rustler::types::atom::nil()),
            inactive: raw(rustler::types::atom::false_()),
            views: HashMap::new(),
        }
    }

    fn map(&mut self, entry: &Entry) -> Raw {
        let integer = |value: i64| value.encode(self.env).as_c_arg();
        let values = [
            self.vm.make_binary(&entry.id),
            match &entry.view {
                View::Atom(name) | View::Name(name) => *self
                    .views
                    .entry(name.as_ptr())
                    .or_insert_with(|| view::term(self.env, &borrowed(&entry.view))),
                View::None => self.nil,
            },
            entry
                .url
                .as_deref()
                .map_or(self.nil, |url| self.vm.make_binary(url)),
            integer(entry.connected_at),
            integer(entry.event_count.into()),
            integer(entry.duration_ms),
            self.inactive,
        ];
        // SAFETY: keys and values were made in this environment.
        let map = unsafe { self.vm.make_map(&self.keys, &values) };
        // The keys differ, so the VM has made the map.
        map.unwrap_or(self.nil)
    }
}

/// Entries looked at together before their maps are made.
const BATCH: usize = 32;

/// Brings a batch into the cache. The entries lie scattered in memory; reads
/// that do not depend on each other wait for it together, where making one
/// map after the other would wait for each.
fn touch(batch: &[Arc<Entry>]) {
    let sum = batch.iter().fold(0u8, |sum, entry| {
        let url = entry.url.as_deref().and_then(<[u8]>::first);
        sum ^ entry.id.first().unwrap_or(&0) ^ url.unwrap_or(&0)
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
