//! The model release: a pinned scoring engine.

use serde::{Deserialize, Serialize};

use crate::decide::{Decider, Decision, Issued, Reserve, aggregate, names, wire_names};
use crate::ids::{CandidateId, ModelReleaseId, StreamKind};
use crate::pii::PiiField;
use crate::refusal::{Fields, Refusal};

/// A pinned scoring engine: nothing that its answers depend on may change without a new version.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Release {
    /// Stable name: `baseline`.
    pub name: String,
    /// Its version: `1`.
    pub version: String,
    /// Who runs it: `local`, `openai`.
    pub provider: String,
    /// The model's own name with its date, where it has one.
    pub model: String,
    /// Parameters it is called with.
    pub params: std::collections::BTreeMap<String, String>,
    /// SHA-256 of the prompt, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt_sha256: Option<String>,
}

impl Release {
    /// `name@version`, as scores and rows show it.
    pub fn label(&self) -> String {
        format!("{}@{}", self.name, self.version)
    }
}

/// A model release, folded from its stream.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ModelRelease {
    /// Its id and content, once registered.
    pub registered: Option<(ModelReleaseId, Release)>,
}

/// What an admin can ask of a model release.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "fields are those of the events they lead to")]
pub enum ModelReleaseCommand {
    /// Refused: VALIDATION, RELEASE_REGISTERED.
    RegisterModel { id: ModelReleaseId, release: Release },
}

crate::decide::named!(ModelReleaseCommand { RegisterModel });

/// Facts about a model release.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "type", content = "data")]
#[allow(missing_docs, reason = "each variant says what happened; fields carry the obvious")]
pub enum ModelReleaseEvent {
    /// It was registered, for ever.
    #[serde(rename = "model_release.registered.v1")]
    ModelReleased { id: ModelReleaseId, release: Release },
}

wire_names!(ModelReleaseEvent { ModelReleased => "model_release.registered.v1" });

aggregate!(ModelRelease, ModelReleaseEvent, ModelReleaseCommand, "model_release");

impl ModelRelease {
    fn evolve(&mut self, event: ModelReleaseEvent) {
        let ModelReleaseEvent::ModelReleased { id, release } = event;
        self.registered = Some((id, release));
    }
}

impl Decider for ModelRelease {
    const KIND: StreamKind = StreamKind::ModelRelease;
    type Order = ModelReleaseCommand;

    fn decide(
        &self,
        issued: Issued<ModelReleaseCommand>,
    ) -> Result<Decision<ModelReleaseEvent>, Refusal> {
        let ModelReleaseCommand::RegisterModel { id, release } = issued.command;
        let taken = Refusal::conflict(
            "RELEASE_REGISTERED",
            "this name and version are registered with other content; use the next version",
        );
        if let Some((_, registered)) = &self.registered {
            return if *registered == release { Ok(Decision::unchanged()) } else { Err(taken) };
        }
        let mut fields = Fields::default();
        fields.text(&release.name, "name", 100);
        fields.text(&release.version, "version", 100);
        fields.text(&release.provider, "provider", 100);
        fields.text(&release.model, "model", 200);
        fields.done()?;
        let name = names::model_release(&release.name, &release.version);
        Ok(Decision::of(ModelReleaseEvent::ModelReleased { id, release })
            .reserve(Reserve::Claim { name, taken }))
    }

    fn person(&self) -> Option<CandidateId> {
        None
    }

    fn personal(_: &mut ModelReleaseEvent) -> Vec<&mut dyn PiiField> {
        vec![]
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::spec::given;

    fn register(version: &str, model: &str) -> ModelReleaseCommand {
        let release = Release {
            name: "baseline".into(),
            version: version.into(),
            provider: "local".into(),
            model: model.into(),
            ..Release::default()
        };
        ModelReleaseCommand::RegisterModel { id: ModelReleaseId(Uuid::from_u128(1)), release }
    }

    #[test]
    fn a_release_is_pinned() {
        let history = given::<ModelRelease>([])
            .when(register("1", "baseline"))
            .needs("model-release:baseline@1", "RELEASE_REGISTERED")
            .history();
        given::<ModelRelease>(history.clone()).when(register("1", "baseline")).changes_nothing();
        given::<ModelRelease>(history).when(register("1", "other")).refused("RELEASE_REGISTERED");
        given::<ModelRelease>([]).when(register("", "baseline")).refused("VALIDATION");
    }
}
