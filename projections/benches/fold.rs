//! Folding: aggregates from their streams, and read models from the whole log, in events per second.
//! The anchor is reading the same events without folding them, in the same run.
//!
//! `cargo bench -p hiresphere-projections --bench fold`, and with the read models on PostgreSQL
//! `scripts/servers.sh cargo bench -p hiresphere-projections --bench fold -- --postgres`

#![allow(missing_docs, clippy::expect_used, clippy::print_stdout, reason = "measures and prints")]

use std::collections::BTreeSet;
use std::time::Instant;

use domain::actor::{Actor, ActorKind};
use domain::candidate::{Candidate, CandidateCommand, Personal};
use domain::ids::CandidateId;
use domain::pii::Pii;
use event_log::folder::Folder;
use event_log::{Envelope, Log};
use projections::Builder;

#[path = "support/place.rs"]
mod place;

const CANDIDATES: u32 = 1_000;
const CORRECTIONS: u32 = 9;

async fn fill(log: &Log) {
    let actor = Actor::new(ActorKind::Member, "bench");
    for n in 0..CANDIDATES {
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
        for command in std::iter::once(register).chain(corrections) {
            let envelope = Envelope::new(candidate, command, actor.clone());
            log.dispatcher().dispatch::<Candidate>(envelope).await.expect("an event");
        }
    }
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_held, log) = Folder::open(folder.path()).await.expect("a log");
    fill(&log).await;
    let events = f64::from(CANDIDATES * (CORRECTIONS + 1));

    let started = Instant::now();
    let (mut at, mut streams) = (0, BTreeSet::new());
    loop {
        let batch = log.store.read_all(at, 512).await.expect("events");
        let Some(last) = batch.last() else { break };
        at = last.position;
        streams.extend(batch.iter().map(|e| e.stream));
    }
    let anchor = events / started.elapsed().as_secs_f64();
    println!("read the log                 {anchor:>8.0} events/s   1.00");

    let started = Instant::now();
    for stream in &streams {
        log.dispatcher().load::<Candidate>(stream.id).await.expect("a candidate");
    }
    let rate = events / started.elapsed().as_secs_f64();
    println!("fold aggregates              {rate:>8.0} events/s   {:.2}", rate / anchor);

    let (read, _database) = place::read_models(folder.path()).await;
    let started = Instant::now();
    Builder::new(log.clone()).catch_up(&read, u64::MAX).await.expect("read models");
    let rate = events / started.elapsed().as_secs_f64();
    println!("fold read models             {rate:>8.0} events/s   {:.2}", rate / anchor);

    let started = Instant::now();
    let rebuilt = read.rebuild(&log).await.expect("a rebuild");
    let rate = events / started.elapsed().as_secs_f64();
    println!("rebuild, compare and swap    {rate:>8.0} events/s   {:.2}", rate / anchor);
    assert!(rebuilt.equal());
}
