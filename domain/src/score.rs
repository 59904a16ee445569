//! Score arithmetic: levels become points, points become a total, and evidence is checked.
//!
//! This is the only place where a number of a score is made. A grader (a model, or the local
//! `baseline`) gives levels, rationales and quotes; it never gives points or totals.

use serde::{Deserialize, Serialize};

use crate::refusal::Refusal;
use crate::rubric::Rubric;
use crate::text::{Quote, VisibleText};

/// The highest level of the anchored scale.
pub const TOP_LEVEL: u8 = 5;

/// A grade on a criterion's anchored scale, 0 to 5 in tenths: whole levels are the written anchors,
/// tenths lie between two of them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Level(u8);

impl Level {
    /// No evidence for the criterion.
    pub const ZERO: Level = Level(0);

    /// A level from tenths (0 to 50).
    pub fn from_tenths(tenths: u8) -> Option<Self> {
        (tenths <= TOP_LEVEL * 10).then_some(Self(tenths))
    }

    /// A level from a share of the whole scale, clamped to 0..=1 and rounded to the nearest tenth.
    pub fn from_share(share: f64) -> Self {
        let top = f64::from(TOP_LEVEL) * 10.0;
        // NaN clamps to NaN and casts to 0: no evidence.
        Self((share.clamp(0.0, 1.0) * top).round() as u8)
    }

    /// Tenths of a level, 0 to 50.
    pub fn tenths(self) -> u8 {
        self.0
    }

    /// The level as a number, 0.0 to 5.0.
    pub fn value(self) -> f64 {
        f64::from(self.0) / 10.0
    }
}

/// Points in tenths: what people see has at most one decimal, and sums stay exact.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Points(u16);

impl Points {
    /// No points.
    pub const ZERO: Points = Points(0);

    /// Points from tenths.
    pub fn from_tenths(tenths: u16) -> Self {
        Self(tenths)
    }

    /// Tenths of a point.
    pub fn tenths(self) -> u16 {
        self.0
    }

    /// The points as a number with one decimal.
    pub fn value(self) -> f64 {
        f64::from(self.0) / 10.0
    }

    /// `weight x level / 5`, rounded half up to a tenth of a point.
    pub fn of(weight: u8, level: Level) -> Self {
        let scale = u32::from(TOP_LEVEL) * 10;
        let exact = u32::from(weight) * 10 * u32::from(level.tenths());
        Self(((exact + scale / 2) / scale) as u16)
    }
}

impl std::iter::Sum for Points {
    fn sum<I: Iterator<Item = Points>>(iter: I) -> Points {
        Points(iter.map(|p| p.0).sum())
    }
}

macro_rules! tenths_as_number {
    ($type:ident, $inner:ty, $max:expr) => {
        impl std::fmt::Debug for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({:.1})", stringify!($type), self.value())
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&format!("{:.1}", self.value()))
            }
        }

        impl Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.serialize_f64(self.value())
            }
        }

        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "description": "A number with at most one decimal.",
                    "type": "number",
                    "minimum": 0,
                    "maximum": $max / 10.0,
                })
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let value = f64::deserialize(d)?;
                let tenths = (value * 10.0).round();
                if !(0.0..=$max).contains(&tenths) || (value * 10.0 - tenths).abs() > 1e-6 {
                    let what = concat!(stringify!($type), " is out of range or has two decimals");
                    return Err(serde::de::Error::custom(what));
                }
                Ok(Self(tenths as $inner))
            }
        }
    };
}
tenths_as_number!(Level, u8, 50.0);
tenths_as_number!(Points, u16, 1000.0);

/// What a grader says about one criterion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Grade {
    /// The criterion's id in the rubric.
    pub criterion: String,
    /// Where on the anchored scale the resume stands.
    pub level: Level,
    /// Why, in a sentence or two.
    pub rationale: String,
    /// Words of the resume that show it.
    pub evidence: Vec<Quote>,
    /// How sure the grader is, 0 to 1.
    pub confidence: f64,
}

/// One criterion of a recorded score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CriterionScore {
    /// The criterion's id in the rubric.
    pub id: String,
    /// The level that counted.
    pub level: Level,
    /// `max x level / 5`, to a tenth.
    pub points: Points,
    /// The criterion's weight.
    pub max: u8,
    /// Why, in a sentence or two.
    pub rationale: String,
    /// Quotes that were found in the visible text.
    pub evidence: Vec<Quote>,
    /// Quotes that were claimed but are not in the visible text.
    pub void_quotes: u32,
    /// How sure the grader was, 0 to 1.
    pub confidence: f64,
}

/// A complete score: what `ScoreRecorded` carries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Assessment {
    /// The sum of the criteria's points, 0 to 100.
    pub total: Points,
    /// In the rubric's order.
    pub criteria: Vec<CriterionScore>,
}

