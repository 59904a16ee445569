//! Events of the job, and what a posting says.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{Requirement, Stage};
use crate::decide::wire_names;
use crate::ids::JobId;
use crate::refusal::{Fields, Refusal};

/// Facts about a job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "type", content = "data")]
#[allow(missing_docs, reason = "each variant says what happened; fields carry the obvious")]
pub enum JobEvent {
    /// A job was begun, with the default pipeline.
    #[serde(rename = "job.drafted.v1")]
    JobDrafted { job: JobId, posting: Posting, pipeline: Vec<Stage> },
    /// What it says was changed; the whole posting as it then stood.
    #[serde(rename = "job.edited.v1")]
    JobEdited { changes: Vec<String>, posting: Posting },
    /// Its stages were replaced.
    #[serde(rename = "job.pipeline_defined.v1")]
    PipelineDefined { stages: Vec<Stage> },
    /// Scores are made with this rubric from now on.
    #[serde(rename = "job.rubric_bound.v1")]
    RubricBound { rubric: String, version: u32 },
    /// It takes applications.
    #[serde(rename = "job.published.v1")]
    JobPublished { valid_through: Option<NaiveDate>, ai_notice_version: u32 },
    /// It takes none for now.
    #[serde(rename = "job.paused.v1")]
    JobPaused {},
    /// It takes applications again.
    #[serde(rename = "job.reopened.v1")]
    JobReopened {},
    /// No machine scores its applications from now on.
    #[serde(rename = "job.scoring_stopped.v1")]
    ScoringStopped { reason: String },
    /// Machines score its applications again.
    #[serde(rename = "job.scoring_resumed.v1")]
    ScoringResumed {},
    /// It takes none any more.
    #[serde(rename = "job.closed.v1")]
    JobClosed { reason: String, filled: bool, disposition: Option<Disposition> },
}

wire_names!(JobEvent {
    JobDrafted => "job.drafted.v1",
    JobEdited => "job.edited.v1",
    PipelineDefined => "job.pipeline_defined.v1",
    RubricBound => "job.rubric_bound.v1",
    JobPublished => "job.published.v1",
    JobPaused => "job.paused.v1",
    JobReopened => "job.reopened.v1",
    ScoringStopped => "job.scoring_stopped.v1",
    ScoringResumed => "job.scoring_resumed.v1",
    JobClosed => "job.closed.v1",
});

/// What becomes of active applications when their job closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Disposition {
    /// They stay active, for a person to decide one by one.
    KeepForReview,
    /// They were rejected before, each by the person who closes the job.
    Rejected,
}

/// What a job says.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Posting {
    /// Title of the position.
    pub title: String,
    /// Department.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    /// Place of work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Whether it can be done from elsewhere.
    #[serde(default)]
    pub remote: bool,
    /// `full_time`, `part_time`, `contract`...
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub employment_type: Option<String>,
    /// Pay offered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pay: Option<Pay>,
    /// How many people are sought.
    pub openings: u32,
    /// The text people read.
    pub description: String,
    /// What is asked for, line by line.
    pub requirements: Vec<Requirement>,
}

/// Pay offered, in whole units of the currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Pay {
    /// Lower end.
    pub min: u64,
    /// Upper end.
    pub max: u64,
    /// ISO 4217 code.
    pub currency: String,
    /// `hour`, `month` or `year`.
    pub per: String,
}

impl Pay {
    /// Notes what cannot stand, but for its ends.
    pub fn check(&self, fields: &mut Fields) {
        let iso = self.currency.len() == 3 && self.currency.bytes().all(|b| b.is_ascii_uppercase());
        fields.check(iso, "pay.currency", "is not an ISO 4217 code such as EUR");
        let per = ["hour", "month", "year"].contains(&self.per.as_str());
        fields.check(per, "pay.per", "is not hour, month or year");
    }
}

impl Posting {
    /// # Errors
    /// VALIDATION, PAY_RANGE, OPENINGS_LT_1.
    pub fn check(&self) -> Result<(), Refusal> {
        let mut fields = Fields::default();
        fields.text(&self.title, "title", 200);
        fields.check(
            self.description.chars().count() <= 50_000,
            "description",
            "is longer than 50000 characters",
        );
        fields.check(self.openings <= 1_000, "openings", "are more than 1000");
        fields.check(self.requirements.len() <= 200, "requirements", "are more than 200");
        for (i, requirement) in self.requirements.iter().enumerate() {
            fields.text(&requirement.text, &format!("requirements[{i}].text"), 2_000);
        }
        if let Some(pay) = &self.pay {
            pay.check(&mut fields);
        }
        fields.done()?;
        if self.pay.as_ref().is_some_and(|pay| pay.min > pay.max) {
            let refusal =
                Refusal::invalid("PAY_RANGE", "the lower end of the pay is above the upper");
            return Err(refusal.on_field("pay.min"));
        }
        if self.openings < 1 {
            let refusal = Refusal::invalid("OPENINGS_LT_1", "a job needs at least one opening");
            return Err(refusal.on_field("openings"));
        }
        Ok(())
    }

    /// Names of the fields in which `other` differs.
    pub(super) fn changes_to(&self, other: &Posting) -> Vec<String> {
        let differs = [
            ("title", self.title != other.title),
            ("department", self.department != other.department),
            ("location", self.location != other.location),
            ("remote", self.remote != other.remote),
            ("employment_type", self.employment_type != other.employment_type),
            ("pay", self.pay != other.pay),
            ("openings", self.openings != other.openings),
            ("description", self.description != other.description),
            ("requirements", self.requirements != other.requirements),
        ];
        differs.into_iter().filter(|(_, d)| *d).map(|(name, _)| name.to_owned()).collect()
    }
}
