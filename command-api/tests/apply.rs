//! Applying, over a real log: once, again, and where it is not allowed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::path::Path;

use command_api::{Resume, apply, open_job, setup};
use domain::actor::{Actor, ActorKind};
use domain::application::{Application, ApplicationCommand};
use domain::candidate::Candidate;
use domain::ids::{ApplicationId, DocumentId, JobId};
use domain::job::{Job, JobCommand, Posting};
use domain::model_release::Release;
use domain::pii::Pii;
use event_log::folder::Folder;
use event_log::{Dispatcher, Envelope};

fn recruiter() -> Actor {
    Actor::new(ActorKind::Member, "recruiter")
}

fn posting() -> Posting {
    Posting { title: "Nurse".into(), openings: 1, ..Posting::default() }
}

fn release(model: &str) -> Release {
    Release {
        name: "baseline".into(),
        version: "1".into(),
        provider: "local".into(),
        model: model.into(),
        ..Release::default()
    }
}

fn resume(origin: &str, bytes: &[u8]) -> Resume {
    Resume { origin: origin.into(), file: "cv.txt".into(), bytes: bytes.to_vec() }
}

async fn begin(path: &Path) -> (Folder, Dispatcher, JobId) {
    let (folder, log) = Folder::open(path).await.unwrap();
    let dispatcher = log.dispatcher();
    setup(&dispatcher, &[release("baseline")], &recruiter()).await.unwrap();
    let job = open_job(&dispatcher, posting(), &recruiter()).await.unwrap();
    (folder, dispatcher, job)
}

#[tokio::test]
async fn setting_up_and_opening_again_add_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (_held, dispatcher, job) = begin(folder.path()).await;
    let head = dispatcher.log().store.head().await.unwrap();
    setup(&dispatcher, &[release("baseline")], &recruiter()).await.unwrap();
    assert_eq!(open_job(&dispatcher, posting(), &recruiter()).await.unwrap(), job);
    assert_eq!(dispatcher.log().store.head().await.unwrap(), head);
    let other = Posting { title: "Head Nurse".into(), ..posting() };
    assert_ne!(open_job(&dispatcher, other, &recruiter()).await.unwrap(), job);
    let changed = setup(&dispatcher, &[release("another")], &recruiter()).await.unwrap_err();
    assert_eq!(changed.code(), "RELEASE_REGISTERED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn several_set_up_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (_held, log) = Folder::open(folder.path()).await.unwrap();
    let mut at_once = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let dispatcher = log.dispatcher();
        at_once
            .spawn(async move { setup(&dispatcher, &[release("baseline")], &recruiter()).await });
    }
    for done in at_once.join_all().await {
        done.unwrap();
    }
    assert_eq!(log.store.head().await.unwrap(), 2, "one rubric, one release");
}

#[tokio::test]
async fn several_may_set_up_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (_held, log) = Folder::open(folder.path()).await.unwrap();
    let (dispatcher, actor) = (log.dispatcher(), recruiter());
    let baseline = [release("baseline")];
    let set_up = || setup(&dispatcher, &baseline, &actor);
    let (first, second, third) = tokio::join!(set_up(), set_up(), set_up());
    first.and(second).and(third).unwrap();
    assert_eq!(log.store.head().await.unwrap(), 2, "one rubric and one release");
}

#[tokio::test]
async fn the_same_resume_from_the_same_place_is_the_same_application() {
    let folder = tempfile::tempdir().unwrap();
    let (_held, dispatcher, job) = begin(folder.path()).await;
    let hand_in = |origin: &'static str, bytes: &'static [u8]| {
        let dispatcher = dispatcher.clone();
        async move { apply(&dispatcher, job, resume(origin, bytes), "test", &recruiter()).await }
    };
    let first = hand_in("a", b"one").await.unwrap();
    let head = dispatcher.log().store.head().await.unwrap();
    let again = hand_in("a", b"one").await.unwrap();
    assert_eq!((again.candidate, again.application), (first.candidate, first.application));
    assert!(first.new && !again.new);
    assert_eq!(dispatcher.log().store.head().await.unwrap(), head);
    let newer = hand_in("a", b"two").await.unwrap();
    assert_eq!(newer.application, first.application, "a newer resume, not a second application");
    assert_eq!(dispatcher.log().store.head().await.unwrap(), head + 2, "received and replaced");
    let elsewhere = hand_in("b", b"one").await.unwrap();
    assert_ne!(elsewhere.candidate, first.candidate);
}

