//! Style sheets of a page: rules by what they select, and which of them hold for an element.
//!
//! Selectors are names, classes and ids, together and under one another. What else selects (states,
//! siblings, attributes) does not hold: text that only such a rule would hide is taken to show, and so
//! is what may be on something that only such a rule paints.

use std::cell::Cell;
use std::collections::HashMap;

use super::css::{self, Said};
use super::tree::{Element, Id, Tree};
use super::values::Paint;
use crate::reading::Failure;

/// How often an element may be held against a part of a selector, or given a declaration, on one page;
/// and every so many bytes of its attributes are looked through for each.
const MOST_STEPS: usize = 20_000_000;
const BYTES_A_STEP: usize = 8;
/// Rules of one page, and declarations in them. Whole frameworks have some thousands.
const MOST_RULES: usize = 50_000;
const MOST_DECLARATIONS: usize = 200_000;

/// The rules of a page.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    blocks: Vec<Vec<(Said, bool)>>,
    declarations: usize,
    rules: Vec<Rule>,
    /// Rules by the id, the class or the name that the element itself must have.
    by_key: HashMap<String, Vec<usize>>,
    steps: Cell<usize>,
}

#[derive(Debug)]
struct Rule {
    /// The element's own part first, then what it is under.
    parts: Vec<Part>,
    /// Ids, classes and names count in this order.
    weight: (usize, usize, usize),
    block: usize,
}

#[derive(Debug, Default)]
struct Part {
    /// Whether what comes before in the list is right under it.
    parent: bool,
    name: Option<String>,
    id: Option<String>,
    classes: Vec<String>,
}

impl Sheet {
    /// Adds a style sheet, after those that are there.
    ///
    /// # Errors
    ///
    /// [`Failure::TooLarge`] where it is no page's.
    pub(super) fn add(&mut self, text: &str) -> Result<(), Failure> {
        let text = without_comments(text);
        let mut rest = text.as_str();
        while let Some(at) = rest.find(['{', '}', ';']) {
            let (prelude, after) = rest.split_at(at);
            let prelude = prelude.trim();
            let inner = after.get(1..).unwrap_or_default();
            if !after.starts_with('{') {
                rest = inner; // The end of a group of rules, or `@import`.
                continue;
            }
            if is_group(prelude) {
                rest = inner;
                continue;
            }
            let (block, left) = block(inner);
            rest = left;
            if prelude.starts_with('@') {
                continue;
            }
            let said = css::declarations(block);
            if said.is_empty() {
                continue;
            }
            self.declarations += said.len();
            let paints = said.iter().any(|(one, _)| one.paints());
            self.blocks.push(said);
            for selector in css::split(prelude, ',') {
                let own = self.blocks.len() - 1;
                let rule = match rule(selector, own) {
                    None if paints => loosely(selector).and_then(|part| rule_of(part, own + 1)),
                    rule => rule,
                };
                if let Some(rule) = rule {
                    let key = rule.parts.first().map(Part::key).unwrap_or_default();
                    self.by_key.entry(key).or_default().push(self.rules.len());
                    self.rules.push(rule);
                }
                if self.rules.len() > MOST_RULES || self.declarations > MOST_DECLARATIONS {
                    return Err(Failure::TooLarge);
                }
            }
            if paints {
                self.blocks.push(vec![(Said::Background(Paint::Unknown), false)]);
            }
        }
        Ok(())
    }

    /// What the rules that hold for an element say, the weightiest last.
    ///
    /// # Errors
    ///
    /// [`Failure::TooLarge`] where there are too many rules for so many elements.
    pub(super) fn said_of(&self, tree: &Tree, id: Id) -> Result<Vec<(Said, bool)>, Failure> {
        let Some(element) = tree.element(id) else { return Ok(Vec::new()) };
        let keys = element
            .attribute("id")
            .map(|id| format!("#{id}"))
            .into_iter()
            .chain(classes(element).map(|class| format!(".{class}")))
            .chain([element.name().to_owned(), "*".to_owned()]);
        self.step(element.weight() / BYTES_A_STEP);
        let mut holding: Vec<&Rule> = Vec::new();
        for key in keys {
            for rule in self.by_key.get(&key).into_iter().flatten() {
                if let Some(rule) = self.rules.get(*rule).filter(|rule| self.holds(rule, tree, id))
                {
                    self.step(self.blocks.get(rule.block).map_or(0, Vec::len));
                    holding.push(rule);
                }
            }
        }
        if self.steps.get() > MOST_STEPS {
            return Err(Failure::TooLarge);
        }
        holding.sort_by_key(|rule| (rule.weight, rule.block));
        Ok(holding
            .into_iter()
            .flat_map(|rule| self.blocks.get(rule.block).into_iter().flatten().copied())
            .collect())
    }

    fn step(&self, count: usize) {
        self.steps.set(self.steps.get().saturating_add(count));
    }

    fn holds(&self, rule: &Rule, tree: &Tree, id: Id) -> bool {
        let mut here = Some(id);
        for (at, part) in rule.parts.iter().enumerate() {
            loop {
                self.step(1);
                if self.steps.get() > MOST_STEPS {
                    return false;
                }
                let Some(id) = here else { return false };
                let Some(element) = tree.element(id) else { return false };
                here = tree.parent(id);
                if part.is(element) {
                    break;
                }
                if at == 0 || part.parent {
                    return false;
                }
            }
        }
        true
    }
}

