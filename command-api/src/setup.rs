//! What must be there before anything else: the default rubric, and the release that scores.

use domain::actor::Actor;
use domain::decide::names;
use domain::ids::{ModelReleaseId, RubricId};
use domain::model_release::{ModelRelease, ModelReleaseCommand, Release};
use domain::rubric::{Rubric, RubricCommand, RubricHistory};
use event_log::{DispatchError, Dispatcher, Envelope};

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
    let holder = log.store.holder(&names::rubric(&rubric.name, rubric.version)).await?;
    let id = RubricId(holder.map_or_else(|| log.ids.next(), |stream| stream.id));
    let publish = RubricCommand::PublishRubric { id, rubric };
    dispatcher.dispatch::<RubricHistory>(Envelope::new(id, publish, actor.clone())).await?;

    let holder = log.store.holder(&names::model_release(&release.name, &release.version)).await?;
    let id = ModelReleaseId(holder.map_or_else(|| log.ids.next(), |stream| stream.id));
    let register = ModelReleaseCommand::RegisterModel { id, release };
    dispatcher.dispatch::<ModelRelease>(Envelope::new(id, register, actor.clone())).await?;
    Ok(())
}
