//! The rubric: versioned criteria, weights and anchors. A published version never changes.

mod criteria;
#[cfg(test)]
mod tests;

pub use criteria::*;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::decide::{Decider, Decision, Issued, Reserve, aggregate, names, wire_names};
use crate::ids::{CandidateId, RubricId, StreamKind};
use crate::pii::PiiField;
use crate::refusal::{Fields, Refusal};
use crate::score::TOP_LEVEL;

/// A rubric and its published versions, folded from its stream.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RubricHistory {
    /// Its id, once a version is published.
    pub id: Option<RubricId>,
    /// Every published version.
    pub versions: Vec<Rubric>,
    /// Versions that new jobs cannot be bound to.
    pub retired: Vec<u32>,
}

/// What an admin can ask of a rubric.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "fields are those of the events they lead to")]
pub enum RubricCommand {
    /// Refused: WEIGHTS_NOT_100, PROTECTED_ATTRIBUTE, ANCHOR_MISSING, VERSION_PUBLISHED, VALIDATION.
    PublishRubric { id: RubricId, rubric: Rubric },
    /// Keep new jobs from using it. Refused: NOT_FOUND.
    RetireRubric { version: u32 },
}

crate::decide::named!(RubricCommand { PublishRubric, RetireRubric });

/// Facts about a rubric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "type", content = "data")]
#[allow(missing_docs, reason = "each variant says what happened; fields carry the obvious")]
pub enum RubricEvent {
    /// A version was published, for ever. `sha256` is over its canonical JSON.
    #[serde(rename = "rubric.published.v1")]
    RubricPublished { id: RubricId, rubric: Rubric, sha256: String },
    /// New jobs cannot use this version any more.
    #[serde(rename = "rubric.retired.v1")]
    RubricRetired { version: u32 },
}

wire_names!(RubricEvent {
    RubricPublished => "rubric.published.v1",
    RubricRetired => "rubric.retired.v1",
});

aggregate!(RubricHistory, RubricEvent, RubricCommand, "rubric");

impl RubricHistory {
    fn evolve(&mut self, event: RubricEvent) {
        match event {
            RubricEvent::RubricPublished { id, rubric, .. } => {
                self.id = Some(id);
                self.versions.push(rubric);
            }
            RubricEvent::RubricRetired { version } => self.retired.push(version),
        }
    }

    /// A published version.
    pub fn version(&self, version: u32) -> Option<&Rubric> {
        self.versions.iter().find(|r| r.version == version)
    }
}

impl Decider for RubricHistory {
    const KIND: StreamKind = StreamKind::Rubric;
    type Order = RubricCommand;

    fn decide(&self, issued: Issued<RubricCommand>) -> Result<Decision<RubricEvent>, Refusal> {
        match issued.command {
            RubricCommand::PublishRubric { id, rubric } => {
                if let Some(published) = self.version(rubric.version) {
                    if *published == rubric {
                        return Ok(Decision::unchanged());
                    }
                    let message = "a published version never changes; publish the next one";
                    return Err(Refusal::conflict("VERSION_PUBLISHED", message));
                }
                check(&rubric)?;
                let name = names::rubric(&rubric.name, rubric.version);
                let sha256 = fingerprint(&rubric);
                let taken = Refusal::conflict("VERSION_PUBLISHED", "another rubric has this name");
                Ok(Decision::of(RubricEvent::RubricPublished { id, rubric, sha256 })
                    .reserve(Reserve::Claim { name, taken }))
            }
            RubricCommand::RetireRubric { version } => {
                let rubric = self.version(version).ok_or_else(|| Refusal::not_found("version"))?;
                if self.retired.contains(&version) {
                    return Ok(Decision::unchanged());
                }
                let name = names::rubric(&rubric.name, version);
                Ok(Decision::of(RubricEvent::RubricRetired { version })
                    .reserve(Reserve::Release { name }))
            }
        }
    }

    fn person(&self) -> Option<CandidateId> {
        None
    }

    fn personal(_: &mut RubricEvent) -> Vec<&mut dyn PiiField> {
        vec![]
    }
}

/// Words that would make a criterion grade who somebody is. Title VII, ADEA and ADA (US) and
/// Directives 2000/43/EC, 2000/78/EC and 2006/54/EC (EU) name the attributes.
const PROTECTED: &[&str] = &[
    "age",
    "birth",
    "colour",
    "color",
    "disability",
    "ethnic",
    "ethnicity",
    "gender",
    "marital",
    "nationality",
    "orientation",
    "pregnancy",
    "pregnant",
    "race",
    "religion",
    "religious",
    "sex",
];

fn check(rubric: &Rubric) -> Result<(), Refusal> {
    let mut fields = Fields::default();
    fields.text(&rubric.name, "name", 100);
    fields.check(rubric.version >= 1, "version", "starts at 1");
    for (i, criterion) in rubric.criteria.iter().enumerate() {
        fields.text(&criterion.id, &format!("criteria[{i}].id"), 50);
        fields.text(&criterion.label, &format!("criteria[{i}].label"), 200);
        let doubled = rubric.criteria[..i].iter().any(|c| c.id == criterion.id);
        fields.check(!doubled, format!("criteria[{i}].id"), "is used twice");
        fields.check(criterion.weight > 0, format!("criteria[{i}].weight"), "must be above 0");
    }
    fields.done()?;
    let sum: u32 = rubric.criteria.iter().map(|c| u32::from(c.weight)).sum();
    if sum != 100 {
        let message = format!("the weights sum to {sum}, not 100");
        return Err(Refusal::invalid("WEIGHTS_NOT_100", message).on_field("criteria"));
    }
    for (i, criterion) in rubric.criteria.iter().enumerate() {
        let texts = [&criterion.id, &criterion.label].into_iter().chain(&criterion.anchors);
        for text in texts {
            let words = text.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase);
            if let Some(word) = words.into_iter().find(|w| PROTECTED.contains(&w.as_str())) {
                let message = format!("a criterion must not grade who somebody is (`{word}`)");
                return Err(Refusal::invalid("PROTECTED_ATTRIBUTE", message)
                    .on_field(&format!("criteria[{i}]")));
            }
        }
        let anchored = criterion.anchors.iter().filter(|a| !a.trim().is_empty()).count();
        if anchored != usize::from(TOP_LEVEL) + 1 || anchored != criterion.anchors.len() {
            let message =
                format!("criterion `{}` needs a text for each level 0 to 5", criterion.id);
            return Err(Refusal::invalid("ANCHOR_MISSING", message)
                .on_field(&format!("criteria[{i}].anchors")));
        }
    }
    Ok(())
}

/// SHA-256 over the rubric's JSON in declaration order, which is its canonical form.
fn fingerprint(rubric: &Rubric) -> String {
    // A struct of strings and integers always serialises.
    let canonical = serde_json::to_vec(rubric).unwrap_or_default();
    Sha256::digest(canonical).iter().map(|b| format!("{b:02x}")).collect()
}