impl Part {
    /// What an element must have, of the rarest kind that is named.
    fn key(&self) -> String {
        match (&self.id, self.classes.first(), &self.name) {
            (Some(id), ..) => format!("#{id}"),
            (None, Some(class), _) => format!(".{class}"),
            (None, None, Some(name)) => name.clone(),
            (None, None, None) => "*".to_owned(),
        }
    }

    fn is(&self, element: &Element) -> bool {
        self.name.as_ref().is_none_or(|name| name == element.name())
            && self.id.as_ref().is_none_or(|id| element.attribute("id") == Some(id))
            && self.classes.iter().all(|class| classes(element).any(|known| known == class))
    }
}

fn classes(element: &Element) -> impl Iterator<Item = &str> {
    // An element with thousands of classes is not worth as many looks.
    element.attribute("class").unwrap_or_default().split_ascii_whitespace().take(64)
}

/// Reads a selector; none where it is of a kind that does not hold.
fn rule(selector: &str, block: usize) -> Option<Rule> {
    const MOST_PARTS: usize = 16;
    let mut parts = Vec::new();
    let mut parent = false;
    let spaced = selector.replace('>', " > ");
    for word in spaced.split_ascii_whitespace() {
        if word == ">" {
            parent = true;
            continue;
        }
        if let Some(before) = parts.last_mut() {
            let before: &mut Part = before;
            before.parent = std::mem::take(&mut parent);
        }
        parts.push(part(word)?);
        if parts.len() > MOST_PARTS {
            return None;
        }
    }
    // In the list each part says of itself how it stands to the one before it there.
    parts.reverse();
    rule_of(parts, block)
}

fn rule_of(parts: Vec<Part>, block: usize) -> Option<Rule> {
    let weight = (
        parts.iter().filter(|part| part.id.is_some()).count(),
        parts.iter().map(|part| part.classes.len()).sum(),
        parts.iter().filter(|part| part.name.is_some()).count(),
    );
    (!parts.is_empty()).then_some(Rule { parts, weight, block })
}

/// What an element must have at least for a selector to hold that is not read as a whole; none where
/// it holds only while somebody points at the element, or for just any.
fn loosely(selector: &str) -> Option<Vec<Part>> {
    const STATES: [&str; 5] = [":hover", ":focus", ":active", ":target", "::selection"];
    let spaced = selector.replace(['>', '+', '~'], " ");
    let last = css::split(&spaced, ' ').into_iter().rfind(|word| !word.trim().is_empty())?.trim();
    if STATES.iter().any(|state| last.contains(state)) {
        return None;
    }
    let end = last.find([':', '[']).unwrap_or(last.len());
    let part = part(last.get(..end)?).filter(|part| part.key() != "*")?;
    Some(vec![part])
}

/// Reads `name#id.class.class`.
fn part(word: &str) -> Option<Part> {
    let word = word
        .strip_suffix(":link")
        .or(word.strip_suffix(":visited"))
        .unwrap_or(if word == ":root" { "html" } else { word });
    let mut part = Part::default();
    let mut chars = word.chars().peekable();
    let mut kind = ' ';
    while let Some(&c) = chars.peek() {
        if matches!(c, '.' | '#') {
            kind = c;
            chars.next();
        }
        let mut name = String::new();
        while let Some(&c) = chars.peek() {
            match c {
                '.' | '#' => break,
                '\\' => {
                    chars.next();
                    name.extend(chars.next());
                }
                c if c.is_alphanumeric() || matches!(c, '-' | '_' | '*') || !c.is_ascii() => {
                    name.push(c);
                    chars.next();
                }
                _ => return None,
            }
        }
        match kind {
            _ if name.is_empty() => return None,
            '.' => part.classes.push(name),
            '#' => part.id = Some(name),
            _ if name == "*" => {}
            _ => part.name = Some(name.to_ascii_lowercase()),
        }
    }
    Some(part)
}

/// Whether rules in a group hold for a page on a screen that is wide enough.
fn is_group(prelude: &str) -> bool {
    let prelude = prelude.to_ascii_lowercase();
    if let Some(media) = prelude.strip_prefix("@media") {
        return is_for_screens(media);
    }
    ["@supports", "@layer", "@scope"].iter().any(|group| prelude.starts_with(group))
}

/// Whether a media query asks for nothing but a screen, perhaps a wide one.
pub(super) fn is_for_screens(media: &str) -> bool {
    let media = media.to_ascii_lowercase();
    let narrow = ["print", "speech", "not ", "max-", "prefers", "orientation", "<"];
    let asked = |query: &str| !narrow.iter().any(|word| query.contains(word));
    media.split(',').any(asked)
}

/// What is up to the brace that ends a block, and what is after it.
fn block(text: &str) -> (&str, &str) {
    let (mut depth, mut quote) = (0usize, None);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open || c == '\n' => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '{') => depth += 1,
            (None, '}') if depth == 0 => {
                return (
                    text.get(..at).unwrap_or_default(),
                    text.get(at + 1..).unwrap_or_default(),
                );
            }
            (None, '}') => depth -= 1,
            _ => {}
        }
    }
    (text, "")
}

fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("/*") {
        out.push_str(before);
        out.push(' ');
        rest = after.split_once("*/").map_or("", |(_, rest)| rest);
    }
    out.push_str(rest);
    out.replace("<!--", " ").replace("-->", " ")
}
