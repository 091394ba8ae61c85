//! `cargo run --release -p sotto-mlkem --example differential -- COUNT SEED`: random cases beside libcrux, at each size in turn.

#[path = "../tests/common/mod.rs"]
mod common;

fn main() {
    let mut arguments = std::env::args()
        .skip(1)
        .map(|text| text.parse::<u64>().expect("COUNT and SEED are numbers"));
    let (count, seed) = (arguments.next().unwrap_or(10_000), arguments.next().unwrap_or(1));
    let mut failed = 0;
    for index in 0..count {
        let (name, set) = sotto_mlkem::SETS[(index % 3) as usize];
        if let Err(what) = common::differential(name, set, seed, index) {
            println!("{name}, seed {seed}, case {index}: {what}");
            failed += 1;
        }
    }
    println!(
        "ML-KEM beside libcrux, seed {seed}: {} passed, {failed} failed",
        count - failed
    );
    std::process::exit(i32::from(failed > 0));
}
