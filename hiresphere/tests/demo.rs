//! `demo`, as a newcomer runs it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use support::Bench;

#[test]
fn three_jobs_are_ranked_with_reasons() {
    let bench = Bench::new();
    let out = bench.run(&["demo", "--once"]).ok().out;
    for expected in [
        "Opening 3 jobs",
        "Senior Backend Engineer: 8 of 8 ranked",
        "Head Chef: 6 of 6 ranked",
        "Staff Nurse, Acute Medical Ward: 6 of 6 ranked",
        "skills/40",
        "experience/30",
        "education/15",
        "soft/15",
        "hidden text in Dmitri_Volkov_Resume.pdf",
        "same person? Amara_Okafor_CV.pdf",
    ] {
        assert!(out.contains(expected), "{expected} in {out}");
    }
    let left: Vec<_> = std::fs::read_dir(bench.folder.path()).unwrap().collect();
    assert_eq!(left.len(), 2, "nothing is left behind: {left:?}");
}
