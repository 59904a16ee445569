//! Two releases beside each other: whether they agree, what they cost, how long they take, how often they fail and how much
//! their answers differ when they are asked again.

use std::collections::{BTreeMap, HashMap};

use comfy_table::Table;
use domain::application::ScoreRequest;
use domain::ids::JobId;
use scorers::evaluate::metrics::{bootstrap_mean, spearman};
use serde::Serialize;
use uuid::Uuid;

use super::runs::Run;

/// Both, and their agreement.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Comparison {
    pub(super) one: Side,
    pub(super) other: Side,
    pub(super) agreement: Agreement,
}

/// What one release's runs were like.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Side {
    pub(super) release: String,
    /// Runs that ended, repeats included.
    pub(super) runs: usize,
    /// Of these, without a score.
    pub(super) failed: usize,
    /// Why, and how often.
    pub(super) failures: BTreeMap<String, usize>,
    pub(super) mean_total: Option<f64>,
    /// US dollars for a run that ended.
    pub(super) usd_per_run: Option<f64>,
    pub(super) usd: f64,
    /// Milliseconds that models took, half of the runs and nineteen in twenty below.
    pub(super) latency_ms_p50: Option<u64>,
    pub(super) latency_ms_p95: Option<u64>,
    pub(super) retest: Retest,
}

/// How much totals differ when the same thing is asked again.
#[derive(Debug, Default, PartialEq, Serialize)]
pub(super) struct Retest {
    /// Resumes that were scored more than once.
    pub(super) resumes: usize,
    /// Their standard deviations, in points, on average.
    pub(super) mean_deviation: Option<f64>,
    /// The largest difference between two totals of one resume.
    pub(super) largest_range: Option<f64>,
}

/// How far two releases agree, over the resumes that both scored under the same rubric and version of the job.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Agreement {
    /// Resumes that both scored.
    pub(super) pairs: usize,
    /// The other's total less the one's, on average, and a 95 % interval.
    pub(super) mean_difference: Option<f64>,
    pub(super) mean_difference_interval: Option<(f64, f64)>,
    /// How far apart they are, whichever is higher.
    pub(super) mean_distance: Option<f64>,
    /// Share of the pairs that are at most five points apart.
    pub(super) within_five: Option<f64>,
    /// Jobs with at least two pairs, whose rankings can be compared.
    pub(super) jobs: usize,
    /// Spearman's rank correlation within a job, on average over jobs.
    pub(super) spearman: Option<f64>,
    /// Share of the first five of the one that are among the first five of the other, on average over jobs with more
    /// than five.
    pub(super) top_five: Option<f64>,
}

/// What two runs must share to be of the same thing.
#[derive(PartialEq, Eq, Hash, PartialOrd, Ord, Clone)]
struct Thing {
    job: JobId,
    application: Uuid,
    digest: String,
    rubric: String,
    job_version: u32,
}

impl Thing {
    fn of(run: &Run) -> Self {
        let ScoreRequest { resume_digest, rubric, job_version, .. } = &run.request;
        Self {
            job: run.job,
            application: run.application,
            digest: resume_digest.clone(),
            rubric: rubric.clone(),
            job_version: *job_version,
        }
    }
}

pub(super) fn compare(runs: &[Run], one: &str, other: &str) -> Comparison {
    Comparison {
        one: side(runs, one),
        other: side(runs, other),
        agreement: agreement(runs, one, other),
    }
}

fn of<'r>(runs: &'r [Run], release: &str) -> impl Iterator<Item = &'r Run> {
    runs.iter().filter(move |run| run.request.model_release == release)
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

fn side(runs: &[Run], release: &str) -> Side {
    let ended: Vec<&Run> = of(runs, release).filter(|run| run.ended.is_some()).collect();
    let mut failures: BTreeMap<String, usize> = BTreeMap::new();
    let mut totals = Vec::new();
    let mut latencies = Vec::new();
    let mut by_thing: HashMap<Thing, Vec<f64>> = HashMap::new();
    for run in &ended {
        match &run.ended {
            Some(Ok(total)) => {
                totals.push(*total);
                by_thing.entry(Thing::of(run)).or_default().push(*total);
            }
            Some(Err(reason)) => *failures.entry(reason.clone()).or_default() += 1,
            None => {}
        }
        if run.usage.latency_ms > 0 {
            latencies.push(run.usage.latency_ms);
        }
    }
    latencies.sort_unstable();
    let share = |part: f64| {
        let at = (latencies.len() as f64 * part).ceil() as usize;
        latencies.get(at.saturating_sub(1)).copied()
    };
    let usd = ended.iter().map(|run| run.usage.cost_micro_usd).sum::<u64>() as f64 / 1e6;
    Side {
        release: release.to_owned(),
        runs: ended.len(),
        failed: failures.values().sum(),
        failures,
        mean_total: mean(&totals),
        usd_per_run: (!ended.is_empty()).then(|| usd / ended.len() as f64),
        usd,
        latency_ms_p50: share(0.5),
        latency_ms_p95: share(0.95),
        retest: retest(by_thing.into_values().filter(|totals| totals.len() > 1).collect()),
    }
}

