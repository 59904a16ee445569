//! `doctor`, and what a machine without a layer of the sandbox is told.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use serde_json::Value;
use support::{Bench, STRONG, text};

const LAYERS: [&str; 2] = ["landlock", "seccomp"];

fn layers(report: &Value) -> Vec<(&str, bool)> {
    let there = |line: &Value| line["missing"].is_null();
    report["layers"].as_array().unwrap().iter().map(|l| (text(l, "layer"), there(l))).collect()
}

#[test]
fn it_says_what_there_is_and_tries_it() {
    let bench = Bench::new();
    let report = &bench.run(&["doctor", "--json"]).ok().lines()[0];
    let layers = layers(report);
    assert_eq!(layers.iter().map(|(name, _)| *name).collect::<Vec<_>>(), LAYERS);
    let held = |outcome: &Value| outcome == "killed" || outcome.get("refused").is_some();
    let attempts = report["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 4);
    if layers.iter().all(|(_, there)| *there) {
        for line in attempts {
            assert!(held(&line["outcome"]), "{line}");
        }
    }
    let said = bench.run(&["doctor"]).ok().out;
    assert!(LAYERS.iter().all(|layer| said.contains(layer)), "{said}");
}

#[test]
fn without_a_layer_it_warns_and_strict_reads_nothing() {
    let bench = Bench::new();
    bench.resume("ada.txt", STRONG.as_bytes());
    for layer in LAYERS {
        let without = ["--sandbox-without", layer];
        let extract = [&["extract", "resumes"][..], &without].concat();
        let run = bench.run(&extract).ok();
        assert!(run.err.contains(&format!("{layer} (left out)")), "{}", run.err);
        let strict = [&extract[..], &["--sandbox", "strict"]].concat();
        assert_eq!(bench.run(&strict).failed(), "SANDBOX");

        let screen = [&["screen", "--job", "job.md", "resumes", "--ephemeral"][..], &without];
        let run = bench.run(&[&screen.concat()[..], &["--json"]].concat()).ok();
        assert!(run.err.contains(&format!("{layer} (left out)")), "{}", run.err);
        assert_eq!(text(&run.lines()[0], "outcome"), "scored");
        let strict = [&screen.concat()[..], &["--sandbox", "strict"]].concat();
        assert_eq!(bench.run(&strict).failed(), "SANDBOX");

        let serve = [&["serve", "--listen", "127.0.0.1:0", "--sandbox", "strict"][..], &without];
        assert_eq!(bench.run(&serve.concat()).failed(), "SANDBOX");
        let doctor = [&["doctor", "--sandbox", "strict"][..], &without].concat();
        assert_eq!(bench.run(&doctor).failed(), "SANDBOX");
    }
}
