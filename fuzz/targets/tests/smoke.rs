//! What must hold of any bytes holds of the seeds, and of seeds that were changed.
//!
//! Each run changes them otherwise; one that failed is repeated with the seed it has printed, as
//! `HOSTILE_SEED`.

use std::hash::{BuildHasher as _, RandomState};

use hostile::{Mutator, TARGETS};

/// Says what failed when the test ends by a panic.
struct Tried<'a> {
    name: &'a str,
    seed: u64,
    input: Vec<u8>,
}

impl Drop for Tried<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let Tried { name, seed, input } = self;
            eprintln!(
                "{name} failed with HOSTILE_SEED={seed}, of {}",
                input.escape_ascii()
            );
        }
    }
}

fn run(name: &str) {
    let target = TARGETS.iter().find(|target| target.name == name);
    let target = target.expect("a target");
    let given = std::env::var("HOSTILE_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or_else(|| RandomState::new().hash_one(name));
    let mut random = Mutator::new(seed);
    let mut inputs = (target.seeds)();
    let mut tried = Tried {
        name,
        seed,
        input: Vec::new(),
    };
    for seed in &inputs {
        tried.input.clone_from(seed);
        (target.check)(seed);
    }
    // What is large is slow to change and to read.
    inputs.retain(|input| input.len() < 16 << 10);
    for _ in 0..target.rounds {
        let [input, other] = [(); 2].map(|()| &inputs[random.below(inputs.len())]);
        tried.input = random.mutate(input, other);
        (target.check)(&tried.input);
    }
}

macro_rules! smoke {
    ($($name:ident),* $(,)?) => {
        $(#[test]
        fn $name() {
            run(stringify!($name));
        })*

        #[test]
        fn no_target_is_left_out() {
            let names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
            assert_eq!(names, [$(stringify!($name)),*]);
        }
    };
}

smoke! {
    terms,
    json_read,
    json_write,
    assemble,
    changes,
    files,
    slab,
    index,
    cursor,
    note,
    owner,
    names,
    batch,
    filter,
    lost,
}
