//! Read model: what scores are made with, i.e. published rubrics and registered model releases.

use std::collections::BTreeMap;

use domain::decide::Timestamp;
use domain::ids::{ModelReleaseId, RubricId};
use domain::model_release::ModelReleaseEvent;
use domain::rubric::{Criterion, RubricEvent};
use event_log::LogError;
use event_log::sql::{Pool, Row, query};
use serde::Serialize;
use uuid::Uuid;

use super::{from_json, json, signed};
use crate::columns::{column, number, parsed, parsed_if_any, time};
use crate::fact::{Fact, What};
use crate::model::ReadModel;
use crate::rows::{Rows, table};

/// The read model.
pub struct Rubrics;

/// One published version of a rubric.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct RubricRow {
    /// The rubric's id: that of all its versions.
    pub rubric: RubricId,
    /// Its name.
    pub name: String,
    /// The version; it never changes.
    pub version: u32,
    /// `name@version`, as jobs and scores have it.
    pub label: String,
    /// In the order they are shown: labels, weights that sum to 100, and what each level looks like.
    pub criteria: Vec<Criterion>,
    /// SHA-256 over its canonical JSON.
    pub sha256: String,
    /// When it was published.
    pub published_at: Timestamp,
    /// When it was retired, i.e. no job can be bound to it any more.
    pub retired_at: Option<Timestamp>,
    /// Position of the last event about it.
    pub position: u64,
}

/// A pinned scoring engine.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct ReleaseRow {
    /// Its id.
    pub release: ModelReleaseId,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// `name@version`, as scores have it.
    pub label: String,
    /// Who runs it: `local`, `openai`.
    pub provider: String,
    /// The model's own name.
    pub model: String,
    /// Parameters it is called with.
    pub params: BTreeMap<String, String>,
    /// SHA-256 of the prompt, where there is one.
    pub prompt_sha256: Option<String>,
    /// When it was registered.
    pub registered_at: Timestamp,
    /// Position of the event.
    pub position: u64,
}

impl ReadModel for Rubrics {
    const TABLES: &'static [&'static str] = &["rubrics", "model_releases"];
    const SCHEMA: &'static str = "
        CREATE TABLE rubrics (
            name         TEXT    NOT NULL,
            version      BIGINT  NOT NULL,
            rubric       TEXT    NOT NULL,
            criteria     TEXT    NOT NULL,
            sha256       TEXT    NOT NULL,
            published_at TEXT    NOT NULL,
            retired_at   TEXT,
            position     BIGINT  NOT NULL,
            PRIMARY KEY (name, version)
        ) WITHOUT ROWID;
        CREATE TABLE model_releases (
            name          TEXT    NOT NULL,
            version       TEXT    NOT NULL,
            model_release TEXT    NOT NULL,
            provider      TEXT    NOT NULL,
            model         TEXT    NOT NULL,
            params        TEXT    NOT NULL,
            prompt_sha256 TEXT,
            registered_at TEXT    NOT NULL,
            position      BIGINT  NOT NULL,
            PRIMARY KEY (name, version)
        ) WITHOUT ROWID;";

    async fn apply(fact: &Fact, rows: &mut Rows<'_>) -> Result<(), LogError> {
        let at = time(fact.recorded.occurred_at);
        let position = signed(fact.recorded.position);
        match &fact.what {
            What::Rubric(key, RubricEvent::RubricPublished { rubric, sha256, .. }) => {
                rows.insert(StoredRubric {
                    name: rubric.name.clone(),
                    version: rubric.version.into(),
                    rubric: key.0,
                    criteria: json(&rubric.criteria)?,
                    sha256: sha256.clone(),
                    published_at: at,
                    retired_at: None,
                    position,
                });
            }
            What::Rubric(key, RubricEvent::RubricRetired { version }) => {
                for key in rows.group::<StoredRubric>(key.0).await? {
                    if key.1 != i64::from(*version) {
                        continue;
                    }
                    let Some(row) = rows.change::<StoredRubric>(key).await? else { continue };
                    row.retired_at = Some(at.clone());
                    row.position = position;
                }
            }
            What::ModelRelease(key, ModelReleaseEvent::ModelReleased { release, .. }) => {
                rows.insert(StoredRelease {
                    name: release.name.clone(),
                    version: release.version.clone(),
                    model_release: key.0,
                    provider: release.provider.clone(),
                    model: release.model.clone(),
                    params: json(&release.params)?,
                    prompt_sha256: release.prompt_sha256.clone(),
                    registered_at: at,
                    position,
                });
            }
            _ => {}
        }
        Ok(())
    }
}

table! {
    /// A version of a rubric, as it is stored.
    struct StoredRubric in "rubrics" { name: String, version: i64 } {
        rubric: Uuid,
        criteria: String,
        sha256: String,
        published_at: String,
        retired_at: Option<String>,
        position: i64,
    } by rubric
}

table! {
    /// A model release, as it is stored.
    struct StoredRelease in "model_releases" { name: String, version: String } {
        model_release: Uuid,
        provider: String,
        model: String,
        params: String,
        prompt_sha256: Option<String>,
        registered_at: String,
        position: i64,
    }
}

/// Every published version of every rubric, by name, the latest version first.
///
/// # Errors
/// `IO`.
pub async fn list(pool: &Pool) -> Result<Vec<RubricRow>, LogError> {
    let rows = query("SELECT * FROM rubrics ORDER BY name, version DESC").fetch_all(pool).await?;
    rows.iter().map(rubric_row).collect()
}

/// One published version of a rubric, or `None` when there is none.
///
/// # Errors
/// `IO`.
pub async fn one(pool: &Pool, name: &str, version: u32) -> Result<Option<RubricRow>, LogError> {
    let row = query("SELECT * FROM rubrics WHERE name = $1 AND version = $2")
        .bind(name)
        .bind(version)
        .fetch_optional(pool)
        .await?;
    row.as_ref().map(rubric_row).transpose()
}

/// Every model release, by name, registered last first.
///
/// # Errors
/// `IO`.
pub async fn releases(pool: &Pool) -> Result<Vec<ReleaseRow>, LogError> {
    let rows =
        query("SELECT * FROM model_releases ORDER BY name, position DESC").fetch_all(pool).await?;
    rows.iter().map(release_row).collect()
}

fn rubric_row(row: &Row) -> Result<RubricRow, LogError> {
    let name: String = column(row, "name")?;
    let version: u32 = column(row, "version")?;
    Ok(RubricRow {
        rubric: parsed(row, "rubric")?,
        label: format!("{name}@{version}"),
        name,
        version,
        criteria: from_json(column(row, "criteria")?)?,
        sha256: column(row, "sha256")?,
        published_at: parsed(row, "published_at")?,
        retired_at: parsed_if_any(row, "retired_at")?,
        position: number(row, "position")?,
    })
}

fn release_row(row: &Row) -> Result<ReleaseRow, LogError> {
    let name: String = column(row, "name")?;
    let version: String = column(row, "version")?;
    Ok(ReleaseRow {
        release: parsed(row, "model_release")?,
        label: format!("{name}@{version}"),
        name,
        version,
        provider: column(row, "provider")?,
        model: column(row, "model")?,
        params: from_json(column(row, "params")?)?,
        prompt_sha256: column(row, "prompt_sha256")?,
        registered_at: parsed(row, "registered_at")?,
        position: number(row, "position")?,
    })
}
