//! The profile read out of a resume: JSON Resume's shape, each value with the place it was read from.
//!
//! Shape: <https://jsonresume.org/schema>. Where JSON Resume has a string, this has a [`Field`].

use serde::{Deserialize, Serialize};

/// A value and the span of the visible text it was read from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Field {
    /// The value, normalised where its field says so; otherwise as written.
    pub value: String,
    /// First scalar of the place it was read from.
    pub start: u32,
    /// One past the last scalar of that place.
    pub end: u32,
    /// How sure the parser is, 0 to 1.
    pub confidence: f64,
}

/// A resume's facts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Profile {
    /// Who they are and how to reach them.
    pub basics: Basics,
    /// Jobs held, latest first as far as dates tell.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub work: Vec<Work>,
    /// Degrees and courses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub education: Vec<Education>,
    /// Skills, with their canonical names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skills: Vec<Skill>,
    /// Languages spoken.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub languages: Vec<Field>,
    /// Certificates and licences.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub certificates: Vec<Field>,
}

/// Who they are and how to reach them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Basics {
    /// Full name as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Field>,
    /// What they call themselves: "Data Engineer".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<Field>,
    /// First e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Field>,
    /// First telephone number, as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Field>,
    /// Web pages and public profiles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub profiles: Vec<Field>,
    /// The summary or objective section.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<Field>,
}

/// One job held.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Work {
    /// Title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<Field>,
    /// Employer, where it could be told from the title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Field>,
    /// First month, `YYYY-MM` or `YYYY`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_date: Option<Field>,
    /// Last month, `YYYY-MM` or `YYYY`; absent while the job lasts or when it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_date: Option<Field>,
    /// Whether the resume says the job still lasts.
    #[serde(default)]
    pub current: bool,
    /// What was done there: the lines under the heading.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<Field>,
}

/// One degree or course of study.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Education {
    /// School.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub institution: Option<Field>,
    /// Subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<Field>,
    /// Degree as written; its parsed level is in `level`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub study_type: Option<Field>,
    /// Year or month of completion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_date: Option<Field>,
    /// The degree's level, where it could be parsed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<DegreeLevel>,
}

/// How far a degree goes, in order. ISCED 2011 levels 3 to 8 in brackets.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum DegreeLevel {
    /// Secondary school (3).
    Secondary,
    /// Certificate, diploma or vocational training (4).
    Certificate,
    /// Associate or foundation degree (5).
    Associate,
    /// Bachelor or equivalent (6).
    Bachelor,
    /// Master or equivalent (7).
    Master,
    /// Doctorate (8).
    Doctorate,
}

/// One skill.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Skill {
    /// The canonical name ("PostgreSQL" where the resume says "Postgres"), at its first mention.
    pub name: Field,
    /// How often it is mentioned, negated mentions left out.
    pub mentions: u32,
}

impl Profile {
    /// Every field of the profile.
    pub fn fields(&self) -> impl Iterator<Item = &Field> {
        let basics = &self.basics;
        let basics = [&basics.name, &basics.label, &basics.email, &basics.phone, &basics.summary]
            .into_iter()
            .flatten()
            .chain(&basics.profiles);
        let work = self.work.iter().flat_map(|w| {
            [&w.position, &w.name, &w.start_date, &w.end_date, &w.summary].into_iter().flatten()
        });
        let education = self.education.iter().flat_map(|e| {
            [&e.institution, &e.area, &e.study_type, &e.end_date].into_iter().flatten()
        });
        let skills = self.skills.iter().map(|s| &s.name);
        let lists = self.languages.iter().chain(&self.certificates);
        basics.chain(work).chain(education).chain(skills).chain(lists)
    }
}
