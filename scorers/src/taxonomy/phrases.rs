//! A dictionary of phrases that finds the longest one starting at a word.

use std::collections::HashMap;

use super::tokens::{Gap, Token, tokens};

/// Phrases by their stems, each with what is known of it.
#[derive(Debug)]
pub struct Phrases<T> {
    by_first: HashMap<String, Vec<Entry<T>>>,
}

#[derive(Debug)]
struct Entry<T> {
    rest: Vec<String>,
    known: T,
}

impl<T> Default for Phrases<T> {
    fn default() -> Self {
        Self { by_first: HashMap::new() }
    }
}

impl<T> Phrases<T> {
    /// Adds a phrase, unless it has no word; `merge` says what to do when it is already there.
    pub fn add(&mut self, phrase: &str, known: T, merge: impl FnOnce(&mut T, T)) {
        let mut stems = tokens(phrase).into_iter().map(|t| t.stem);
        let Some(first) = stems.next() else { return };
        let rest: Vec<String> = stems.collect();
        let entries = self.by_first.entry(first).or_default();
        match entries.iter_mut().find(|e| e.rest == rest) {
            Some(entry) => merge(&mut entry.known, known),
            None => {
                let at = entries.partition_point(|e| e.rest.len() >= rest.len());
                entries.insert(at, Entry { rest, known });
            }
        }
    }

    /// The phrases that start at word `at`, longest first, each with its number of words.
    pub fn at<'p, 'w>(
        &'p self,
        words: &'w [Token<'w>],
        at: usize,
    ) -> impl Iterator<Item = (usize, &'p T)> {
        let entries = words.get(at).and_then(|w| self.by_first.get(&w.stem)).map_or(&[][..], |e| e);
        entries.iter().filter_map(move |entry| {
            let rest = words.get(at + 1..at + 1 + entry.rest.len())?;
            let same = rest.iter().zip(&entry.rest).all(|(word, stem)| {
                matches!(word.gap, Gap::Space | Gap::Line | Gap::Joint) && word.stem == *stem
            });
            same.then_some((1 + entry.rest.len(), &entry.known))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_phrase_comes_first_and_none_runs_across_a_comma() {
        let mut phrases = Phrases::default();
        for phrase in ["machine learning", "machine", "learning"] {
            phrases.add(phrase, phrase, |_, _| ());
        }
        let words = tokens("machine\nlearning machine, learning");
        let found = |at| phrases.at(&words, at).map(|(_, known)| *known).collect::<Vec<_>>();
        assert_eq!(found(0), ["machine learning", "machine"]);
        assert_eq!(found(2), ["machine"]);
    }
}
