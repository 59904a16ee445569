//! How sure a figure is: pairs are drawn anew within each job, the same ones for every method, so that two methods
//! can be compared on the same draws.

use super::metrics::{auc, ndcg_at, spearman};
use super::report::{Figure, Ranking};

/// Draws. Enough that the ends of a 95 % interval rest on ten of them.
const DRAWS: usize = 400;
const SEED: u64 = 0x9e37_79b9_7f4a_7c15;

/// Scores and labels of the pairs of one job.
pub(super) type Pairs = Vec<(f64, f64)>;

/// Means over jobs; those without a figure are left out.
fn figures(jobs: &[Pairs], positive: f64) -> [Option<f64>; 3] {
    let mean = |values: Vec<f64>| {
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    };
    let binary =
        |pairs: &Pairs| auc(&pairs.iter().map(|(s, l)| (*s, *l >= positive)).collect::<Vec<_>>());
    [
        mean(jobs.iter().filter_map(binary).collect()),
        mean(jobs.iter().filter_map(|pairs| spearman(pairs)).collect()),
        mean(jobs.iter().filter_map(|pairs| ndcg_at(5, pairs)).collect()),
    ]
}

/// Puts figures, their intervals and what they beat into each method's ranking. `methods` has the pairs of each job in the
/// same order for every method.
pub(super) fn measure(rankings: &mut [Ranking], methods: &[Vec<Pairs>], positive: f64) {
    let mut draws: Vec<Vec<[Option<f64>; 3]>> = vec![Vec::with_capacity(DRAWS); methods.len()];
    let mut next = random();
    for _ in 0..DRAWS {
        let Some(first) = methods.first() else { return };
        let drawn: Vec<Vec<usize>> = first
            .iter()
            .map(|pairs| (0..pairs.len()).map(|_| next() % pairs.len().max(1)).collect())
            .collect();
        for (method, kept) in methods.iter().zip(&mut draws) {
            let again: Vec<Pairs> = method
                .iter()
                .zip(&drawn)
                .map(|(pairs, at)| at.iter().filter_map(|i| pairs.get(*i).copied()).collect())
                .collect();
            kept.push(figures(&again, positive));
        }
    }
    let names: Vec<String> = rankings.iter().map(|r| r.method.clone()).collect();
    for (at, ranking) in rankings.iter_mut().enumerate() {
        let (Some(method), Some(mine)) = (methods.get(at), draws.get(at)) else { continue };
        let found = figures(method, positive);
        for (which, name) in ["auc", "spearman", "ndcg_at_5"].into_iter().enumerate() {
            let of = |draw: &[Option<f64>; 3]| draw.get(which).copied().flatten();
            let interval = middle(mine.iter().filter_map(of).collect());
            let beats = names
                .iter()
                .zip(&draws)
                .enumerate()
                .filter(|(other, _)| *other != at)
                .filter(|(_, (_, theirs))| {
                    let less = |(a, b)| Some(of(a)? - of(b)?);
                    let differences: Vec<f64> = mine.iter().zip(*theirs).filter_map(less).collect();
                    // Only over draws that have both.
                    differences.len() == DRAWS
                        && middle(differences).is_some_and(|(low, _)| low > 0.0)
                })
                .map(|(_, (name, _))| name.clone())
                .collect();
            let value = found.get(which).copied().flatten();
            ranking.figures.insert(name.to_owned(), Figure { value, interval, beats });
        }
    }
}

/// The middle 95 % of values.
pub(super) fn middle(mut values: Vec<f64>) -> Option<(f64, f64)> {
    values.sort_by(f64::total_cmp);
    let at = |share: f64| values.get((values.len() as f64 * share) as usize).copied();
    Some((at(0.025)?, at(0.975)?))
}

/// Numbers without a pattern, the same ones every time.
fn random() -> impl FnMut() -> usize {
    let mut state = SEED;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 16) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_made_only_where_the_draws_leave_no_doubt() {
        // Perfect, by chance, and nearly perfect.
        let labels: Vec<f64> = (0..40).map(|i| f64::from(u8::from(i % 2 == 0))).collect();
        let perfect: Pairs = labels.iter().map(|l| (*l, *l)).collect();
        let chance: Pairs =
            labels.iter().enumerate().map(|(i, l)| (((i * 7919) % 41) as f64, *l)).collect();
        let nearly: Pairs =
            labels.iter().enumerate().map(|(i, l)| (if i == 3 { 1.0 } else { *l }, *l)).collect();
        let mut rankings: Vec<Ranking> = ["perfect", "chance", "nearly"]
            .iter()
            .map(|m| Ranking { method: (*m).into(), ..Ranking::default() })
            .collect();
        measure(&mut rankings, &[vec![perfect], vec![chance], vec![nearly]], 1.0);
        let auc = |i: usize| &rankings[i].figures["auc"];
        assert_eq!((auc(0).value, auc(0).interval), (Some(1.0), Some((1.0, 1.0))));
        assert_eq!(auc(0).beats, ["chance"], "one pair is no proof against the third");
        assert!(auc(1).beats.is_empty());
        assert_eq!(auc(2).beats, ["chance"]);
        let (low, high) = auc(1).interval.unwrap();
        assert!(low < 0.5 && high > 0.4 && high < 0.8, "{low} {high}");
    }
}
