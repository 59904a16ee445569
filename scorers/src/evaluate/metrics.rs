//! Measures of agreement between scores and labels, and between read text and its truth.

use std::collections::HashMap;

use unicode_normalization::UnicodeNormalization;

/// Area under the ROC curve: the chance that a positive scores above a negative, ties at half.
/// `None` without both kinds.
pub fn auc(scored: &[(f64, bool)]) -> Option<f64> {
    let (mut wins, mut pairs) = (0.0, 0.0);
    for (a, _) in scored.iter().filter(|s| s.1) {
        for (b, _) in scored.iter().filter(|s| !s.1) {
            pairs += 1.0;
            wins += if a > b {
                1.0
            } else if a == b {
                0.5
            } else {
                0.0
            };
        }
    }
    (pairs > 0.0).then(|| wins / pairs)
}

/// Ranks from 1, ties at their mean.
fn ranks(values: &[f64]) -> Vec<f64> {
    let below = |v: f64| values.iter().filter(|o| **o < v).count() as f64;
    let same = |v: f64| values.iter().filter(|o| **o == v).count() as f64;
    values.iter().map(|v| below(*v) + (same(*v) + 1.0) / 2.0).collect()
}

/// Spearman's rank correlation with mean ranks for ties. `None` where one side does not vary.
pub fn spearman(pairs: &[(f64, f64)]) -> Option<f64> {
    let (a, b): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    let (a, b) = (ranks(&a), ranks(&b));
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len().max(1) as f64;
    let (ma, mb) = (mean(&a), mean(&b));
    let dot: f64 = a.iter().zip(&b).map(|(x, y)| (x - ma) * (y - mb)).sum();
    let (va, vb): (f64, f64) =
        (a.iter().map(|x| (x - ma).powi(2)).sum(), b.iter().map(|y| (y - mb).powi(2)).sum());
    (va > 0.0 && vb > 0.0).then(|| dot / (va * vb).sqrt())
}

/// Normalised discounted cumulative gain of the first `k` by score, with the labels as gains. Items
/// that tie in score share their places' mean discount.
pub fn ndcg_at(k: usize, scored: &[(f64, f64)]) -> Option<f64> {
    let discount = |place: usize| if place < k { 1.0 / ((place + 2) as f64).log2() } else { 0.0 };
    let gain = |order: &[f64]| order.iter().enumerate().map(|(i, g)| g * discount(i)).sum::<f64>();
    let mut ideal: Vec<f64> = scored.iter().map(|s| s.1).collect();
    ideal.sort_by(|a, b| b.total_cmp(a));
    let best = gain(&ideal);
    let mut by_score = scored.to_vec();
    by_score.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut order: Vec<f64> = Vec::with_capacity(scored.len());
    for tied in by_score.chunk_by(|a, b| a.0 == b.0) {
        let mean = tied.iter().map(|t| t.1).sum::<f64>() / tied.len() as f64;
        order.extend(std::iter::repeat_n(mean, tied.len()));
    }
    (best > 0.0).then(|| gain(&order) / best)
}

/// The words of a text for comparison: NFKC, lower case, letter-spaced headings joined, and one word
/// per CJK character.
pub fn comparable(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in text.lines() {
        let line: String =
            crate::profile::lines::unspaced(line).nfkc().flat_map(char::to_lowercase).collect();
        let mut open = String::new();
        for c in line.chars() {
            let cjk = matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}');
            if c.is_alphanumeric() && !cjk {
                open.push(c);
                continue;
            }
            if c == '\u{ad}' {
                continue;
            }
            if !open.is_empty() {
                found.push(std::mem::take(&mut open));
            }
            found.extend(cjk.then(|| c.to_string()));
        }
        found.extend((!open.is_empty()).then_some(open));
    }
    found
}

/// The share of the truth's words that were read, repeats counted. 1 for an empty truth.
pub fn token_recall(read: &str, truth: &str) -> f64 {
    let mut have: HashMap<String, usize> = HashMap::new();
    for word in comparable(read) {
        *have.entry(word).or_default() += 1;
    }
    let truth = comparable(truth);
    let total = truth.len();
    let hit = truth
        .into_iter()
        .filter(|word| {
            have.get_mut(word).is_some_and(|n| {
                *n > 0 && {
                    *n -= 1;
                    true
                }
            })
        })
        .count();
    if total == 0 { 1.0 } else { hit as f64 / total as f64 }
}

/// The share of the truth's neighbouring words that are neighbours in what was read, repeats counted: whether words come in their
/// order, wherever a block of them stands. 1 for a truth of fewer than two words.
pub fn order(read: &str, truth: &str) -> f64 {
    let pairs = |text: &str| -> Vec<(String, String)> {
        let words = comparable(text);
        words.iter().cloned().zip(words.iter().skip(1).cloned()).collect()
    };
    let mut have: HashMap<(String, String), usize> = HashMap::new();
    for pair in pairs(read) {
        *have.entry(pair).or_default() += 1;
    }
    let truth = pairs(truth);
    if truth.is_empty() {
        return 1.0;
    }
    let hit = truth.iter().filter(|pair| {
        have.get_mut(pair).is_some_and(|n| {
            let there = *n > 0;
            *n = n.saturating_sub(1);
            there
        })
    });
    hit.count() as f64 / truth.len() as f64
}

/// Most characters of a text that are compared one by one.
const COMPARED: usize = 20_000;

