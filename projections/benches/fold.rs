//! Folding: aggregates from their streams, and read models from the whole log, in events per second; of a log of
//! people whose data was corrected, and of one of applications.
//! The anchor is reading the same events without folding them, in the same run.
//!
//! `cargo bench -p hiresphere-projections --bench fold`, and on PostgreSQL
//! `scripts/servers.sh cargo bench -p hiresphere-projections --bench fold -- --postgres`; `--full` is ten times as many.

#![allow(missing_docs, clippy::expect_used, clippy::print_stdout, reason = "measures and prints")]

use std::collections::BTreeSet;
use std::time::Instant;

use domain::actor::{Actor, ActorKind};
use domain::application::Application;
use domain::candidate::{Candidate, CandidateCommand, Personal};
use domain::ids::{CandidateId, StreamKind};
use domain::pii::Pii;
use event_log::{Envelope, Log};
use projections::Builder;

use crate::place::Place;

#[path = "support/applications.rs"]
mod applications;
#[path = "support/place.rs"]
mod place;

/// Candidates and applications.
const PEOPLE: u32 = 1_000;
const FULL: u32 = 10_000;
const CORRECTIONS: u32 = 9;
/// Written at once, so that they share commits.
const WRITERS: u32 = 32;

async fn correct(log: &Log, people: u32) {
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let log = log.clone();
            tokio::spawn(async move {
                for n in (writer..people).step_by(WRITERS as usize) {
                    candidate(&log, n).await;
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.expect("a writer");
    }
}

async fn candidate(log: &Log, n: u32) {
    let candidate = CandidateId(log.ids.next());
    let personal = Personal { name: Some(format!("Candidate {n}")), ..Personal::default() };
    let register = CandidateCommand::RegisterCandidate {
        candidate,
        personal: Pii::new(personal),
        source: "bench".into(),
        email_index: None,
    };
    let corrections = (0..CORRECTIONS).map(|i| CandidateCommand::CorrectField {
        field: "name".into(),
        from: Pii::new(None),
        to: Pii::new(format!("Candidate {n}.{i}")),
    });
    let actor = Actor::new(ActorKind::Member, "bench");
    for command in std::iter::once(register).chain(corrections) {
        let envelope = Envelope::new(candidate, command, actor.clone());
        log.dispatcher().dispatch::<Candidate>(envelope).await.expect("an event");
    }
}

/// Reads, folds and rebuilds what a log holds.
async fn measure(what: &str, place: &Place) {
    let log = &place.log;
    let started = Instant::now();
    let (mut at, mut streams) = (0, BTreeSet::new());
    loop {
        let batch = log.store.read_all(at, 2048).await.expect("events");
        let Some(last) = batch.last() else { break };
        at = last.position;
        streams.extend(batch.iter().map(|e| e.stream));
    }
    let events = at as f64;
    println!("{what}: {at} events");
    let anchor = events / started.elapsed().as_secs_f64();
    println!("  read the log                 {anchor:>8.0} events/s   1.00");
    let said = |what: &str, started: Instant| {
        let rate = events / started.elapsed().as_secs_f64();
        println!("  {what:<28} {rate:>8.0} events/s   {:.2}", rate / anchor);
    };

    let started = Instant::now();
    for stream in &streams {
        match stream.kind {
            StreamKind::Candidate => {
                log.dispatcher().load::<Candidate>(stream.id).await.map(drop).expect("a candidate");
            }
            StreamKind::Application => {
                let loaded = log.dispatcher().load::<Application>(stream.id).await;
                loaded.map(drop).expect("an application");
            }
            _ => {}
        }
    }
    said("fold aggregates", started);

    let read = place.read_models().await;
    let started = Instant::now();
    Builder::new(log.clone()).catch_up(&read, u64::MAX).await.expect("read models");
    said("fold read models", started);

    let started = Instant::now();
    let rebuilt = read.rebuild(log).await.expect("a rebuild");
    said("rebuild, compare and swap", started);
    assert!(rebuilt.equal());
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let full = std::env::args().any(|argument| argument == "--full");
    let people = if full { FULL } else { PEOPLE };
    let place = Place::make().await;
    correct(&place.log, people).await;
    measure("corrections", &place).await;
    let place = Place::make().await;
    applications::fill(&place.log, people).await;
    measure("applications", &place).await;
}