/// Turns grades into a score.
///
/// Each criterion of the rubric must be graded exactly once. A quote that is not in the visible text
/// at the place it names is dropped and counted; a criterion left without any quote earns level 0,
/// because every point must be shown.
///
/// # Errors
/// `OUT_OF_RANGE` when a criterion is missing, doubled or unknown or a confidence is not in 0..=1.
pub fn assess(
    rubric: &Rubric,
    grades: Vec<Grade>,
    text: &VisibleText,
) -> Result<Assessment, Refusal> {
    let mut grades = grades;
    let mut criteria = Vec::with_capacity(rubric.criteria.len());
    for criterion in &rubric.criteria {
        let Some(i) = grades.iter().position(|g| g.criterion == criterion.id) else {
            return Err(Refusal::out_of_range(format!(
                "no grade for criterion `{}`",
                criterion.id
            )));
        };
        let grade = grades.swap_remove(i);
        if !(0.0..=1.0).contains(&grade.confidence) {
            return Err(Refusal::out_of_range(format!(
                "confidence of criterion `{}` is not between 0 and 1",
                criterion.id
            )));
        }
        let claimed = grade.evidence.len();
        let evidence: Vec<Quote> = grade.evidence.into_iter().filter(|q| text.holds(q)).collect();
        let void_quotes = (claimed - evidence.len()) as u32;
        let (level, rationale) = if evidence.is_empty() && grade.level > Level::ZERO {
            (Level::ZERO, format!("no evidence in the resume's visible text ({})", grade.rationale))
        } else {
            (grade.level, grade.rationale)
        };
        criteria.push(CriterionScore {
            id: criterion.id.clone(),
            level,
            points: Points::of(criterion.weight, level),
            max: criterion.weight,
            rationale,
            evidence,
            void_quotes,
            confidence: grade.confidence,
        });
    }
    if let Some(extra) = grades.first() {
        return Err(Refusal::out_of_range(format!(
            "criterion `{}` is not in the rubric or is graded twice",
            extra.criterion
        )));
    }
    let total = criteria.iter().map(|c| c.points).sum();
    Ok(Assessment { total, criteria })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::Span;

    fn grade(id: &str, tenths: u8, evidence: Vec<Quote>) -> Grade {
        Grade {
            criterion: id.into(),
            level: Level::from_tenths(tenths).unwrap(),
            rationale: "because".into(),
            evidence,
            confidence: 1.0,
        }
    }

    fn all(tenths: u8, quote: &Quote) -> Vec<Grade> {
        let rubric = Rubric::default_v1();
        rubric.criteria.iter().map(|c| grade(&c.id, tenths, vec![quote.clone()])).collect()
    }

    #[test]
    fn the_best_possible_resume_has_exactly_100() {
        let text = VisibleText::new("Rust".into());
        let quote = text.quote(Span { start: 0, end: 4 }).unwrap();
        let best = assess(&Rubric::default_v1(), all(50, &quote), &text).unwrap();
        assert_eq!(best.total, Points::from_tenths(1000));
    }

    #[test]
    fn a_made_up_quote_earns_nothing() {
        let text = VisibleText::new("Rust".into());
        let quote = Quote { quote: "Java".into(), start: 0, end: 4 };
        let score = assess(&Rubric::default_v1(), all(50, &quote), &text).unwrap();
        assert_eq!(score.total, Points::ZERO);
        assert!(score.criteria.iter().all(|c| c.void_quotes == 1 && c.evidence.is_empty()));
    }

    #[test]
    fn missing_doubled_and_unknown_criteria_are_refused() {
        let text = VisibleText::new("Rust".into());
        let quote = text.quote(Span { start: 0, end: 4 }).unwrap();
        let rubric = Rubric::default_v1();
        let mut missing = all(10, &quote);
        missing.pop();
        assert_eq!(assess(&rubric, missing, &text).unwrap_err().code, "OUT_OF_RANGE");
        let mut doubled = all(10, &quote);
        doubled.push(doubled[0].clone());
        assert_eq!(assess(&rubric, doubled, &text).unwrap_err().code, "OUT_OF_RANGE");
        let mut unsure = all(10, &quote);
        unsure[0].confidence = f64::NAN;
        assert_eq!(assess(&rubric, unsure, &text).unwrap_err().code, "OUT_OF_RANGE");
    }

    #[test]
    fn numbers_on_the_wire_have_one_decimal() {
        assert_eq!(serde_json::to_string(&Points::from_tenths(123)).unwrap(), "12.3");
        assert_eq!(serde_json::from_str::<Level>("3.4").unwrap().tenths(), 34);
        assert!(serde_json::from_str::<Level>("5.1").is_err());
        assert!(serde_json::from_str::<Points>("1.25").is_err());
    }

    proptest! {
        #[test]
        fn the_total_is_the_sum_and_never_leaves_0_to_100(levels in prop::collection::vec(0u8..=50, 4)) {
            let text = VisibleText::new("Rust".into());
            let quote = text.quote(Span { start: 0, end: 4 }).unwrap();
            let rubric = Rubric::default_v1();
            let grades = rubric.criteria.iter().zip(&levels)
                .map(|(c, l)| grade(&c.id, *l, vec![quote.clone()])).collect();
            let score = assess(&rubric, grades, &text).unwrap();
            prop_assert_eq!(score.total, score.criteria.iter().map(|c| c.points).sum());
            prop_assert!(score.total.tenths() <= 1000);
            for criterion in &score.criteria {
                prop_assert!(criterion.points.tenths() <= u16::from(criterion.max) * 10);
            }
        }

        #[test]
        fn more_is_never_less(weight in 1u8..=100, a in 0u8..=50, b in 0u8..=50) {
            let (low, high) = (a.min(b), a.max(b));
            let points = |t| Points::of(weight, Level::from_tenths(t).unwrap());
            prop_assert!(points(low) <= points(high));
        }
    }
}