/// Share of the truth's characters that are wrong wherever its lines stand: each line against the stretch of what was read that is
/// nearest to it. What was read besides is not counted. 0 for an empty truth.
pub fn character_error_anywhere(read: &str, truth: &str) -> f64 {
    let read: Vec<char> = comparable(read).join(" ").chars().take(COMPARED).collect();
    let (mut wrong, mut all) = (0, 0);
    for line in truth.lines() {
        let line: Vec<char> = comparable(line).join(" ").chars().collect();
        // It may begin anywhere, at no cost, and end anywhere.
        let mut column: Vec<u32> = (0..=line.len() as u32).collect();
        let mut best = line.len() as u32;
        for r in &read {
            let mut diagonal = 0;
            let mut above = 0;
            for (l, cell) in line.iter().zip(column.iter_mut().skip(1)) {
                let changed = diagonal + u32::from(r != l);
                diagonal = *cell;
                above = changed.min(above + 1).min(*cell + 1);
                *cell = above;
            }
            best = best.min(above);
        }
        wrong += best;
        all += line.len();
    }
    if all == 0 { 0.0 } else { f64::from(wrong) / all as f64 }
}

/// Character error rate: the fewest insertions, deletions and changes that make the truth of what was read, for each
/// character of the truth; both as [`comparable`] words with one blank between. In reading order, so that a misplaced block
/// counts in full. 0 for an empty truth.
pub fn character_error(read: &str, truth: &str) -> f64 {
    let plain =
        |text: &str| -> Vec<char> { comparable(text).join(" ").chars().take(COMPARED).collect() };
    let (read, truth) = (plain(read), plain(truth));
    if truth.is_empty() {
        return 0.0;
    }
    let mut row: Vec<u32> = (0..=truth.len() as u32).collect();
    for (i, r) in read.iter().enumerate() {
        let mut diagonal = i as u32;
        let mut left = i as u32 + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (t, cell) in truth.iter().zip(row.iter_mut().skip(1)) {
            let changed = diagonal + u32::from(r != t);
            diagonal = *cell;
            left = changed.min(left + 1).min(*cell + 1);
            *cell = left;
        }
    }
    f64::from(row.last().copied().unwrap_or_default()) / truth.len() as f64
}

/// A 95 % interval of a mean over cases, by resampling them 1,000 times with a fixed seed.
pub fn bootstrap_mean(values: &[f64]) -> Option<(f64, f64)> {
    if values.is_empty() {
        return None;
    }
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % values.len() as u64) as usize
    };
    let mut means: Vec<f64> = (0..1000)
        .map(|_| {
            (0..values.len()).filter_map(|_| values.get(next())).sum::<f64>() / values.len() as f64
        })
        .collect();
    means.sort_by(f64::total_cmp);
    Some((*means.get(25)?, *means.get(974)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auc_counts_ties_at_half() {
        assert_eq!(auc(&[(2.0, true), (1.0, false)]), Some(1.0));
        assert_eq!(auc(&[(1.0, true), (1.0, false)]), Some(0.5));
        assert_eq!(auc(&[(1.0, true), (2.0, false), (3.0, true), (0.0, false)]), Some(0.75));
        assert_eq!(auc(&[(1.0, true)]), None);
    }

    #[test]
    fn spearman_is_of_ranks() {
        assert_eq!(spearman(&[(1.0, 10.0), (2.0, 200.0), (3.0, 3000.0)]), Some(1.0));
        assert_eq!(spearman(&[(1.0, 3.0), (2.0, 2.0), (3.0, 1.0)]), Some(-1.0));
        assert_eq!(spearman(&[(1.0, 3.0), (1.0, 2.0)]), None);
        let tied = spearman(&[(1.0, 1.0), (2.0, 2.0), (2.0, 3.0), (4.0, 4.0)]).unwrap();
        assert!((tied - 0.948_683).abs() < 1e-5);
    }

    #[test]
    fn ndcg_is_one_for_the_best_order() {
        assert_eq!(ndcg_at(5, &[(3.0, 7.0), (2.0, 3.0), (1.0, 1.0)]), Some(1.0));
        assert!(ndcg_at(5, &[(1.0, 7.0), (2.0, 3.0), (3.0, 1.0)]).unwrap() < 0.9);
        assert_eq!(ndcg_at(5, &[(1.0, 0.0)]), None);
    }

    #[test]
    fn recall_counts_repeats_and_joins_letters() {
        assert_eq!(token_recall("profile a b", "P R O F I L E\nA b"), 1.0);
        assert_eq!(token_recall("one two", "one one two four"), 0.5);
        assert_eq!(token_recall("王小", "王小明"), 2.0 / 3.0);
    }

    #[test]
    fn order_is_of_neighbours() {
        assert_eq!(order("led a team of four", "Led a team of four"), 1.0);
        // Two columns read across each other.
        assert_eq!(order("one six two seven", "one two six seven"), 0.0);
        // Two blocks in another order: one pair of words is torn apart.
        assert_eq!(order("four five six one two three", "one two three four five six"), 0.8);
        assert_eq!(order("", "one"), 1.0);
    }

    #[test]
    fn character_errors_are_counted_in_order() {
        assert_eq!(character_error("Ward  NURSE", "ward nurse"), 0.0);
        assert_eq!(character_error("ward norse", "ward nurse"), 0.1);
        assert_eq!(character_error("", "ward nurse"), 1.0);
        assert_eq!(character_error("nurse", "ward nurse"), 0.5);
        assert_eq!(character_error("anything", ""), 0.0);
        let (read, truth) = ("left two\nright one", "right one\nleft two");
        assert_eq!(character_error_anywhere(read, truth), 0.0);
        assert!(character_error(read, truth) > 0.5);
        assert_eq!(character_error_anywhere("xx ward norse yy", "ward nurse"), 0.1);
        assert_eq!(character_error_anywhere("", "ab"), 1.0);
    }
}
