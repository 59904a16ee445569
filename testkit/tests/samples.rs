//! The committed samples are what their sources make, no more and no less.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use testkit::samples;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../hiresphere/samples")
}

#[test]
fn committed_files_equal_what_the_sources_make() {
    for (path, made) in samples::make(&folder().join("source")).unwrap() {
        let committed = fs::read(folder().join(&path)).unwrap_or_default();
        assert!(
            committed == made,
            "{path} differs from its source; run: \
             cargo run -p hiresphere-testkit --example make_samples -- hiresphere/samples"
        );
    }
}

#[test]
fn nothing_else_lies_in_the_folders_of_jobs() {
    let made: BTreeSet<String> =
        samples::make(&folder().join("source")).unwrap().into_keys().collect();
    let jobs: BTreeSet<&str> =
        made.iter().filter_map(|path| path.split_once('/')).map(|(job, _)| job).collect();
    for job in jobs {
        assert!(folder().join(format!("{job}.md")).is_file(), "{job}.md is missing");
        for entry in fs::read_dir(folder().join(job)).unwrap() {
            let path = format!("{job}/{}", entry.unwrap().file_name().to_string_lossy());
            assert!(made.contains(&path), "{path} has no source");
        }
    }
}

#[test]
fn the_set_is_small_and_fictional() {
    let made = samples::make(&folder().join("source")).unwrap();
    assert!(made.values().map(Vec::len).sum::<usize>() < 500_000);
    for sample in samples::read(&folder().join("source")).unwrap() {
        let contacts = sample.resume.contacts.join(" ");
        let emails = contacts.split_whitespace().filter(|word| word.contains('@'));
        for email in emails {
            let domain = email.split('@').nth(1).unwrap();
            assert!(["example.com", "example.org"].contains(&domain), "{}: {email}", sample.path);
        }
        let reserved = ["555-01", "20 7946 0", "7700 900", "1632 960"];
        let digits = contacts.chars().filter(char::is_ascii_digit).count();
        assert!(
            digits == 0 || reserved.iter().any(|range| contacts.contains(range)),
            "{}: the number is in no range reserved for fiction",
            sample.path
        );
    }
}
