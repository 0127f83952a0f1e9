use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use replay_store::{Compression, Damage, Error, Format};

use crate::support::{Dir, Recording, entry, fixture, gzip, ids, is_missing, zstd};

#[test]
fn a_file_cut_at_any_length_is_damage_and_hides_nothing_else() {
    let json = br#"{"id":"x","connected_at":1,"events":[]}"#;
    let files = [
        ("x.etf.gz", fixture("etf/GDGKd-AScDzhBoai0se6wQ.etf.gz")),
        ("x.json.gz", fixture("json/-OS-2vvj4mjtgEzRfYa7-A.json.gz")),
        ("x.etf", Recording::new("x").etf()),
        ("x.json", json.to_vec()),
        ("x.etf.zst", zstd(&Recording::new("x").etf())),
        ("x.json.zst", zstd(json)),
    ];
    for (name, content) in files {
        let dir = Dir::new();
        let store = dir.open();
        store
            .save(&Recording::new("other").etf(), Format::Etf)
            .unwrap();
        for len in 0..content.len() {
            dir.write(name, &content[..len]);
            assert_eq!(ids(&store), ["other"], "{name} cut to {len}");
            match store.read(b"x") {
                Err(Error::Damaged { file, .. }) => assert_eq!(file, name),
                other => panic!("{name} cut to {len}: {other:?}"),
            }
        }
        let damage = store.take_damage();
        assert_eq!(damage.len(), 1, "each file once");
        dir.write(name, &content);
        assert_eq!(ids(&store).len(), 2);
        store.read(b"x").unwrap();
    }
}

#[test]
fn many_damaged_files_do_not_keep_a_directory_from_opening() {
    let dir = Dir::new();
    let content = fixture("etf/GDGKd-AScDzhBoai0se6wQ.etf.gz");
    for len in 0..content.len() {
        dir.write(format!("{len}.etf.gz"), &content[..len]);
    }
    dir.write("whole.etf.gz", &content);
    let store = dir.open();
    assert_eq!(store.list().unwrap().len(), 1);
    assert_eq!(store.take_damage().len(), content.len());
    assert_eq!(store.take_damage(), []);
}