fn retest(again: Vec<Vec<f64>>) -> Retest {
    let deviation = |totals: &Vec<f64>| {
        let centre = mean(totals).unwrap_or_default();
        let squares: f64 = totals.iter().map(|t| (t - centre).powi(2)).sum();
        (squares / (totals.len() - 1) as f64).sqrt()
    };
    let range = |totals: &Vec<f64>| {
        let (low, high) =
            totals.iter().fold((f64::MAX, f64::MIN), |(low, high), t| (low.min(*t), high.max(*t)));
        high - low
    };
    let deviations: Vec<f64> = again.iter().map(deviation).collect();
    Retest {
        resumes: again.len(),
        mean_deviation: mean(&deviations),
        largest_range: again.iter().map(range).max_by(f64::total_cmp),
    }
}

fn agreement(runs: &[Run], one: &str, other: &str) -> Agreement {
    let totals = |release: &str| -> HashMap<Thing, f64> {
        of(runs, release)
            .filter(|run| run.request.repeat == 0)
            .filter_map(|run| Some((Thing::of(run), *run.ended.as_ref()?.as_ref().ok()?)))
            .collect()
    };
    let (ones, others) = (totals(one), totals(other));
    let mut by_job: BTreeMap<JobId, Vec<(f64, f64)>> = BTreeMap::new();
    let mut things: Vec<&Thing> = ones.keys().filter(|thing| others.contains_key(thing)).collect();
    things.sort();
    for thing in things {
        if let (Some(a), Some(b)) = (ones.get(thing), others.get(thing)) {
            by_job.entry(thing.job).or_default().push((*a, *b));
        }
    }
    let differences: Vec<f64> = by_job.values().flatten().map(|(a, b)| b - a).collect();
    let distances: Vec<f64> = differences.iter().map(|d| d.abs()).collect();
    let close: Vec<f64> = distances.iter().map(|d| f64::from(u8::from(*d <= 5.0))).collect();
    let comparable: Vec<&Vec<(f64, f64)>> = by_job.values().filter(|p| p.len() > 1).collect();
    let correlations: Vec<f64> = comparable.iter().filter_map(|pairs| spearman(pairs)).collect();
    let tops: Vec<f64> =
        comparable.iter().filter(|pairs| pairs.len() > 5).map(|pairs| top_five(pairs)).collect();
    Agreement {
        pairs: differences.len(),
        mean_difference: mean(&differences),
        mean_difference_interval: bootstrap_mean(&differences),
        mean_distance: mean(&distances),
        within_five: mean(&close),
        jobs: comparable.len(),
        spearman: mean(&correlations),
        top_five: mean(&tops),
    }
}

fn top_five(pairs: &[(f64, f64)]) -> f64 {
    let first = |key: fn(&(f64, f64)) -> f64| {
        let mut order: Vec<usize> = (0..pairs.len()).collect();
        let value = |i: &usize| pairs.get(*i).map_or(0.0, key);
        order.sort_by(|a, b| value(b).total_cmp(&value(a)).then(a.cmp(b)));
        order.truncate(5);
        order
    };
    let (one, other) = (first(|p| p.0), first(|p| p.1));
    one.iter().filter(|i| other.contains(i)).count() as f64 / 5.0
}

