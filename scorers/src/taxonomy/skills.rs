//! Skills with canonical names and synonyms, and where a text mentions them.
//!
//! The table is `skills.tsv`; its head says how it is written. Names that are also everyday words
//! ("Go", "Excel", "Spring") count only in their written case and where the context reads as a skill.

use super::negation::negated;
use super::phrases::Phrases;
use super::tokens::{Gap, Token};

/// Number of a skill in the table.
pub type SkillId = u16;

/// One skill of the table.
#[derive(Debug)]
pub struct SkillEntry {
    /// Canonical name: "PostgreSQL".
    pub name: &'static str,
    /// Group of related skills: "database".
    pub group: &'static str,
}

/// The skills table, ready to search.
#[derive(Debug)]
pub struct Skills {
    entries: Vec<SkillEntry>,
    aliases: Phrases<Vec<Alias>>,
}

#[derive(Debug, Clone)]
struct Alias {
    skill: SkillId,
    /// The words with their case, where the case matters.
    exact: Option<Vec<&'static str>>,
    in_context: bool,
    /// Only in just this form: "typing", not "type".
    form: Option<String>,
    /// Only near another skill of software.
    in_company: bool,
}

/// One place where a text names a skill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// Which skill.
    pub skill: SkillId,
    /// Index of its first word.
    pub first: usize,
    /// How many words it has.
    pub words: usize,
    /// Whether the text says it is *not* there: "never used Python".
    pub negated: bool,
    /// Whether it stands as an item of a list, and not in a sentence.
    pub listed: bool,
}

/// Words after which an everyday word reads as a skill.
const CUES: &[&str] = &[
    "in",
    "with",
    "us",
    "of",
    "know",
    "microsoft",
    "ms",
    "program",
    "languag",
    "knowledg",
    "experienc",
    "advanc",
    "via",
    "through",
    "lik",
    "adob",
    "framework",
    "google",
    "apach",
    "and",
    "or",
    "skill",
    "proficient",
    "includ",
];
/// Words after which an everyday word does not: "excel at", "go to", "access to", "spring of".
const NOT_BEFORE: &[&str] = &[
    "at", "to", "on", "for", "by", "the", "a", "an", "into", "through", "beyond", "above", "as",
    "of", "it",
];

impl Skills {
    /// Parses the table; lines that are not of its form are left out (a test says there are none).
    pub fn parse(table: &'static str) -> Self {
        let mut skills = Self { entries: vec![], aliases: Phrases::default() };
        for line in table.lines().filter(|l| !l.starts_with('#')) {
            let mut columns = line.split('\t');
            let (Some(group), Some(name), Some(aliases)) =
                (columns.next(), columns.next(), columns.next())
            else {
                continue;
            };
            let skill = skills.entries.len() as SkillId;
            skills.entries.push(SkillEntry { name, group });
            for alias in aliases.split('|') {
                let (in_context, alias) =
                    alias.strip_prefix('?').map_or((false, alias), |a| (true, a));
                let (in_company, alias) =
                    alias.strip_prefix('~').map_or((false, alias), |a| (true, a));
                let (form, alias) = alias.strip_prefix('!').map_or((false, alias), |a| (true, a));
                let form = form.then(|| alias.to_lowercase());
                let (exact, alias) = alias.strip_prefix('=').map_or((false, alias), |a| (true, a));
                let exact =
                    exact.then(|| super::tokens::tokens(alias).iter().map(|t| t.text).collect());
                let known = vec![Alias { skill, exact, in_context, form, in_company }];
                skills.aliases.add(alias, known, |old, mut new| old.append(&mut new));
            }
        }
        skills
    }

    /// All skills, by their number.
    pub fn entries(&self) -> &[SkillEntry] {
        &self.entries
    }

    /// A skill by its number.
    pub fn get(&self, id: SkillId) -> Option<&SkillEntry> {
        self.entries.get(usize::from(id))
    }

    /// The skill with this canonical name.
    pub fn by_name(&self, name: &str) -> Option<SkillId> {
        self.entries.iter().position(|e| e.name == name).map(|i| i as SkillId)
    }

