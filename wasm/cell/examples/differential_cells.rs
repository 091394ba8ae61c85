//! `cargo run --release -p sotto-cell --example differential_cells -- COUNT SEED`: so many layers, in random runs of the ring, beside
//! an implementation of others.

#[path = "../tests/common/mod.rs"]
mod common;

use common::Chance;

fn main() {
    let mut arguments = std::env::args()
        .skip(1)
        .map(|text| text.parse::<u64>().expect("COUNT and SEED are numbers"));
    let (count, seed) = (arguments.next().unwrap_or(10_000), arguments.next().unwrap_or(1));
    let mut chance = Chance::new(seed);
    let (mut done, mut failed) = (0, 0);
    while done < count {
        // Each run of the ring with one message of any length, and one run that is refused, beside it.
        let run = common::ring(&mut chance)
            .and_then(|jobs| common::any_length(&mut chance).map(|()| jobs))
            .and_then(|jobs| common::impossible(&mut chance).map(|()| jobs));
        match run {
            Ok(jobs) => done += jobs as u64,
            Err(what) => {
                println!("cells, seed {seed}, after {done} layers: {what}");
                (done, failed) = (done + 1, failed + 1);
            }
        }
    }
    println!(
        "cells beside the crate adiantum, seed {seed}: {} passed, {failed} failed",
        done - failed
    );
    std::process::exit(i32::from(failed > 0));
}
