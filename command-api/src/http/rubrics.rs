//! Rubrics: publish a version, retire one.

use axum::extract::State;
use domain::decide::names;
use domain::ids::{RubricId, StreamKind};
use domain::rubric::{Criterion, Rubric, RubricCommand, RubricHistory};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::extract::{Command, Id};
use web::{Problem, Written};

use super::CommandApi;

pub(super) fn router() -> OpenApiRouter<CommandApi> {
    OpenApiRouter::new().routes(routes!(publish_rubric)).routes(routes!(retire_rubric))
}

/// A rubric's version.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RubricBody {
    /// The rubric's name.
    #[schema(min_length = 1, max_length = 100, example = "nursing")]
    name: String,
    /// 1, 2, 3...
    #[schema(minimum = 1)]
    version: u32,
    /// Their weights sum to 100.
    #[schema(min_items = 1, max_items = 20)]
    criteria: Vec<CriterionBody>,
}

/// What is graded, and how levels are told apart.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CriterionBody {
    /// Stable id.
    #[schema(min_length = 1, max_length = 50, example = "skills")]
    id: String,
    /// For people.
    #[schema(min_length = 1, max_length = 200)]
    label: String,
    /// Points it is worth.
    #[schema(minimum = 1, maximum = 100)]
    weight: u8,
    /// A text for each level, 0 to 5.
    #[schema(min_items = 6, max_items = 6)]
    anchors: Vec<String>,
}

/// Publish a rubric's version
///
/// A published version never changes. Refused: WEIGHTS_NOT_100, PROTECTED_ATTRIBUTE, ANCHOR_MISSING,
/// VERSION_PUBLISHED, VALIDATION.
#[utoipa::path(post, path = "/v1/rubrics", tag = "rubrics", operation_id = "publishRubric",
    request_body(content = RubricBody, example = json!({
        "name": "nursing", "version": 1,
        "criteria": [
            { "id": "skills", "label": "Clinical skills", "weight": 60,
              "anchors": ["None", "Heard of", "Trained", "Practised", "Practised alone", "Teaches others"] },
            { "id": "experience", "label": "Experience", "weight": 40,
              "anchors": ["None", "Under a year", "One year", "Two years", "Five years", "Ten years"] }
        ]
    })), responses((status = 201, body = Written)))]
async fn publish_rubric(
    State(api): State<CommandApi>,
    command: Command<RubricBody>,
) -> Result<Written, Problem> {
    let RubricBody { name, version, criteria } = command.body.clone();
    if criteria.is_empty() || criteria.len() > 20 {
        return Err(Problem::field("criteria", "are 1 to 20"));
    }
    // Versions of one name are one stream.
    let held = api.dispatcher.log().store.held(&names::rubric_versions(&name)).await?;
    let stream = held.into_iter().map(|(_, s)| s).find(|s| s.kind == StreamKind::Rubric);
    let id = RubricId(stream.map_or_else(|| api.dispatcher.log().ids.next(), |s| s.id));
    let criteria = criteria
        .into_iter()
        .map(|c| Criterion { id: c.id, label: c.label, weight: c.weight, anchors: c.anchors })
        .collect();
    let order = RubricCommand::PublishRubric { id, rubric: Rubric { name, version, criteria } };
    Ok(api.run::<RubricHistory>(command.envelope(id.0, order)?).await?.created("/v1/rubrics"))
}

/// A version.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct VersionBody {
    /// The version to retire.
    #[schema(minimum = 1)]
    version: u32,
}

/// Retire a rubric's version
///
/// New jobs cannot be bound to it; jobs that are keep it.
#[utoipa::path(post, path = "/v1/rubrics/{rubric}/retire", tag = "rubrics",
    operation_id = "retireRubric", params(("rubric" = uuid::Uuid, Path,)),
    request_body(content = VersionBody,
        example = json!({ "version": 1 })),
    responses((status = 200, body = Written)))]
async fn retire_rubric(
    State(api): State<CommandApi>,
    Id(rubric): Id,
    command: Command<VersionBody>,
) -> Result<Written, Problem> {
    let order = RubricCommand::RetireRubric { version: command.body.version };
    api.run::<RubricHistory>(command.envelope(rubric, order)?).await
}
