//! What the grader and the parser know of trades: skills with synonyms, occupational fields with
//! their vocabulary, and words that tell little.
//!
//! The knowledge is in three data files beside this one, parsed once; each says how it is written.

mod fields;
mod negation;
mod phrases;
mod skills;
mod tokens;

use std::collections::HashSet;
use std::sync::LazyLock;

pub use fields::{Field, FieldId, Fields, Hit, HitKind};
pub use negation::negated;
pub use phrases::Phrases;
pub use skills::{Mention, SkillEntry, SkillId, Skills};
pub use tokens::{Gap, MASK, Token, stem, tokens};

const SKILLS: &str = include_str!("skills.tsv");
const FIELDS: &str = include_str!("fields.tsv");
const COMMON: &str = include_str!("common_words.txt");

/// All that is known of trades.
#[derive(Debug)]
pub struct Taxonomy {
    /// Skills and their synonyms.
    pub skills: Skills,
    /// Occupational fields and their vocabulary.
    pub fields: Fields,
    common: HashSet<String>,
    vocabulary: HashSet<String>,
}

static TAXONOMY: LazyLock<Taxonomy> = LazyLock::new(|| {
    let skills = Skills::parse(SKILLS);
    let fields = Fields::parse(FIELDS);
    let words = COMMON.lines().filter(|l| !l.starts_with('#'));
    let tables = [SKILLS, FIELDS].into_iter().flat_map(str::lines).filter(|l| !l.starts_with('#'));
    let vocabulary = tables.flat_map(tokens).map(|t| t.stem).collect();
    Taxonomy { skills, fields, common: words.map(stem).collect(), vocabulary }
});

/// The taxonomy, parsed at first use.
pub fn taxonomy() -> &'static Taxonomy {
    &TAXONOMY
}

impl Taxonomy {
    /// Whether a stem is of a word that some trade uses, alone or in a phrase.
    pub fn is_vocabulary(&self, stem: &str) -> bool {
        self.vocabulary.contains(stem)
    }

    /// Whether a stem is of an everyday word, which tells little about what a job is.
    pub fn is_common(&self, stem: &str) -> bool {
        stem.len() < 2
            || stem.starts_with(|c: char| c.is_ascii_digit())
            || self.common.contains(stem)
    }
}

#[cfg(test)]
mod tests;
