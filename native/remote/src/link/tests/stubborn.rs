//! A disk that does not do what others have decided.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use replay_store::{FileName, FileSystem, Mapping, Metadata, OsFileSystem, Process, Stamp, Watch};

use super::*;
use crate::gone::Gone;
use crate::key::Name;
use hooked::{Call, hooked};

#[path = "../../../../store/tests/support/hooked.rs"]
mod hooked;

/// A node on a disk where some files can't be removed, as long as it is stubborn.
fn node_on(world: &World, is_stubborn: &Arc<AtomicBool>, dir: TempDir) -> Node {
    let is_stubborn = Arc::clone(is_stubborn);
    let disk = hooked(move |call| match call {
        Call::Remove(path)
            if path.to_string_lossy().contains("stuck") && is_stubborn.load(Relaxed) =>
        {
            Err(io::ErrorKind::PermissionDenied.into())
        }
        _ => Ok(()),
    });
    let store = Store::open_on(disk, dir.path(), StoreOptions::default()).unwrap();
    let settings = Settings {
        node: "b".into(),
        poll: Duration::from_millis(50),
        ..Settings::default()
    };
    let link = Link::open(&store, world.bucket(), settings).unwrap();
    Node { link, store, dir }
}

fn stuck(world: &World) -> usize {
    let objects = world.objects(".etf.gz").into_iter();
    objects.filter(|it| it.contains("stuck")).count()
}

/// Who has deleted it.
#[derive(Debug, Clone, Copy, PartialEq)]
enum By {
    Id,
    FilterOfAnother,
    /// A run of this directory that did not come to it.
    OwnFilter,
}

#[test]
fn what_can_not_be_deleted_here_keeps_nothing_else_waiting() {
    for by in [By::Id, By::FilterOfAnother, By::OwnFilter] {
        let world = World::new();
        let (is_stubborn, a) = (Arc::new(AtomicBool::new(false)), world.node("a"));
        let b = node_on(&world, &is_stubborn, tempfile::tempdir().unwrap());
        b.save("stuck", 1);
        b.drain();
        a.lists(&["stuck"]);
        // For whom it would be to take a filter away.
        let other = Name::new(*b"0-00000000000000ff").unwrap();
        let shown = Key::Node(other.clone());
        world.direct.put(&shown, vec![].into()).unwrap();
        let origin = match by {
            By::OwnFilter => b.link.shared.node.clone(),
            _ => other.clone(),
        };
        let dir = b.close();
        a.store.delete(b"stuck").unwrap();
        a.drain();
        if by != By::Id {
            for key in world.objects(".gone") {
                world.remove(&key);
            }
            let clock = &a.link.shared.clock;
            let gone = Gone {
                effective: clock.next(),
                origin,
                ids: Vec::new(),
                filter: by_id("stuck").encode(),
            };
            let (time, tag) = (clock.next(), random_tag());
            let key = Key::Gone { time, tag };
            world.direct.put(&key, gone.encode().unwrap()).unwrap();
            let confirmed = Key::Confirmed { tag, node: other };
            world.direct.put(&confirmed, vec![].into()).unwrap();
            let confirmed = Key::confirmed(Some(tag));
            eventually("all others have confirmed", || {
                let objects = world.objects("").into_iter();
                objects.filter(|it| it.starts_with(&confirmed)).count() == 2
            });
        }
        a.save("y", 2);
        a.drain();

        is_stubborn.store(true, Relaxed);
        let b = node_on(&world, &is_stubborn, dir);
        eventually("what is new is learnt", || {
            b.ids().contains(&"y".to_owned())
        });
        b.save("z", 3);
        eventually("what is saved now is uploaded", || {
            a.ids().contains(&"z".to_owned())
        });
        assert!(b.link.status().is_complete);
        assert_eq!((stuck(&world), a.ids().len()), (0, 2), "by {by:?}");

        is_stubborn.store(false, Relaxed);
        eventually("it is gone here, too", || b.ids().len() == 2);
        b.drain();
        assert_eq!((stuck(&world), a.ids().len()), (0, 2), "by {by:?}");
    }
}
