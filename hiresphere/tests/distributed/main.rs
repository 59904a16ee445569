//! The distributed engine as people run it: the same answers as from a folder, and every role a process of its own,
//! killed, frozen, with a clock that is off and cut off from its servers while people apply.
//!
//! By hand, at full size: `HIRESPHERE_APPLICATIONS=500 HIRESPHERE_ROUNDS=10 scripts/servers.sh cargo nextest run
//! --profile by-hand --release -p hiresphere --test distributed --no-capture`; with `HIRESPHERE_BUS_AWAY_SECONDS=600`
//! the bus is away for ten minutes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
#![allow(clippy::print_stdout, reason = "tells what a soak did")]

mod away;
mod cluster;
mod faults;
#[path = "../load/mod.rs"]
mod load;
mod matrix;
#[path = "../support/mod.rs"]
mod support;

use cluster::Servers;
use load::people::Person;
use serde_json::Value;
use support::{Bench, STRONG, WEAK};

/// Rows of `screen --json` without what is new in every log: ids and positions.
fn comparable(rows: &[Value]) -> Vec<Value> {
    let mut rows = rows.to_vec();
    for row in &mut rows {
        let row = row.as_object_mut().expect("an object");
        row.retain(|name, _| !["application", "run", "position", "duplicates"].contains(&&**name));
        row["candidate"]["id"] = Value::Null;
    }
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn screen_ranks_and_explains_the_same_on_both_engines() {
    let bench = Bench::new();
    bench.resume("strong.txt", STRONG.as_bytes());
    bench.resume("weak.txt", WEAK.as_bytes());
    bench.resume("none.pdf", b"%PDF-1.4 not really");
    for n in 0..6 {
        bench.resume(&format!("person{n}.pdf"), &Person::nth(n).resume);
    }
    let embedded = bench.screen();
    assert_eq!(embedded.len(), 9);

    let servers = Servers::start().await;
    let screen = || {
        let mut command = bench.command(&["screen", "--job", "job.md", "resumes", "--json"]);
        command.envs(servers.settings());
        let ran = command.output().expect("it runs");
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        let out = String::from_utf8(ran.stdout).expect("UTF-8");
        out.lines().map(|l| serde_json::from_str(l).expect("JSON")).collect::<Vec<Value>>()
    };
    let first = screen();
    assert_eq!(comparable(&first), comparable(&embedded));
    let events = "SELECT head FROM hiresphere.head";
    let before = servers.count(events).await;
    assert_eq!(screen(), first, "again: what was scored is not scored again");
    assert_eq!(servers.count(events).await, before);

    let rebuilt: Value = serde_json::from_str(&servers.run(&["rebuild", "--json"]).await).unwrap();
    assert_eq!((&rebuilt["equal"], rebuilt["events"].as_i64()), (&true.into(), Some(before)));
    let candidate = first[0]["candidate"]["id"].as_str().expect("an id");
    let erased = servers.run(&["erase", candidate, "--withdraw"]).await;
    assert!(erased.contains("is destroyed"), "{erased}");
    let named = format!(
        "SELECT count(*) FROM hiresphere_read_6.candidates WHERE candidate = '{candidate}' \
         AND (name IS NOT NULL OR email IS NOT NULL)"
    );
    assert_eq!(servers.count(&named).await, 0, "swept");
}
