//! Model releases: register one.

use std::collections::BTreeMap;

use axum::extract::State;
use domain::decide::names;
use domain::ids::ModelReleaseId;
use domain::model_release::{ModelRelease, ModelReleaseCommand, Release};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::extract::Command;
use web::{Problem, Written};

use super::CommandApi;

pub(super) fn router() -> OpenApiRouter<CommandApi> {
    OpenApiRouter::new().routes(routes!(register_model))
}

/// A pinned scoring engine.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReleaseBody {
    /// Stable name.
    #[schema(min_length = 1, max_length = 100, example = "gpt-4o-rubric")]
    name: String,
    /// Its version.
    #[schema(min_length = 1, max_length = 100, example = "1")]
    version: String,
    /// Who runs it.
    #[schema(min_length = 1, max_length = 100, example = "openai")]
    provider: String,
    /// The model's own name with its date.
    #[schema(min_length = 1, max_length = 200, example = "gpt-4o-2024-11-20")]
    model: String,
    /// Parameters it is called with.
    #[serde(default)]
    params: BTreeMap<String, String>,
    /// SHA-256 of the prompt.
    #[serde(default)]
    #[schema(pattern = "^[0-9a-f]{64}$")]
    prompt_sha256: Option<String>,
}

/// Register a model release
///
/// Pinned for ever. Refused: RELEASE_REGISTERED, VALIDATION.
#[utoipa::path(post, path = "/v1/model-releases", tag = "model releases",
    operation_id = "registerModel", request_body(content = ReleaseBody, example = json!({
        "name": "gpt-4o-rubric", "version": "1", "provider": "openai", "model": "gpt-4o-2024-11-20",
        "params": { "temperature": "0" }
    })),
    responses((status = 201, body = Written)))]
async fn register_model(
    State(api): State<CommandApi>,
    command: Command<ReleaseBody>,
) -> Result<Written, Problem> {
    let ReleaseBody { name, version, provider, model, params, prompt_sha256 } =
        command.body.clone();
    let held = names::model_release(&name, &version);
    let holder = api.dispatcher.log().store.holder(&held).await?;
    let id = holder.map_or_else(|| api.dispatcher.log().ids.next(), |stream| stream.id);
    let release = Release { name, version, provider, model, params, prompt_sha256 };
    let order = ModelReleaseCommand::RegisterModel { id: ModelReleaseId(id), release };
    let written = api.run::<ModelRelease>(command.envelope(id, order)?).await?;
    Ok(written.created("/v1/model-releases"))
}
