//! Files that can't be read.

use super::*;

#[test]
fn an_unreadable_file_is_damage_until_it_can_be_read() {
    let dir = Dir::new();
    dir.write("x.etf", &Recording::new("x").etf());
    let fs = Arc::new(Faulty::default());
    fs.fail(Call::Read, libc::EACCES);
    let store = Store::open_on(fs.clone(), &dir.path(), options()).unwrap();
    assert!(store.list().unwrap().is_empty());
    assert_eq!(store.read(b"x").unwrap_err().posix(), Some("eacces"));
    let mut damage = store.take_damage();
    damage.retain(|damage| !damage.file.starts_with(".native/"));
    assert_eq!(damage.len(), 1);
    assert_eq!(damage[0].reason, "cannot be read: permission denied");
    fs.recover();
    assert_eq!(ids(&store), ["x"]);
    store.read(b"x").unwrap();
    assert_eq!(store.take_damage(), []);
}

#[test]
fn a_panic_over_one_file_is_damage_of_that_file() {
    let dir = Dir::new();
    for n in 0..200 {
        dir.write(format!("{n}.etf"), &Recording::new(n.to_string()).etf());
    }
    dir.write("panic.etf", &Recording::new("panic").etf());
    let (_, store) = open(&dir);
    assert_eq!(store.list().unwrap().len(), 200);
    let damage = store.take_damage();
    assert_eq!(damage.len(), 1);
    assert_eq!(
        (&*damage[0].file, &*damage[0].reason),
        ("panic.etf", "the reader failed")
    );
}
