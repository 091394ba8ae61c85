//! Every input that is kept, through its target, whole and cut short: without libFuzzer, in seconds.

use sotto_fuzz::TARGETS;
use std::fs;
use std::path::Path;

#[test]
fn what_is_kept() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut folders: Vec<_> = fs::read_dir(&corpus)
        .expect("the corpus is there")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
        .collect();
    folders.sort();
    assert_eq!(folders, TARGETS.map(|(name, _)| name));
    for (name, target) in TARGETS {
        let mut count = 0;
        for entry in fs::read_dir(corpus.join(name)).expect("a folder") {
            let path = entry.expect("an entry").path();
            let input = fs::read(&path).expect("an input");
            // The last one that is named is the one that fails.
            println!("{}", path.display());
            target(&input);
            for length in [input.len() / 2, input.len().saturating_sub(1)] {
                target(&input[..length]);
            }
            count += 1;
        }
        assert!(count > 0, "{name}: nothing is kept");
        println!("REPLAY {name}: {count} inputs");
    }
}
