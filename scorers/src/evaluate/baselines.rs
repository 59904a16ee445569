//! Rankers to compare with: each is simpler than the grader and should do worse.

use std::collections::{HashMap, HashSet};

use crate::taxonomy::{taxonomy, tokens};

/// Scores of every resume for every job: `[job][resume]`.
pub type Scores = Vec<Vec<f64>>;

/// Cosine of TF-IDF vectors over words, with frequencies from the resumes and jobs at hand.
pub fn tf_idf(jobs: &[&str], resumes: &[&str]) -> Scores {
    let counts = |text: &&str| {
        let mut counts: HashMap<String, f64> = HashMap::new();
        for token in tokens(text) {
            *counts.entry(token.text.to_lowercase()).or_default() += 1.0;
        }
        counts
    };
    let (jobs, resumes): (Vec<_>, Vec<_>) =
        (jobs.iter().map(counts).collect(), resumes.iter().map(counts).collect());
    let mut seen: HashMap<&str, f64> = HashMap::new();
    for word in jobs.iter().chain(&resumes).flat_map(HashMap::keys) {
        *seen.entry(word).or_default() += 1.0;
    }
    let total = (jobs.len() + resumes.len()) as f64;
    let weigh = |counts: &HashMap<String, f64>| {
        let weight = |(word, n): (&String, &f64)| {
            (
                word.clone(),
                n * (((1.0 + total) / (1.0 + seen.get(word.as_str()).copied().unwrap_or(0.0)))
                    .ln()
                    + 1.0),
            )
        };
        counts.iter().map(weight).collect::<HashMap<String, f64>>()
    };
    let (jobs, resumes): (Vec<_>, Vec<_>) =
        (jobs.iter().map(weigh).collect(), resumes.iter().map(weigh).collect());
    let norm = |v: &HashMap<String, f64>| {
        v.values().map(|x| x * x).sum::<f64>().sqrt().max(f64::MIN_POSITIVE)
    };
    let cosine = |a: &HashMap<String, f64>, b: &HashMap<String, f64>| {
        a.iter().filter_map(|(word, x)| Some(x * b.get(word)?)).sum::<f64>() / norm(a) / norm(b)
    };
    jobs.iter().map(|job| resumes.iter().map(|resume| cosine(job, resume)).collect()).collect()
}

/// The share of the job's words, everyday ones left out, that the resume has.
pub fn keyword_overlap(jobs: &[&str], resumes: &[&str]) -> Scores {
    let stems = |text: &&str| {
        tokens(text)
            .into_iter()
            .map(|t| t.stem)
            .filter(|s| !taxonomy().is_common(s))
            .collect::<HashSet<_>>()
    };
    let resumes: Vec<_> = resumes.iter().map(stems).collect();
    let share = |job: &HashSet<String>| {
        resumes
            .iter()
            .map(|r| job.intersection(r).count() as f64 / job.len().max(1) as f64)
            .collect()
    };
    jobs.iter().map(stems).map(|job| share(&job)).collect()
}

/// The resume's length, whatever the job.
pub fn text_length(jobs: &[&str], resumes: &[&str]) -> Scores {
    jobs.iter().map(|_| resumes.iter().map(|r| r.chars().count() as f64).collect()).collect()
}

/// The same score for each: what is left when resumes are not read at all.
pub fn blind(jobs: &[&str], resumes: &[&str]) -> Scores {
    jobs.iter().map(|_| vec![0.0; resumes.len()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_resume_that_shares_rare_words_ranks_first() {
        let resumes = [
            "cooked soups and sauces in the kitchen",
            "audited ledgers in the office",
            "the the the in in",
        ];
        for rank in [tf_idf, keyword_overlap] {
            let scores = rank(&["cook soups in a kitchen"], &resumes);
            assert!(scores[0][0] > scores[0][1] && scores[0][0] > scores[0][2]);
        }
        assert_eq!(blind(&["a"], &resumes)[0], [0.0; 3]);
    }
}
