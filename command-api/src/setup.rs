//! What must be there before anything else: the default rubric, and the releases that score.

use domain::actor::Actor;
use domain::decide::{Decider, names};
use domain::ids::{ModelReleaseId, RubricId};
use domain::model_release::{ModelRelease, ModelReleaseCommand, Release};
use domain::rubric::{Rubric, RubricCommand, RubricHistory};
use event_log::{DispatchError, Dispatcher, Envelope};
use uuid::Uuid;

/// Publishes the default rubric and registers releases, unless they are there. Several processes may do so at once.
///
/// # Errors
/// `RELEASE_REGISTERED` when a release's name and version stand for something else, or a failure of
/// the machine.
pub async fn setup(
    dispatcher: &Dispatcher,
    releases: &[Release],
    actor: &Actor,
) -> Result<(), DispatchError> {
    let rubric = Rubric::default_v1();
    let name = names::rubric(&rubric.name, rubric.version);
    once::<RubricHistory, RubricId>(dispatcher, &name, actor, |id| RubricCommand::PublishRubric {
        id,
        rubric: rubric.clone(),
    })
    .await?;
    for release in releases {
        let name = names::model_release(&release.name, &release.version);
        once::<ModelRelease, ModelReleaseId>(dispatcher, &name, actor, |id| {
            ModelReleaseCommand::RegisterModel { id, release: release.clone() }
        })
        .await?;
    }
    Ok(())
}

/// Gives a command to the stream that holds a name, or to a new one, which then takes it.
async fn once<A, I>(
    dispatcher: &Dispatcher,
    name: &str,
    actor: &Actor,
    command: impl Fn(I) -> A::Order,
) -> Result<(), DispatchError>
where
    A: Decider<Order: Clone>,
    I: From<Uuid> + Into<Uuid> + Copy,
{
    let log = dispatcher.log();
    let mut begun = false;
    loop {
        let holder = log.store.holder(name).await?;
        let id = I::from(holder.map_or_else(|| log.ids.next(), |stream| stream.id));
        let envelope = Envelope::new(id, command(id), actor.clone());
        match dispatcher.dispatch::<A>(envelope).await {
            // Somebody else took the name since it was looked up; what they took it for is looked at now.
            Err(DispatchError::Refused(_)) if holder.is_none() && !begun => begun = true,
            done => return done.map(drop),
        }
    }
}
