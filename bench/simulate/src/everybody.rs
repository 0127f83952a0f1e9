//! All nodes as they write, and the one that gathers, if there is one.

use crate::load::Load;
use crate::requests::Kind;
use crate::settings::Settings;
use crate::world::{Rows, Time, World};
use crate::writer;

/// Everything that is written while `settings` are simulated.
pub fn write(settings: &Settings) -> World {
    let load = Load::with_peak(settings.peak);
    let mut world = World::default();
    for node in 0..settings.nodes as u16 {
        writer::run(settings, &load, node, &mut world);
    }
    if settings.gather > 0.0 {
        gather(settings, &mut world);
    }
    // As many batches and tombstones go as come.
    let old = (world.rows.len() + world.tombstones.len()) as f64;
    world.requests.add(Kind::Delete, old, 0.0, settings);
    world.keys.sort_unstable();
    world
}

/// One node reads each recording once, and writes down all rows that are new, so often.
fn gather(settings: &Settings, world: &mut World) {
    let period = (settings.gather * 1000.0) as Time;
    let read_ms = (settings.list_ms + settings.get_ms) as Time;
    let mut order: Vec<u32> = (0..world.recordings.len() as u32).collect();
    order.sort_unstable_by_key(|id| world.recordings[*id as usize].visible);
    let bytes: f64 = world
        .recordings
        .iter()
        .map(|one| f64::from(one.bytes))
        .sum();
    let count = world.recordings.len() as f64;
    world.requests.add(Kind::GetBody, count, bytes, settings);
    let overlap = (settings.overlap * 1000.0) as Time;
    let mut rest = &order[..];
    let mut tick = period;
    while !rest.is_empty() && period > 0 {
        let here = rest.partition_point(|id| world.recordings[*id as usize].visible <= tick);
        // It lists what has come, and what it goes back for.
        let back =
            order.partition_point(|id| world.recordings[*id as usize].visible <= tick - overlap);
        let listed = (order.len() - rest.len() + here - back) as u32;
        let pages = listed.div_ceil(settings.page_keys).max(1);
        let bytes = f64::from(listed) * f64::from(settings.listed_bytes);
        let pages = f64::from(pages);
        world.requests.add(Kind::ListPoll, pages, bytes, settings);
        let (now, later) = rest.split_at(here);
        if !now.is_empty() {
            let rows = Rows {
                node: 0,
                first: world.members.len() as u32,
                count: now.len() as u32,
            };
            world.members.extend_from_slice(now);
            let at = tick + read_ms;
            world.add_rows(settings, rows, at, at + settings.put_ms as Time);
        }
        rest = later;
        tick += period;
    }
    world.unnamed = 0;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::{Key, Object};

    fn small() -> Settings {
        Settings {
            nodes: 5,
            per_day: 50_000.0,
            ..Settings::default()
        }
    }

    #[test]
    fn every_recording_is_listed_once_and_keys_are_in_order() {
        let world = write(&small());
        assert!((48_000..52_000).contains(&world.recordings.len()));
        assert!(world.keys.is_sorted());
        let of = |key: &Key| match key.object {
            Object::Recording(id) => Some(id),
            _ => None,
        };
        let mut listed: Vec<u32> = world.keys.iter().filter_map(of).collect();
        listed.sort_unstable();
        assert!(listed.iter().copied().eq(0..world.recordings.len() as u32));
    }

    #[test]
    fn a_gatherer_names_everything_once_in_few_batches() {
        let settings = Settings {
            gather: 10.0,
            ..small()
        };
        let world = write(&settings);
        let mut named = world.members.clone();
        named.sort_unstable();
        assert!(named.iter().copied().eq(0..world.recordings.len() as u32));
        assert!(world.rows.len() <= 8_650);
        for key in &world.keys {
            if let Object::Rows(rows) = key.object {
                let named = world.named_by(&world.rows[rows as usize]);
                let newest = named
                    .iter()
                    .map(|id| world.recordings[*id as usize].visible);
                assert!(newest.max().unwrap() < key.visible);
            }
        }
    }

    #[test]
    fn a_seed_determines_everything() {
        let (one, same) = (write(&small()), write(&small()));
        assert_eq!(one.keys, same.keys);
        let other = write(&Settings { seed: 2, ..small() });
        assert_ne!(one.keys, other.keys);
    }
}