#[test]
fn damage_says_which_file_and_why_but_nothing_of_its_content() {
    let dir = Dir::new();
    dir.write("a.etf", b"");
    dir.write("b.etf", b"secret");
    dir.write("c.etf.gz", b"\x1f\x8bsecret");
    dir.write("d.json", br#"{"id": "secret", "events": "secret"}"#);
    dir.write("e.json", br#"{"secret": secret}"#);
    dir.write("g.etf.zst", b"\x28\xb5\x2f\xfdsecret");
    dir.write(b"f\xff.etf", &[131, 106]);
    let damage = dir.open().take_damage();
    let files: Vec<&str> = damage.iter().map(|damage| &*damage.file).collect();
    assert_eq!(
        files,
        [
            "a.etf",
            "b.etf",
            "c.etf.gz",
            "d.json",
            "e.json",
            "f\u{fffd}.etf",
            "g.etf.zst"
        ]
    );
    for Damage { reason, .. } in damage {
        assert!(!reason.is_empty() && !reason.contains("secret"), "{reason}");
    }
}

#[test]
fn damage_that_was_repaired_or_deleted_before_anyone_asked_is_not_told() {
    let dir = Dir::new();
    dir.write("repaired.etf", b"");
    dir.write("deleted.etf", b"");
    let store = dir.open();
    dir.write("repaired.etf", &Recording::new("repaired").etf());
    store.delete(b"deleted").unwrap();
    store.list().unwrap();
    assert_eq!(store.take_damage(), []);
}

#[test]
fn an_older_file_stands_in_for_a_damaged_one() {
    let dir = Dir::new();
    let etf = Recording::new("x").etf();
    dir.write("x.etf", &etf);
    dir.write("x.etf.gz", b"\x1f\x8b");
    let store = dir.open();
    assert_eq!(store.read(b"x").unwrap().bytes, etf);
    assert_eq!(entry(&store, "x").file_name(), "x.etf");
}

#[test]
fn a_recording_damaged_after_it_was_listed_is_reported_when_read() {
    let dir = Dir::new();
    let store = dir.open();
    store.save(&Recording::new("x").etf(), Format::Etf).unwrap();
    let mut content = fs::read(dir.file("x.etf.gz")).unwrap();
    let middle = content.len() / 2;
    content[middle] ^= 0x10;
    dir.write("x.etf.gz", &content);
    assert!(matches!(store.read(b"x"), Err(Error::Damaged { .. })));
    assert_eq!(store.take_damage().len(), 1);
    assert!(store.list().unwrap().is_empty());
}

#[test]
fn a_flipped_bit_is_damage_or_harmless() {
    let dir = Dir::new();
    let store = dir.open_with(Compression::Zstd(3));
    let etf = Recording::new("x").events(40).etf();
    store.save(&etf, Format::Etf).unwrap();
    let content = fs::read(dir.file("x.etf.zst")).unwrap();
    for bit in 0..content.len() * 8 {
        let mut content = content.clone();
        content[bit / 8] ^= 1 << (bit % 8);
        dir.write("x.etf.zst", &content);
        match store.read(b"x") {
            Ok(contents) => assert_eq!(contents.bytes, etf, "bit {bit}"),
            Err(Error::Damaged { .. }) => {}
            other => panic!("bit {bit}: {other:?}"),
        }
    }
}

#[test]
fn a_decompression_bomb_is_refused() {
    let dir = Dir::new();
    let mut options = crate::support::options();
    options.limits.max_bytes = 100_000;
    dir.write("bomb.etf.gz", &gzip(&vec![0; 100_001]));
    let mut lying = gzip(&vec![0; 10_000_000]);
    let size = lying.len() - 4;
    lying[size..].copy_from_slice(&7u32.to_le_bytes());
    dir.write("lying.etf.gz", &lying);
    dir.write("plain.etf", &vec![0; 100_001]);
    dir.write("bomb.etf.zst", &zstd(&vec![0; 100_001]));
    dir.write("two.etf.zst", &zstd(&vec![0; 60_000]).repeat(2));
    let store = replay_store::Store::open(&dir.path(), options).unwrap();
    let damage = store.take_damage();
    assert_eq!(damage.len(), 5);
    assert!(
        damage
            .iter()
            .all(|damage| damage.reason == "larger than the limit"),
        "{damage:?}"
    );
    assert!(matches!(store.read(b"plain"), Err(Error::Damaged { .. })));
}

#[test]
fn what_only_looks_like_a_recording_is_passed_by() {
    let dir = Dir::new();
    dir.write("x.etf", &Recording::new("x").etf());
    fs::create_dir(dir.file("directory.etf.gz")).unwrap();
    let made = Command::new("mkfifo")
        .arg(dir.file("pipe.etf.gz"))
        .status()
        .unwrap();
    assert!(made.success());
    symlink("nowhere", dir.file("dangling.etf.gz")).unwrap();
    symlink("loop.etf.gz", dir.file("loop.etf.gz")).unwrap();
    let store = dir.open();
    assert_eq!(ids(&store), ["x"]);
    for id in ["directory", "pipe", "dangling"] {
        assert!(is_missing(&store, id), "{id}");
    }
    store.delete(b"directory").unwrap();
    let damaged: Vec<String> = store
        .take_damage()
        .into_iter()
        .map(|damage| damage.file)
        .collect();
    assert_eq!(damaged, ["loop.etf.gz"]);
    store.delete(b"loop").unwrap();
    assert_eq!(
        dir.names(),
        [
            "dangling.etf.gz",
            "directory.etf.gz",
            "pipe.etf.gz",
            "x.etf"
        ]
    );
}

#[test]
fn a_recording_behind_a_symbolic_link_is_one_like_any_other() {
    let dir = Dir::new();
    let etf = Recording::new("x").etf();
    let target = dir.outside().join("elsewhere");
    fs::write(&target, &etf).unwrap();
    fs::create_dir(dir.path()).unwrap();
    symlink(&target, dir.file("x.etf")).unwrap();
    let store = dir.open();
    assert_eq!(ids(&store), ["x"]);
    assert_eq!(store.read(b"x").unwrap().bytes, etf);
    store.delete(b"x").unwrap();
    assert_eq!(dir.names(), [""; 0]);
    assert!(target.exists(), "only the link is deleted");
}
