//! What must be there before anything else: the default rubric, and the release that scores.

use domain::actor::Actor;
use domain::decide::names;
use domain::ids::{ModelReleaseId, RubricId, StreamId};
use domain::model_release::{ModelRelease, ModelReleaseCommand, Release};
use domain::rubric::{Rubric, RubricCommand, RubricHistory};
use event_log::{DispatchError, Dispatcher, Envelope, Outcome};

/// Publishes the default rubric and registers a release, unless they are there.
///
/// # Errors
/// `RELEASE_REGISTERED` when the release's name and version stand for something else, or a failure of
/// the machine.
pub async fn setup(
    dispatcher: &Dispatcher,
    release: Release,
    actor: &Actor,
) -> Result<(), DispatchError> {
    let log = dispatcher.log();
    let rubric = Rubric::default_v1();
    let named = names::rubric(&rubric.name, rubric.version);
    once(dispatcher, &named, |holder| {
        let id = RubricId(holder.map_or_else(|| log.ids.next(), |stream| stream.id));
        let publish = RubricCommand::PublishRubric { id, rubric: rubric.clone() };
        dispatcher.dispatch::<RubricHistory>(Envelope::new(id, publish, actor.clone()))
    })
    .await?;
    let named = names::model_release(&release.name, &release.version);
    once(dispatcher, &named, |holder| {
        let id = ModelReleaseId(holder.map_or_else(|| log.ids.next(), |stream| stream.id));
        let register = ModelReleaseCommand::RegisterModel { id, release: release.clone() };
        dispatcher.dispatch::<ModelRelease>(Envelope::new(id, register, actor.clone()))
    })
    .await
}

/// Says it to the stream that holds the name, or to a new one. Several processes may start at once: one that finds the
/// name taken meanwhile says it to whoever has it, who compares.
async fn once<F>(
    dispatcher: &Dispatcher,
    name: &str,
    say: impl Fn(Option<StreamId>) -> F,
) -> Result<(), DispatchError>
where
    F: Future<Output = Result<Outcome, DispatchError>>,
{
    let store = &dispatcher.log().store;
    let holder = store.holder(name).await?;
    match say(holder).await {
        Err(DispatchError::Refused(refusal)) if holder.is_none() => {
            let Some(holder) = store.holder(name).await? else { return Err(refusal.into()) };
            say(Some(holder)).await.map(drop)
        }
        said => said.map(drop),
    }
}
