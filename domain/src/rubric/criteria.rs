//! Criteria, their anchors, and the default rubric.

use serde::{Deserialize, Serialize};

use crate::score::TOP_LEVEL;

/// One version of a rubric: what a score is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Rubric {
    /// Stable name: `default`.
    pub name: String,
    /// 1, 2, 3...; a published version never changes.
    pub version: u32,
    /// In the order they are shown; weights sum to 100.
    pub criteria: Vec<Criterion>,
}

/// One thing a resume is graded on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Criterion {
    /// Stable id: `skills`.
    pub id: String,
    /// For people: "Skills match".
    pub label: String,
    /// Points that the top level earns.
    pub weight: u8,
    /// What each whole level from 0 to 5 looks like, lowest first.
    pub anchors: Vec<String>,
}

/// Id of the default rubric's skills criterion; ties in a ranking go to it.
pub const SKILLS: &str = "skills";
/// Id of the default rubric's experience criterion.
pub const EXPERIENCE: &str = "experience";
/// Id of the default rubric's education criterion.
pub const EDUCATION: &str = "education";
/// Id of the default rubric's soft skills and trajectory criterion.
pub const SOFT: &str = "soft";

impl Rubric {
    /// `name@version`, as scores and rows show it.
    pub fn label(&self) -> String {
        format!("{}@{}", self.name, self.version)
    }

    /// Default rubric, version 1: skills 40, experience 30, education 15, soft skills 15.
    pub fn default_v1() -> Self {
        let criterion =
            |id: &str, label: &str, weight, anchors: [&str; TOP_LEVEL as usize + 1]| Criterion {
                id: id.into(),
                label: label.into(),
                weight,
                anchors: anchors.map(String::from).into(),
            };
        Self {
            name: "default".into(),
            version: 1,
            criteria: vec![
                criterion(
                    SKILLS,
                    "Skills match",
                    40,
                    [
                        "None of what the job asks for is shown.",
                        "One or two peripheral skills are named; no required one.",
                        "A few of the required skills are named, mostly without use.",
                        "About half of the required skills are shown, some in use.",
                        "Most of the required skills are shown in use, gaps are minor.",
                        "All required and most preferred skills are shown in dated work.",
                    ],
                ),
                criterion(
                    EXPERIENCE,
                    "Experience depth",
                    30,
                    [
                        "No work that bears on the job.",
                        "Under a year, or work only at the edge of the field.",
                        "Some related work, short or without stated results.",
                        "Related work near the tenure asked for, some results stated.",
                        "Related work at the tenure asked for, results in numbers, growing duties.",
                        "Beyond the tenure asked for, in the same field, with impact and progression.",
                    ],
                ),
                criterion(
                    EDUCATION,
                    "Education",
                    15,
                    [
                        "No education or training is stated.",
                        "Schooling below what the job asks for, in another field.",
                        "Below the level asked for in a related field, or related courses.",
                        "At the level asked for in another field, or just below it in the right one.",
                        "At the level asked for in a related field.",
                        "At or above the level asked for, in the field of the job.",
                    ],
                ),
                criterion(
                    SOFT,
                    "Soft skills and trajectory",
                    15,
                    [
                        "Nothing about working with others, initiative or growth.",
                        "Soft skills are listed as bare adjectives.",
                        "One soft skill is shown by something done.",
                        "Several are shown by things done.",
                        "Leading, teaching or cross-team work is shown with its outcome.",
                        "Repeated leadership with outcomes, and a clear upward path.",
                    ],
                ),
            ],
        }
    }
}
