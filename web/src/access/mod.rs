//! Who calls: roles, callers, and the tokens they prove themselves with.
//!
//! Members hold bearer tokens with a role ([`Tokens`]); an applicant holds the secret of one
//! application ([`ApplicantTokens`]). Credentials are not events: they live in `DATA/access.sqlite`
//! or beside the log's database, only as hashes.

mod applicant;
mod token_watch;
mod tokens;

pub use applicant::ApplicantTokens;
pub use token_watch::TokenWatch;
pub use tokens::{Issued, TokenRow, Tokens};

use domain::actor::{Actor, ActorKind};
use domain::ids::{ApplicationId, CandidateId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What a member may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything a recruiter may, and tokens, rubrics, model releases, erasure.
    Admin,
    /// Jobs, candidates, applications, decisions.
    Recruiter,
    /// Holds interviews, and hands in scorecards.
    Interviewer,
    /// Reads everything, writes nothing.
    Auditor,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 4] = [Self::Admin, Self::Recruiter, Self::Interviewer, Self::Auditor];

    /// The name used on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Recruiter => "recruiter",
            Self::Interviewer => "interviewer",
            Self::Auditor => "auditor",
        }
    }
}

impl std::str::FromStr for Role {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|r| r.as_str() == text);
        known
            .ok_or_else(|| format!("`{text}` is no role: admin, recruiter, interviewer or auditor"))
    }
}

/// Who sends a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// Somebody who has not said who they are.
    Anonymous,
    /// Somebody who works here.
    Member {
        /// Their token's id, by which events name them.
        token: Uuid,
        /// What they may do.
        role: Role,
    },
    /// The applicant of one application.
    Applicant {
        /// Their application.
        application: ApplicationId,
        /// Who they are.
        candidate: CandidateId,
    },
}

impl Caller {
    /// The role, when it is a member's.
    pub fn role(&self) -> Option<Role> {
        match self {
            Self::Member { role, .. } => Some(*role),
            Self::Anonymous | Self::Applicant { .. } => None,
        }
    }

    /// Whether it is somebody who works here.
    pub fn is_member(&self) -> bool {
        self.role().is_some()
    }

    /// Who they are as events name them; the anonymous have no name.
    pub fn actor(&self) -> Option<Actor> {
        match self {
            Self::Anonymous => None,
            Self::Member { token, .. } => Some(Actor::new(ActorKind::Member, token.to_string())),
            Self::Applicant { candidate, .. } => {
                Some(Actor::new(ActorKind::Candidate, candidate.to_string()))
            }
        }
    }

    /// What separates one caller's idempotency keys from another's.
    pub fn scope(&self) -> String {
        match self {
            Self::Anonymous => "anonymous".into(),
            Self::Member { token, .. } => format!("member:{token}"),
            Self::Applicant { application, .. } => format!("applicant:{application}"),
        }
    }
}
