//! What a job says, as requests write it.

use domain::interview::Kit;
use domain::job::{Disposition, Pay, Posting, Requirement, Stage, StageKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a job says.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PostingBody {
    /// Title of the position.
    #[schema(min_length = 1, max_length = 200, example = "Ward Nurse")]
    pub title: String,
    /// Department.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub department: Option<String>,
    /// Place of work.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub location: Option<String>,
    /// Whether it can be done from elsewhere.
    #[serde(default)]
    pub remote: bool,
    /// `full_time`, `part_time`, `contract`...
    #[serde(default)]
    #[schema(max_length = 200)]
    pub employment_type: Option<String>,
    /// Pay offered.
    #[serde(default)]
    pub pay: Option<PayBody>,
    /// How many people are sought.
    #[serde(default = "one")]
    #[schema(minimum = 1, maximum = 1000)]
    pub openings: u32,
    /// The text people read.
    #[schema(max_length = 50000)]
    pub description: String,
    /// What is asked for, line by line.
    #[serde(default)]
    #[schema(max_items = 200)]
    pub requirements: Vec<RequirementBody>,
}

fn one() -> u32 {
    1
}

/// Pay offered, in whole units of the currency.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PayBody {
    /// Lower end.
    #[schema(maximum = 1000000000000u64)]
    pub min: u64,
    /// Upper end; not below the lower.
    #[schema(maximum = 1000000000000u64)]
    pub max: u64,
    /// ISO 4217 code.
    #[schema(pattern = "^[A-Z]{3}$", example = "EUR")]
    pub currency: String,
    /// `hour`, `month` or `year`.
    #[schema(pattern = "^(hour|month|year)$", example = "year")]
    pub per: String,
}

impl From<PayBody> for Pay {
    fn from(PayBody { min, max, currency, per }: PayBody) -> Self {
        Self { min, max, currency, per }
    }
}

/// One line of what the job asks for.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequirementBody {
    /// The line.
    #[schema(min_length = 1, max_length = 2000, example = "Registered nurse")]
    pub text: String,
    /// Required (true) or preferred (false).
    #[serde(default = "yes")]
    pub must_have: bool,
}

fn yes() -> bool {
    true
}

impl From<PostingBody> for Posting {
    fn from(body: PostingBody) -> Self {
        Self {
            title: body.title,
            department: body.department,
            location: body.location,
            remote: body.remote,
            employment_type: body.employment_type,
            pay: body.pay.map(Pay::from),
            openings: body.openings,
            description: body.description,
            requirements: body
                .requirements
                .into_iter()
                .map(|r| Requirement { text: r.text, must_have: r.must_have })
                .collect(),
        }
    }
}

/// One place in a job's pipeline.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StageBody {
    /// Stable id within the job.
    #[schema(pattern = "^[a-z0-9_]{1,50}$", example = "phone_screen")]
    pub id: String,
    /// For people.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// What the stage is for; it decides the application's status.
    pub kind: StageKindBody,
    /// Days within which an application should have left the stage.
    #[serde(default)]
    pub sla_days: Option<u32>,
    /// Scorecards needed before an application may leave it for a later one.
    #[serde(default)]
    pub required_scorecards: u32,
    /// What interviews in this stage ask, unless they say otherwise.
    #[serde(default)]
    pub kit: KitBody,
}

/// What an interview is to find out.
#[derive(Debug, Clone, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KitBody {
    /// What is rated; with none, whoever rates names it.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub skills: Vec<String>,
    /// What may be asked.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub questions: Vec<String>,
}

impl From<KitBody> for Kit {
    fn from(KitBody { skills, questions }: KitBody) -> Self {
        Self { skills, questions }
    }
}

/// What a stage is for.
#[derive(Debug, Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StageKindBody {
    /// Where applications arrive; the first stage.
    Submitted,
    /// Read and scored by people.
    Screening,
    /// Talks.
    Interviewing,
    /// An offer is being made.
    Offer,
    /// The last stage.
    Hired,
}

impl From<StageBody> for Stage {
    fn from(body: StageBody) -> Self {
        let kind = match body.kind {
            StageKindBody::Submitted => StageKind::Submitted,
            StageKindBody::Screening => StageKind::Screening,
            StageKindBody::Interviewing => StageKind::Interviewing,
            StageKindBody::Offer => StageKind::Offer,
            StageKindBody::Hired => StageKind::Hired,
        };
        let StageBody { id, name, sla_days, required_scorecards, kit, .. } = body;
        Self { id, name, kind, sla_days, required_scorecards, kit: kit.into() }
    }
}

/// What becomes of active applications when their job closes.
#[derive(Debug, Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DispositionBody {
    /// They stay active, for a person to decide one by one.
    KeepForReview,
    /// They are rejected, each by whoever closes the job, with its reason.
    Rejected,
}

impl From<DispositionBody> for Disposition {
    fn from(body: DispositionBody) -> Self {
        match body {
            DispositionBody::KeepForReview => Self::KeepForReview,
            DispositionBody::Rejected => Self::Rejected,
        }
    }
}
