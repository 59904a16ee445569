//! Scorecards: what an interview asks, and what somebody on the panel found.

use serde::{Deserialize, Serialize};

use crate::refusal::Fields;

/// What an interview is to find out: what is rated, and questions that help.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Kit {
    /// What is rated; with none, whoever rates names it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skills: Vec<String>,
    /// What may be asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub questions: Vec<String>,
}

impl Kit {
    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.skills.is_empty() && self.questions.is_empty()
    }

    /// Notes what cannot stand, under this path.
    pub fn check(&self, fields: &mut Fields, path: &str) {
        fields.check(self.skills.len() <= 20, format!("{path}.skills"), "are more than 20");
        fields.check(self.questions.len() <= 50, format!("{path}.questions"), "are more than 50");
        for (i, skill) in self.skills.iter().enumerate() {
            fields.text(skill, &format!("{path}.skills[{i}]"), 100);
            let doubled = self.skills[..i].contains(skill);
            fields.check(!doubled, format!("{path}.skills[{i}]"), "is there twice");
        }
        for (i, question) in self.questions.iter().enumerate() {
            fields.text(question, &format!("{path}.questions[{i}]"), 1_000);
        }
    }
}

/// What was found of one thing, 1 (far below what is asked) to 5 (far above).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Rating {
    /// What is rated: one of the kit's.
    pub skill: String,
    /// 1 to 5.
    #[schemars(range(min = 1, max = 5))]
    pub level: u8,
}

/// Whether somebody on the panel would hire.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Certainly not.
    StrongNo,
    /// No.
    No,
    /// Neither.
    Undecided,
    /// Yes.
    Yes,
    /// Certainly.
    StrongYes,
}

impl Verdict {
    /// The name used on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::StrongNo => "strong_no",
            Self::No => "no",
            Self::Undecided => "undecided",
            Self::Yes => "yes",
            Self::StrongYes => "strong_yes",
        }
    }
}

/// What somebody on the panel found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Scores {
    /// Thing by thing.
    pub ratings: Vec<Rating>,
    /// All in all.
    pub overall: Verdict,
}

impl Scores {
    /// Notes what cannot stand: levels from 1 to 5, each thing once, and of a kit that names what is rated, all of it.
    pub fn check(&self, kit: &Kit, fields: &mut Fields) {
        fields.check(self.ratings.len() <= 20, "ratings", "are more than 20");
        for (i, Rating { skill, level }) in self.ratings.iter().enumerate() {
            let at = |part: &str| format!("ratings[{i}].{part}");
            fields.check((1..=5).contains(level), at("level"), "is not 1 to 5");
            fields.text(skill, &at("skill"), 100);
            let doubled = self.ratings[..i].iter().any(|other| other.skill == *skill);
            fields.check(!doubled, at("skill"), "is rated twice");
            let asked = kit.skills.is_empty() || kit.skills.contains(skill);
            fields.check(asked, at("skill"), "is not what this interview rates");
        }
        for skill in &kit.skills {
            let rated = self.ratings.iter().any(|rating| rating.skill == *skill);
            fields.check(rated, "ratings", &format!("do not say anything of `{skill}`"));
        }
    }
}
