//! Erasing a person: the key is destroyed, the stores are swept, the audit skeleton stays.
//!
//! Each step may be cut short and begun again: a request that was opened is found by [`complete_all`].

use domain::actor::Actor;
use domain::candidate::{Candidate, CandidateCommand};
use domain::decide::names;
use domain::ids::CandidateId;

use crate::Log;
use crate::dispatch::{DispatchError, Envelope, Outcome};

/// Erases a person's data. Read models sweep their own rows when `PersonalDataErased` reaches them.
///
/// # Errors
/// `NOT_FOUND`, `ACTIVE_APPLICATIONS`, or a failure of the machine.
pub async fn erase(log: &Log, person: CandidateId, actor: Actor) -> Result<Outcome, DispatchError> {
    erase_as(log, person, actor, |last| last).await
}

/// Like [`erase`]; `dress` gives the last command what it carries beside itself, such as an idempotency key.
///
/// # Errors
/// As for [`erase`], and `IDEMPOTENCY_MISMATCH`.
pub async fn erase_as(
    log: &Log,
    person: CandidateId,
    actor: Actor,
    dress: impl FnOnce(Envelope<CandidateCommand>) -> Envelope<CandidateCommand>,
) -> Result<Outcome, DispatchError> {
    let dispatcher = log.dispatcher();
    let order = |command| Envelope::new(person.0, command, actor.clone());
    let (candidate, _) = dispatcher.load::<Candidate>(person.0).await?;
    if !candidate.erased {
        dispatcher.dispatch::<Candidate>(order(CandidateCommand::OpenErasure {})).await?;
        // The key first: from here on every copy, wherever it is, is noise.
        log.vault.destroy(person).await?;
        log.documents.sweep(person).await?;
    }
    let stores_swept = vec!["keys".into(), "documents".into(), "blind_indexes".into()];
    let complete = order(CandidateCommand::CompleteErasure { stores_swept });
    dispatcher.dispatch::<Candidate>(dress(complete)).await
}

/// Completes every erasure that was begun and cut short; answers how many there were.
///
/// # Errors
/// A failure of the machine.
pub async fn complete_all(log: &Log) -> Result<usize, DispatchError> {
    let begun = log.store.held(names::ERASING).await?;
    for (_, stream) in &begun {
        erase(log, stream.id.into(), Actor::system("erasure")).await?;
    }
    Ok(begun.len())
}
