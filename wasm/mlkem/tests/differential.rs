//! Random cases beside libcrux, which is verified: more than 10,000 in all, and 10,000 for each size in a release build.

mod common;

#[test]
fn same_as_the_oracle() {
    let count = if cfg!(debug_assertions) { 3_400 } else { 10_000 };
    let seed = std::env::var("SOTTO_SEED")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(1);
    for (name, set) in sotto_mlkem::SETS {
        for index in 0..count {
            if let Err(what) = common::differential(name, set, seed, index) {
                panic!("{name}, seed {seed}, case {index}: {what} differs");
            }
        }
        println!("DIFFERENTIAL {name}: {count} cases beside libcrux, seed {seed}, 0 differ");
    }
}