impl Comparison {
    pub(super) fn table(&self) -> String {
        let number = |value: Option<f64>, digits: usize| {
            value.map_or_else(|| "-".to_owned(), |value| format!("{value:.digits$}"))
        };
        let millis =
            |value: Option<u64>| value.map_or_else(|| "-".to_owned(), |ms| format!("{ms} ms"));
        let usd =
            |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |usd| format!("${usd:.4}"));
        let mut sides = Table::new();
        sides.set_header(["", self.one.release.as_str(), self.other.release.as_str()]);
        let mut row = |name: &str, of: &dyn Fn(&Side) -> String| {
            sides.add_row([name.to_owned(), of(&self.one), of(&self.other)]);
        };
        row("runs that ended", &|s| s.runs.to_string());
        row("without a score", &|s| {
            let why: Vec<String> = s.failures.iter().map(|(r, n)| format!("{r} {n}")).collect();
            if why.is_empty() { "0".into() } else { format!("{} ({})", s.failed, why.join(", ")) }
        });
        row("mean total", &|s| number(s.mean_total, 1));
        row("cost of a run", &|s| usd(s.usd_per_run));
        row("cost of all", &|s| usd(Some(s.usd)));
        row("latency p50 / p95", &|s| {
            format!("{} / {}", millis(s.latency_ms_p50), millis(s.latency_ms_p95))
        });
        row("asked again: deviation", &|s| {
            format!("{} ({} resumes)", number(s.retest.mean_deviation, 2), s.retest.resumes)
        });
        row("asked again: largest range", &|s| number(s.retest.largest_range, 1));
        let a = &self.agreement;
        let mut agree = Table::new();
        agree.set_header(["agreement", ""]);
        let interval = a
            .mean_difference_interval
            .map_or_else(String::new, |(low, high)| format!(" ({low:.1} to {high:.1})"));
        agree.add_row(["resumes that both scored".to_owned(), a.pairs.to_string()]);
        let difference = format!("{} less {}", self.other.release, self.one.release);
        agree.add_row([difference, format!("{}{interval}", number(a.mean_difference, 1))]);
        agree.add_row(["mean distance, points".to_owned(), number(a.mean_distance, 1)]);
        agree.add_row(["at most 5 points apart".to_owned(), number(a.within_five, 2)]);
        agree.add_row([format!("rank correlation, {} jobs", a.jobs), number(a.spearman, 2)]);
        agree.add_row(["first five in common".to_owned(), number(a.top_five, 2)]);
        format!("{sides}\n{agree}\n")
    }
}

#[cfg(test)]
mod tests {
    use domain::application::Usage;
    use domain::ids::DocumentId;

    use super::*;

    fn run(release: &str, application: u128, repeat: u32, ended: Result<f64, &str>) -> Run {
        let request = ScoreRequest {
            document: DocumentId(Uuid::from_u128(application)),
            resume_digest: format!("d{application}"),
            rubric: "default@1".into(),
            model_release: release.into(),
            prompt_version: "none".into(),
            job_version: 1,
            shadow: repeat > 0,
            repeat,
        };
        let usage = Usage {
            latency_ms: 100 * (application as u64),
            cost_micro_usd: 1_000,
            ..Usage::default()
        };
        Run {
            application: Uuid::from_u128(application),
            job: JobId(Uuid::from_u128(1)),
            request,
            ended: Some(ended.map_err(str::to_owned)),
            usage,
        }
    }

    #[test]
    fn agreement_cost_and_spread_are_counted_over_the_same_things() {
        let mut runs = Vec::new();
        for n in 1..=8_u128 {
            runs.push(run("a@1", n, 0, Ok(10.0 * n as f64)));
            runs.push(run("b@1", n, 0, Ok(10.0 * n as f64 + 3.0)));
        }
        runs.push(run("b@1", 9, 0, Err("MODEL_REFUSED")));
        runs.push(run("a@1", 9, 0, Ok(5.0)));
        runs.push(run("b@1", 8, 1, Ok(87.0)));
        runs.push(run("b@1", 8, 2, Ok(79.0)));
        // Of another resume: not the same thing.
        let mut other = run("b@1", 1, 0, Ok(99.0));
        other.request.resume_digest = "newer".into();
        runs.push(other);
        let found = compare(&runs, "a@1", "b@1");
        assert_eq!((found.agreement.pairs, found.agreement.jobs), (8, 1));
        assert_eq!(found.agreement.mean_difference, Some(3.0));
        assert_eq!(found.agreement.within_five, Some(1.0));
        assert_eq!(found.agreement.spearman, Some(1.0));
        assert_eq!(found.agreement.top_five, Some(1.0));
        assert_eq!((found.other.runs, found.other.failed), (12, 1));
        assert_eq!(found.other.failures["MODEL_REFUSED"], 1);
        assert!((found.other.usd - 0.012).abs() < 1e-9);
        assert_eq!(found.other.retest.resumes, 1);
        assert_eq!(found.other.retest.mean_deviation, Some(4.0));
        assert_eq!(found.other.retest.largest_range, Some(8.0));
        assert_eq!(found.one.retest, Retest::default());
        let table = found.table();
        for said in ["a@1", "MODEL_REFUSED 1", "first five in common", "3.0"] {
            assert!(table.contains(said), "{table}");
        }
    }

    #[test]
    fn nothing_in_common_is_said_as_such() {
        let found = compare(&[], "a@1", "b@1");
        assert_eq!(found.agreement.mean_difference, None);
        assert!(found.table().contains('-'));
    }
}
