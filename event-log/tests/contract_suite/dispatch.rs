//! Dispatch: a command becomes events once, or a typed refusal.

use std::path::Path;

use domain::candidate::Candidate;
use domain::ids::{CandidateId, JobId};
use domain::job::{Job, JobCommand, JobStatus, Posting};
use event_log::{Envelope, Log};

use super::fixtures::{draft, drafted, recruiter, register};

pub(crate) async fn a_command_delivered_twice_takes_effect_once(log: Log, _: &Path) {
    let job = JobId(log.ids.next());
    let mut envelope = draft(job, "Nurse").once("key-1");
    envelope.body = b"one".to_vec();
    let first = log.dispatcher().dispatch::<Job>(envelope.clone()).await.unwrap();
    let second = log.dispatcher().dispatch::<Job>(envelope.clone()).await.unwrap();
    assert_eq!((first.position, first.version), (second.position, second.version));
    assert_eq!((first.events, second.events), (1, 0));
    envelope.body = b"two".to_vec();
    let error = log.dispatcher().dispatch::<Job>(envelope).await.unwrap_err();
    assert_eq!(error.code(), "IDEMPOTENCY_MISMATCH");
    assert_eq!(log.store.head().await.unwrap(), 1);
}

pub(crate) async fn a_command_that_changed_nothing_is_not_tried_again_later(log: Log, _: &Path) {
    let job = drafted(&log).await;
    let retitle = |title: &str| {
        let posting = Posting { title: title.into(), openings: 1, ..Posting::default() };
        Envelope::new(job, JobCommand::EditJob { posting }, recruiter())
    };
    let mut same = retitle("Nurse").once("key-1");
    same.body = b"one".to_vec();
    let first = log.dispatcher().dispatch::<Job>(same.clone()).await.unwrap();
    assert_eq!((first.events, first.version, first.position), (0, 1, Some(1)), "it was so already");
    log.dispatcher().dispatch::<Job>(retitle("Head Nurse")).await.unwrap();
    let late = log.dispatcher().dispatch::<Job>(same.clone()).await.unwrap();
    assert_eq!(late, first, "answered as the first time");
    let (state, version) = log.dispatcher().load::<Job>(job.0).await.unwrap();
    assert_eq!((state.posting.title.as_str(), version), ("Head Nurse", 2));
    same.body = b"two".to_vec();
    let error = log.dispatcher().dispatch::<Job>(same).await.unwrap_err();
    assert_eq!(error.code(), "IDEMPOTENCY_MISMATCH");
}

pub(crate) async fn a_stale_expectation_is_refused(log: Log, _: &Path) {
    let job = drafted(&log).await;
    let close = JobCommand::CloseJob { reason: "r".into(), filled: false, disposition: None };
    let mut envelope = Envelope::new(job, close, recruiter());
    envelope.expected_version = Some(7);
    let error = log.dispatcher().dispatch::<Job>(envelope.clone()).await.unwrap_err();
    assert_eq!(error.code(), "STALE_VERSION");
    envelope.expected_version = Some(1);
    log.dispatcher().dispatch::<Job>(envelope).await.unwrap();
}

pub(crate) async fn refusals_of_reservations_name_the_holder(log: Log, _: &Path) {
    let first = CandidateId(log.ids.next());
    let with_address = |id: CandidateId| {
        let mut envelope = register(id, "Ada");
        if let domain::candidate::CandidateCommand::RegisterCandidate { email_index, .. } =
            &mut envelope.command
        {
            *email_index = Some("blind".into());
        }
        envelope
    };
    log.dispatcher().dispatch::<Candidate>(with_address(first)).await.unwrap();
    let second = CandidateId(log.ids.next());
    let error = log.dispatcher().dispatch::<Candidate>(with_address(second)).await.unwrap_err();
    let event_log::DispatchError::Refused(refusal) = error else { panic!("not refused") };
    assert_eq!(refusal.code, "CANDIDATE_EXISTS");
    assert_eq!(refusal.existing, Some(first.to_string()));
    assert!(log.store.read_stream(second.stream(), 0).await.unwrap().is_empty());
}

pub(crate) async fn decisions_race_and_one_wins(log: Log, _: &Path) {
    let job = drafted(&log).await;
    let close = JobCommand::CloseJob { reason: "r".into(), filled: false, disposition: None };
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let (dispatcher, close) = (log.dispatcher(), close.clone());
            tokio::spawn(async move {
                dispatcher.dispatch::<Job>(Envelope::new(job, close, recruiter())).await
            })
        })
        .collect();
    let mut won = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => won += 1,
            Err(error) => assert_eq!(error.code(), "WRONG_STATE"),
        }
    }
    assert_eq!(won, 1);
    let (job, version) = log.dispatcher().load::<Job>(job.0).await.unwrap();
    assert_eq!((job.status, version), (JobStatus::Closed, 2));
}
