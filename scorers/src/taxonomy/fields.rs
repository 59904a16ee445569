//! Occupational fields: what people in them are called, the words of their trade, what they study,
//! and which fields are near. The table is `fields.tsv`; its head says how it is written.

use std::collections::HashSet;

use super::phrases::Phrases;
use super::tokens::{Token, stem};

/// Number of a field in the table.
pub type FieldId = u8;

/// One field of the table.
#[derive(Debug)]
pub struct Field {
    /// Stable name: "culinary".
    pub name: &'static str,
    /// Skill groups that belong to it, with a weight of 0 to 1.
    pub groups: Vec<(&'static str, f32)>,
}

/// What a phrase of a field is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HitKind {
    /// A title: "sous chef".
    Title,
    /// A word of the trade: "menu".
    Term,
    /// A subject that leads to it: "culinary arts".
    Study,
}

/// A phrase of one or more fields, found in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit<'a> {
    /// Index of its first word.
    pub first: usize,
    /// How many words it has.
    pub words: usize,
    /// The fields that use it.
    pub fields: &'a [FieldId],
}

/// The fields table, ready to search.
#[derive(Debug)]
pub struct Fields {
    entries: Vec<Field>,
    near: Vec<Vec<f32>>,
    titles: Phrases<Vec<FieldId>>,
    terms: Phrases<Vec<FieldId>>,
    studies: Phrases<Vec<FieldId>>,
    role_nouns: HashSet<String>,
}

/// What titles of any field may end in.
const ROLE_NOUNS: &[&str] = &[
    "intern",
    "trainee",
    "expert",
    "fellow",
    "lead",
    "owner",
    "founder",
    "head",
    "volunteer",
    "member",
    "president",
    "chief",
    "partner",
    "apprentice",
    "helper",
    "aide",
    "crew",
    "leader",
];

impl Fields {
    /// Parses the table; lines that are not of its form are left out (a test says there are none).
    pub fn parse(table: &'static str) -> Self {
        let mut fields = Self {
            entries: vec![],
            near: vec![],
            titles: Phrases::default(),
            terms: Phrases::default(),
            studies: Phrases::default(),
            role_nouns: ROLE_NOUNS.iter().map(|n| stem(n)).collect(),
        };
        let mut near: Vec<(FieldId, &str, f32)> = vec![];
        for line in table.lines().filter(|l| !l.starts_with('#')) {
            let mut columns = line.split('\t');
            let (Some(name), Some(kind), Some(values)) =
                (columns.next(), columns.next(), columns.next())
            else {
                continue;
            };
            if fields.entries.last().is_none_or(|f| f.name != name) {
                fields.entries.push(Field { name, groups: vec![] });
            }
            let id = (fields.entries.len() - 1) as FieldId;
            let values = values.split('|');
            match kind {
                "title" => values.for_each(|v| {
                    add(&mut fields.titles, v, id);
                    fields.role_nouns.extend(v.rsplit(' ').next().map(stem));
                }),
                "term" => values.for_each(|v| add(&mut fields.terms, v, id)),
                "study" => values.for_each(|v| add(&mut fields.studies, v, id)),
                "near" => {
                    near.extend(values.map(weighted).map(|(name, weight)| (id, name, weight)))
                }
                "group" => {
                    if let Some(field) = fields.entries.last_mut() {
                        field.groups.extend(values.map(weighted));
                    }
                }
                _ => {}
            }
        }
        let n = fields.entries.len();
        fields.near =
            (0..n).map(|i| (0..n).map(|j| f32::from(u8::from(i == j))).collect()).collect();
        for (from, name, weight) in near {
            let Some(to) = fields.by_name(name) else { continue };
            for (a, b) in [(from, to), (to, from)] {
                if let Some(cell) =
                    fields.near.get_mut(usize::from(a)).and_then(|row| row.get_mut(usize::from(b)))
                {
                    *cell = cell.max(weight);
                }
            }
        }
        fields
    }

    /// How many fields there are.
    pub fn count(&self) -> usize {
        self.entries.len()
    }

    /// All fields, by their number.
    pub fn entries(&self) -> &[Field] {
        &self.entries
    }

    /// The field with this name.
    pub fn by_name(&self, name: &str) -> Option<FieldId> {
        self.entries.iter().position(|f| f.name == name).map(|i| i as FieldId)
    }

    /// How near two fields are, 0 to 1; a field is at 1 to itself.
    pub fn near(&self, a: FieldId, b: FieldId) -> f32 {
        self.near
            .get(usize::from(a))
            .and_then(|row| row.get(usize::from(b)))
            .copied()
            .unwrap_or(0.0)
    }

    /// Whether a title may end in this word: "manager", "chef", "representative".
    pub fn is_role_noun(&self, stem: &str) -> bool {
        self.role_nouns.contains(stem)
    }

    /// Every phrase of a kind in a text's words, in order, longest first, without overlaps.
    pub fn hits<'a>(&'a self, kind: HitKind, words: &[Token<'_>]) -> Vec<Hit<'a>> {
        let phrases = match kind {
            HitKind::Title => &self.titles,
            HitKind::Term => &self.terms,
            HitKind::Study => &self.studies,
        };
        let mut found = Vec::new();
        let mut first = 0;
        while first < words.len() {
            let hit =
                phrases.at(words, first).next().map(|(count, fields)| (count, fields.as_slice()));
            if let Some((words, fields)) = hit {
                found.push(Hit { first, words, fields });
            }
            first += hit.map_or(1, |(count, _)| count);
        }
        found
    }
}

fn add(phrases: &mut Phrases<Vec<FieldId>>, phrase: &str, field: FieldId) {
    phrases.add(phrase, vec![field], |old, new| {
        if !old.contains(&field) {
            old.extend(new);
        }
    });
}

/// `name` or `name:tenths`.
fn weighted(value: &'static str) -> (&'static str, f32) {
    let (name, tenths) = value.split_once(':').unwrap_or((value, "10"));
    (name, tenths.parse::<f32>().unwrap_or(0.0) / 10.0)
}
