//! What nodes tell each other of objects.

use super::*;

#[test]
fn rows_are_believed_for_the_object_they_are_about() {
    let (bucket, dirs) = world::<2>();
    let [a, b] = dirs.each_ref().map(|dir| node(dir.path(), &bucket));
    a.save("x", 1);
    a.upload(5);
    let object = bucket.listed().remove(0).object;
    let (rows, _) = a.tier.rows(std::slice::from_ref(&object), 1 << 20);
    assert_eq!(
        b.tier.learn(&rows, |_| Some(7)).unwrap(),
        [],
        "of another size"
    );
    assert_eq!(
        b.tier.learn(&rows, |_| None).unwrap(),
        [],
        "of another time"
    );
    for at in 0..rows.len() {
        let mut changed = rows.clone();
        changed[at] ^= 1;
        let cut = b.tier.learn(&rows[..at], |_| Some(1));
        assert_eq!(cut.unwrap(), []);
        assert!(!b.tier.all_named_in(&rows[..at]).1);
        assert_eq!(b.tier.learn(&changed, |_| None).unwrap(), []);
    }
    assert_eq!(b.tier.all_named_in(&rows), (vec![object.clone()], true));
    let other = Object {
        put: Put {
            at: 6,
            ..object.put
        },
        ..object
    };
    let (none, count) = a.tier.rows(&[other], 1 << 20);
    assert_eq!(count, 1, "it is passed over");
    assert_eq!(
        b.tier.all_named_in(&none),
        (vec![], true),
        "of another time"
    );
}

#[test]
fn rows_are_so_many_as_fit_into_a_batch() {
    let (bucket, dirs) = world::<1>();
    let a = node(dirs[0].path(), &bucket);
    for number in 0..10 {
        a.save(&format!("r{number}"), number);
    }
    a.upload(5);
    let objects: Vec<_> = bucket.listed().into_iter().map(|it| it.object).collect();
    let row = |count: usize| a.tier.rows(&objects[..count], 1 << 20);
    let plain = |rows: &[u8]| a.tier.unpacked(rows).len();
    let max_bytes = plain(&row(4).0);
    assert!(plain(&row(3).0) < max_bytes);
    let (mut left, mut named) = (&objects[..], Vec::new());
    while !left.is_empty() {
        let (rows, count) = a.tier.rows(left, max_bytes);
        assert!((1..=5).contains(&count), "{count}");
        let (some, is_all) = a.tier.all_named_in(&rows);
        assert!(is_all && some == left[..count]);
        named.extend(some);
        left = &left[count..];
    }
    assert_eq!(named, objects);
    assert_eq!(a.tier.rows(&objects, 0).1, 1, "one at least");
}