/// What an application stands on.
async fn stands_on(dispatcher: &Dispatcher, application: ApplicationId) -> DocumentId {
    let (state, _) = dispatcher.load::<Application>(application.0).await.unwrap();
    state.document.unwrap()
}

#[tokio::test]
async fn each_application_stands_on_its_own_resume() {
    let folder = tempfile::tempdir().unwrap();
    let (_held, dispatcher, job) = begin(folder.path()).await;
    let other = Posting { title: "Head Nurse".into(), ..posting() };
    let other = open_job(&dispatcher, other, &recruiter()).await.unwrap();
    let hand_in = |job: JobId, bytes: &'static [u8]| {
        let dispatcher = dispatcher.clone();
        async move { apply(&dispatcher, job, resume("a", bytes), "test", &recruiter()).await }
    };
    let first = hand_in(job, b"one").await.unwrap();
    let one = stands_on(&dispatcher, first.application).await;
    let second = hand_in(other, b"two").await.unwrap();
    let two = stands_on(&dispatcher, second.application).await;
    assert_eq!(first.candidate, second.candidate);
    assert_ne!(one, two);
    assert_eq!(stands_on(&dispatcher, first.application).await, one, "another job's resume");
    // Bytes that were handed in elsewhere, or before, are the document that they were then.
    hand_in(job, b"two").await.unwrap();
    assert_eq!(stands_on(&dispatcher, first.application).await, two);
    hand_in(job, b"one").await.unwrap();
    assert_eq!(stands_on(&dispatcher, first.application).await, one);
    let (candidate, _) = dispatcher.load::<Candidate>(first.candidate.0).await.unwrap();
    assert_eq!(candidate.resumes.len(), 2);
    assert_eq!(stands_on(&dispatcher, second.application).await, two);
}

#[tokio::test]
async fn a_decided_application_stays_as_it_was_decided() {
    let folder = tempfile::tempdir().unwrap();
    let (_held, dispatcher, job) = begin(folder.path()).await;
    let first = apply(&dispatcher, job, resume("a", b"one"), "test", &recruiter()).await.unwrap();
    let one = stands_on(&dispatcher, first.application).await;
    let reject = ApplicationCommand::Reject {
        reason: Pii::new("no licence".into()),
        category: "requirements".into(),
        note: Pii::new(None),
        seen: None,
    };
    let envelope = Envelope::new(first.application, reject, recruiter());
    dispatcher.dispatch::<Application>(envelope).await.unwrap();
    let again = apply(&dispatcher, job, resume("a", b"two"), "test", &recruiter()).await.unwrap();
    assert_eq!((again.application, again.new), (first.application, false));
    assert_eq!(stands_on(&dispatcher, first.application).await, one);
}

#[tokio::test]
async fn hands_at_once_make_one_application() {
    let folder = tempfile::tempdir().unwrap();
    let (_held, dispatcher, job) = begin(folder.path()).await;
    let tasks: Vec<_> = (0..6)
        .map(|_| {
            let dispatcher = dispatcher.clone();
            tokio::spawn(async move {
                apply(&dispatcher, job, resume("a", b"one"), "test", &recruiter()).await
            })
        })
        .collect();
    let mut applied = Vec::new();
    for task in tasks {
        applied.push(task.await.unwrap().unwrap());
    }
    assert_eq!(applied.len(), 6);
    assert_eq!(applied.iter().filter(|a| a.new).count(), 1);
    assert!(applied.iter().all(|a| a.application == applied[0].application));
}

#[tokio::test]
async fn what_is_refused_leaves_no_trace() {
    let folder = tempfile::tempdir().unwrap();
    let (_held, dispatcher, job) = begin(folder.path()).await;
    let head = dispatcher.log().store.head().await.unwrap();
    let large = vec![b'x'; (20 << 20) + 1];
    let refused = apply(&dispatcher, job, resume("a", &large), "test", &recruiter()).await;
    assert_eq!(refused.unwrap_err().code(), "TOO_LARGE");
    assert_eq!(dispatcher.log().store.head().await.unwrap(), head);
    let pause = Envelope::new(job, JobCommand::PauseJob {}, recruiter());
    dispatcher.dispatch::<Job>(pause).await.unwrap();
    let refused = apply(&dispatcher, job, resume("a", b"one"), "test", &recruiter()).await;
    assert_eq!(refused.unwrap_err().code(), "JOB_NOT_OPEN");
}
