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
    dispatcher
        .dispatch::<Candidate>(order(CandidateCommand::CompleteErasure { stores_swept }))
        .await
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
