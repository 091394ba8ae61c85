//! Random runs of the ring, and messages of any length, beside an implementation of others.

mod common;

use common::Chance;

fn seed() -> u64 {
    std::env::var("SOTTO_SEED")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(1)
}

#[test]
fn runs_of_the_ring() {
    let mut chance = Chance::new(seed());
    let mut layers = 0;
    while layers < 4_000 {
        layers += common::ring(&mut chance).unwrap_or_else(|what| panic!("seed {}: {what}", seed()));
    }
    println!(
        "DIFFERENTIAL cells: {layers} layers beside the crate adiantum, seed {}, 0 differ",
        seed()
    );
}

#[test]
fn messages_of_any_length() {
    let mut chance = Chance::new(seed());
    for _ in 0..1_000 {
        common::any_length(&mut chance).unwrap_or_else(|what| panic!("seed {}: {what}", seed()));
    }
}

#[test]
fn jobs_that_are_not_possible() {
    let mut chance = Chance::new(seed());
    for _ in 0..1_000 {
        common::impossible(&mut chance).unwrap_or_else(|what| panic!("seed {}: {what}", seed()));
    }
}