    /// Every mention in a text's words, in order, without overlaps.
    pub fn mentions(&self, words: &[Token<'_>]) -> Vec<Mention> {
        let mut found: Vec<Mention> = Vec::new();
        let mut doubtful: Vec<usize> = Vec::new();
        let mut at = 0;
        while at < words.len() {
            let hit = self.aliases.at(words, at).find_map(|(count, aliases)| {
                let alias = aliases.iter().find(|a| a.fits(words, at, count))?;
                Some((count, alias.skill, alias.in_company))
            });
            if let Some((count, skill, in_company)) = hit {
                doubtful.extend(in_company.then_some(found.len()));
                found.push(Mention {
                    skill,
                    first: at,
                    words: count,
                    negated: negated(words, at, count),
                    listed: is_listed(words, at, count),
                });
            }
            at += hit.map_or(1, |(count, ..)| count);
        }
        for at in doubtful.into_iter().rev() {
            if !self.in_company(&found, at, words) {
                found.remove(at);
            }
        }
        found
    }
}

impl Skills {
    /// Whether a neighbour in the text is a skill of software on the same line or the next.
    fn in_company(&self, found: &[Mention], at: usize, words: &[Token<'_>]) -> bool {
        const TECHNICAL: &[&str] =
            &["programming", "web", "database", "cloud", "software-practice", "machine-learning"];
        let line = |m: &Mention| words.get(m.first).map_or(0, |w| w.line);
        let Some(here) = found.get(at) else { return false };
        let near = [at.checked_sub(1), Some(at + 1)].into_iter().flatten();
        near.filter_map(|i| found.get(i)).any(|other| {
            other.skill != here.skill
                && line(other).abs_diff(line(here)) <= 1
                && self.get(other.skill).is_some_and(|s| TECHNICAL.contains(&s.group))
        })
    }
}

impl Alias {
    fn fits(&self, words: &[Token<'_>], at: usize, count: usize) -> bool {
        let here = words.get(at..at + count).unwrap_or_default();
        if let Some(exact) = &self.exact
            && !here.iter().map(|w| w.text).eq(exact.iter().copied())
        {
            return false;
        }
        if let Some(form) = &self.form
            && here.first().is_none_or(|w| w.text.to_lowercase() != *form)
        {
            return false;
        }
        !(self.in_context || self.in_company) || reads_as_skill(words, at, count)
    }
}

/// Whether the place reads as the name of a skill: an item of a list, or after a word such as "in".
fn reads_as_skill(words: &[Token<'_>], at: usize, count: usize) -> bool {
    let after = words.get(at + count);
    let runs_on = after.is_some_and(|w| matches!(w.gap, Gap::Space | Gap::Line));
    if runs_on
        && after.is_some_and(|w| {
            NOT_BEFORE.contains(&w.stem.as_str())
                || w.text.starts_with(|c: char| c.is_ascii_digit())
        })
    {
        return false;
    }
    if after.is_some_and(|w| w.gap == Gap::Joint && matches!(w.text, "s" | "S")) {
        return false;
    }
    let before = at.checked_sub(1).and_then(|i| words.get(i));
    let near = words.get(at).map(|w| w.gap);
    let cued = before.is_some_and(|w| {
        matches!(near, Some(Gap::Space | Gap::Line))
            && CUES.contains(&w.stem.as_str())
            && !w.text.eq_ignore_ascii_case("know")
    });
    cued || is_listed(words, at, count)
}

/// Whether a separator, a line's end or "and" stands on both sides.
fn is_listed(words: &[Token<'_>], at: usize, count: usize) -> bool {
    let opens = words.get(at).is_none_or(|w| matches!(w.gap, Gap::List | Gap::Line | Gap::Stop))
        || at
            .checked_sub(1)
            .and_then(|i| words.get(i))
            .is_some_and(|w| matches!(w.stem.as_str(), "and" | "or"));
    let closes = words.get(at + count).is_none_or(|w| {
        matches!(w.gap, Gap::List | Gap::Line | Gap::Stop)
            || matches!(w.stem.as_str(), "and" | "or")
    });
    opens && closes
}
