//! `hiresphere erase`: a person's data is destroyed, the rest of the history stays.

use domain::application::{Application, ApplicationCommand};
use domain::decide::names;
use domain::ids::CandidateId;
use domain::pii::Pii;
use event_log::Envelope;

use crate::cli::{EraseArgs, SandboxArgs};
use crate::engine::{Engine, operator};
use crate::failure::Failure;
use crate::grading::Grading;
use crate::rebuild::existing;
use crate::{out, readers};

pub(crate) async fn run(args: EraseArgs) -> Result<(), Failure> {
    let readers = readers::unchecked(&SandboxArgs::default())?;
    let (engine, backstage) =
        Engine::alone(&existing(&args.place)?, readers, Grading::local()).await?;
    let candidate = CandidateId(args.candidate);
    if args.withdraw {
        for (_, stream) in engine.log.store.held(&names::active_of_prefix(candidate)).await? {
            let withdraw = ApplicationCommand::Withdraw { reason: Pii::new(None) };
            // The name says `active-of`, its holder is the application.
            let envelope = Envelope::new(stream.id, withdraw, operator());
            engine.dispatcher.dispatch::<Application>(envelope).await?;
        }
    }
    let outcome = event_log::erase::erase(&engine.log, candidate, operator()).await;
    let outcome = outcome.map_err(|error| {
        let mut failure = Failure::from(error);
        if failure.code == "ACTIVE_APPLICATIONS" {
            failure.advice = "add --withdraw to withdraw them first".into();
        }
        failure
    })?;
    engine.builder.catch_up(&engine.read, u64::MAX).await?;
    engine.read.forget_older_copies().await?;
    backstage.end().await;
    out::print(&format!(
        "erased: the key of candidate {candidate} is destroyed, stored documents and read models are \
         swept (position {})\n",
        outcome.position.unwrap_or_default()
    ))
}
