//! Score runs: their identity, what is asked for and what comes back.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::candidate::Resume;
use crate::ids::{ApplicationId, DocumentId};
use crate::job::Job;
use crate::rubric::Rubric;
use crate::score::{CriterionScore, Grade, Level, Points};
use crate::text::{Quote, VisibleText};

/// Identity of a score run: the same inputs give the same id, so that a second delivery adds nothing.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(transparent)]
pub struct RunId(pub String);

impl std::fmt::Display for RunId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a score is asked to be made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ScoreRequest {
    /// The resume.
    pub document: DocumentId,
    /// HMAC of its bytes under the person's key.
    pub resume_digest: String,
    /// The rubric's name and version: `default@1`.
    pub rubric: String,
    /// The model release's name and version: `baseline@1`.
    pub model_release: String,
    /// The version of the prompt, where there is one.
    pub prompt_version: String,
    /// The job's content version that is graded against.
    pub job_version: u32,
    /// Beside the score that people are shown: recorded, compared, and never ranked by, unless somebody shows it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shadow: bool,
    /// 1, 2, 3... for the same thing asked again to see how much the answers differ; 0 is the run itself.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub repeat: u32,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl ScoreRequest {
    /// What a score of a resume for a job is made of now; `None` while the job has no rubric.
    pub fn of(job: &Job, resume: &Resume, release: &str, prompt_version: &str) -> Option<Self> {
        let (rubric, version) = job.rubric.as_ref()?;
        Some(Self {
            document: resume.document,
            resume_digest: resume.digest.clone(),
            rubric: format!("{rubric}@{version}"),
            model_release: release.to_owned(),
            prompt_version: prompt_version.to_owned(),
            job_version: job.content_version,
            shadow: false,
            repeat: 0,
        })
    }

    /// SHA-256 over the application and everything a score depends on, in a fixed order, each part
    /// preceded by its length; the first 16 bytes, in hex.
    pub fn run_id(&self, application: ApplicationId) -> RunId {
        let mut hash = Sha256::new();
        let job_version = self.job_version.to_string();
        let repeat = self.repeat.to_string();
        for part in [
            application.to_string().as_str(),
            &self.resume_digest,
            &self.rubric,
            &self.model_release,
            &self.prompt_version,
            &job_version,
        ]
        .into_iter()
        .chain((self.repeat > 0).then_some(repeat.as_str()))
        {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        RunId(hash.finalize()[..16].iter().map(|b| format!("{b:02x}")).collect())
    }
}

/// What a scorer answers: grades, and what they were made from, so that the numbers can be computed
/// and the quotes checked here.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreResult {
    /// The run that was asked for.
    pub run: RunId,
    /// The rubric it names.
    pub rubric: Rubric,
    /// One per criterion.
    pub grades: Vec<Grade>,
    /// The resume's visible text.
    pub text: VisibleText,
    /// What it cost.
    pub usage: Usage,
    /// Where each request and its answer are kept, sealed, in their order; empty for the local grader.
    pub exchanges: Vec<DocumentId>,
}

/// What a run cost.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct Usage {
    /// Milliseconds from request to answer. Zero for the local grader, whose runs must repeat exactly.
    pub latency_ms: u64,
    /// Tokens read.
    pub tokens_in: u64,
    /// Tokens written.
    pub tokens_out: u64,
    /// Cost in millionths of a US dollar.
    pub cost_micro_usd: u64,
}

impl Usage {
    /// Whether nothing was spent.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, more: Self) {
        let Self { latency_ms, tokens_in, tokens_out, cost_micro_usd } = more;
        self.latency_ms = self.latency_ms.saturating_add(latency_ms);
        self.tokens_in = self.tokens_in.saturating_add(tokens_in);
        self.tokens_out = self.tokens_out.saturating_add(tokens_out);
        self.cost_micro_usd = self.cost_micro_usd.saturating_add(cost_micro_usd);
    }
}

/// The readable half of a recorded criterion: numbers and places, no words of the resume.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RecordedCriterion {
    /// The criterion's id.
    pub id: String,
    /// The level that counted.
    pub level: Level,
    /// `max x level / 5`.
    pub points: Points,
    /// The criterion's weight.
    pub max: u8,
    /// How sure the grader was, 0 to 1.
    pub confidence: f64,
    /// Quotes that were claimed but are not in the visible text.
    pub void_quotes: u32,
}

/// The sealed half: why, in words, and the quotes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Explanation {
    /// The criterion's id.
    pub id: String,
    /// Why, in a sentence or two.
    pub rationale: String,
    /// Words of the resume that show it.
    pub evidence: Vec<Quote>,
}

impl RecordedCriterion {
    /// Separates what stays readable from what is sealed.
    pub(super) fn split(score: CriterionScore) -> (Self, Explanation) {
        let CriterionScore { id, level, points, max, rationale, evidence, void_quotes, confidence } =
            score;
        let readable = Self { id: id.clone(), level, points, max, confidence, void_quotes };
        (readable, Explanation { id, rationale, evidence })
    }
}
