//! Killed at random moments and run again: nothing lost, nothing scored twice, read models equal to a
//! rebuild.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use std::process::Stdio;
use std::sync::mpsc;
use std::time::Instant;
use std::{io, thread};

use support::{Bench, STRONG, WEAK};
use testkit::pdf;

/// Kills per test run; `HIRESPHERE_KILLS` raises it for a soak.
fn kills() -> u32 {
    std::env::var("HIRESPHERE_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(12)
}

fn fill(bench: &Bench, resumes: usize) {
    for i in 0..resumes {
        let body = if i % 2 == 0 { STRONG } else { WEAK };
        let body = body.replace("example.org", &format!("{i}.example.org"));
        let lines: Vec<&str> = body.lines().collect();
        bench.resume(&format!("{i:03}.pdf"), &pdf::simple(&lines));
    }
}

#[test]
fn kill_9_at_any_moment_loses_and_doubles_nothing() {
    let resumes = 60;
    let calm = Bench::new();
    fill(&calm, resumes);
    let started = Instant::now();
    let expected = calm.screen();
    let whole = started.elapsed();

    let bench = Bench::new();
    fill(&bench, resumes);
    let mut interrupted = 0;
    for kill in 0..kills() {
        let args = ["screen", "--job", "job.md", "resumes", "--json"];
        let mut command = bench.command(&args);
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
        let mut output = child.stdout.take().expect("its output");
        let (ended, end) = mpsc::channel();
        let reading = thread::spawn(move || {
            // Its output ends when it does.
            let _ = io::copy(&mut output, &mut io::sink());
            let _ = ended.send(());
        });
        // Moments spread over a whole run, from its first instant on.
        let moment = whole.mul_f64(f64::from(kill) / f64::from(kills()));
        let _ = end.recv_timeout(moment);
        // SIGKILL: no handler runs.
        child.kill().expect("it is killed");
        interrupted += u32::from(!child.wait().expect("a status").success());
        reading.join().expect("a reader");
    }
    assert!(interrupted > 0, "at least one run was cut short");

    let rows = bench.screen();
    assert_eq!(rows.len(), resumes);
    let essence = |rows: &[serde_json::Value]| -> Vec<serde_json::Value> {
        rows.iter()
            .map(|r| {
                serde_json::json!([r["rank"], r["file"], r["outcome"], r["total"], r["criteria"]])
            })
            .collect()
    };
    assert_eq!(essence(&rows), essence(&expected), "the same as if nothing had happened");
    let rebuilt = bench.rebuild();
    assert_eq!(rebuilt["equal"], true);
    // One registration, resume, application, text, profile, request and score each, and what a job
    // and its rubric take: a second run of anything would be more.
    let calm_events = calm.rebuild()["events"].as_u64();
    assert_eq!(rebuilt["events"].as_u64(), calm_events, "nothing was done twice");
}
