//! What hostile files cost everybody else: looks at a pool, while nobody hands in anything, while people hand in resumes, and while
//! hostile files come at the same rate, in turns.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use domain::ids::JobId;
use reqwest::StatusCode;
use testkit::hostile;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::load::people::Person;
use crate::load::{Asker, Place, Server};
use crate::processes::{files_in, memory, numbers, sum, until};
use crate::{Sizes, head, line};

/// Looks a second.
const RATE: u32 = 50;
/// Files a second, as long as those before are through: no more than this on their way, which is more than there are readers.
const FILES: u32 = 4;
const AT_ONCE: usize = 6;
/// Longer than it takes to be through with what is on its way.
const PATIENCE: Duration = Duration::from_secs(300);

/// Files that were made to do harm: the folder's, or of every sort that can be made here.
fn files() -> Vec<(String, Vec<u8>)> {
    if let Some(folder) = std::env::var_os("HIRESPHERE_HOSTILE") {
        let name = |path: &PathBuf| path.file_name().unwrap_or_default().display().to_string();
        let found = files_in(folder.into()).into_iter();
        return found.filter_map(|path| Some((name(&path), std::fs::read(path).ok()?))).collect();
    }
    let good = Person::nth(1).resume;
    let made = [
        ("multiplying forms", hostile::multiplying_forms(20)),
        ("zip bomb", hostile::zip_bomb(400)),
        ("inflating page", hostile::inflating_page(400)),
        ("deep page tree", hostile::deep_page_tree(50_000)),
        ("nested arrays", hostile::nested_arrays(200_000)),
        ("nested tables", hostile::deeply_nested_tables(20_000, "within")),
        ("cyclic page tree", hostile::cyclic_page_tree()),
        ("noise in a PDF", hostile::flip_bytes(&good, 7, 40)),
        ("noise behind %PDF", hostile::garbage(b"%PDF-1.7\n", 4 << 20, 7)),
        ("noise behind PK", hostile::garbage(b"PK\x03\x04", 4 << 20, 7)),
    ];
    made.into_iter().map(|(name, bytes)| (name.to_owned(), bytes)).collect()
}

pub(crate) async fn measure(place: &mut Place, job: JobId, sizes: &Sizes) {
    let server = place.serve().await;
    let asker = place.asker();
    let target = asker.open_job().await;
    let paths = paths(&asker, job).await;
    let hostile = Arc::new(files());
    let people = (0..200).map(|n| ("a resume".to_owned(), Person::nth(2_000_000 + n).resume));
    let harmless = Arc::new(people.collect::<Vec<_>>());
    // What every process does once.
    looks(&asker, &paths, sizes.looks / 4).await;
    let mut times = [const { Vec::new() }; 3];
    let mut most = [0; 3];
    let mut handed_in = HandedIn::default();
    let mut spent = 0.0;
    for _ in 0..sizes.rounds {
        times[0].extend(looks(&asker, &paths, sizes.looks).await);
        for (n, files) in [(1, &harmless), (2, &hostile)] {
            let stop = Arc::new(AtomicBool::new(false));
            let handing_in = tokio::spawn(hand_in(
                asker.clone(),
                target.clone(),
                Arc::clone(files),
                handed_in,
                Arc::clone(&stop),
            ));
            let read_before = read(&numbers(&asker).await);
            until(&asker, &server, PATIENCE, |n| steps(n, "wait") > read_before + 1.0).await;
            let began = Instant::now();
            times[n].extend(looks(&asker, &paths, sizes.looks).await);
            spent += began.elapsed().as_secs_f64();
            stop.store(true, Ordering::Relaxed);
            handed_in = handing_in.await.expect("who hands in");
            let accepted = handed_in.accepted as f64;
            let peak = until(&asker, &server, PATIENCE, |n| read(n) >= accepted).await;
            most[n] = peak.max(most[n]);
        }
    }
    head(&format!("{RATE} looks/s beside {FILES} files/s"));
    let nobody = ninety_nine(&mut times[0]);
    let named = ["nobody hands in anything", "resumes", "hostile files"];
    for (mut times, name) in times.into_iter().zip(named) {
        let ratio = ninety_nine(&mut times) / nobody;
        line(name, times, &format!("{ratio:.2} at 99 %"));
    }
    report(&asker, &server, handed_in.accepted, most, spent).await;
    place.kill(server).await;
}

async fn report(asker: &Asker, server: &Server, sent: usize, most: [u64; 3], seconds: f64) {
    let numbers = numbers(asker).await;
    let outcomes = numbers.iter().filter_map(|(series, count)| {
        let outcome = series.strip_prefix("hiresphere_resumes_read_total{outcome=\"")?;
        Some(format!("{} {count}", outcome.trim_end_matches("\"}")))
    });
    let outcomes: Vec<String> = outcomes.collect();
    println!("{sent} files in {seconds:.0} s of looks: {}", outcomes.join(", "));
    let megabytes = |kilobytes: u64| kilobytes as f64 / 1_024.0;
    let server = memory(server.id()).map_or(0, |memory| memory.peak);
    println!(
        "at most {:.0} MB in a reader of resumes, {:.0} in one of hostile files, {:.0} in the server",
        megabytes(most[1]),
        megabytes(most[2]),
        megabytes(server)
    );
}

fn steps(numbers: &BTreeMap<String, f64>, step: &str) -> f64 {
    let series = format!("hiresphere_resume_step_seconds_count{{step=\"{step}\"}}");
    numbers.get(&series).copied().unwrap_or_default()
}

fn read(numbers: &BTreeMap<String, f64>) -> f64 {
    sum(numbers, "hiresphere_resumes_read_total")
}

/// A recruiter's looks, in turns.
async fn paths(asker: &Asker, job: JobId) -> Vec<String> {
    let (_, page) = asker.get(&format!("/v1/jobs/{job}/pool?limit=200")).await;
    let rows = page["items"].as_array().expect("items");
    let ids: Vec<&str> = rows.iter().filter_map(|row| row["application"].as_str()).collect();
    let sorts =
        ["rank", "name", "submitted"].map(|by| format!("/v1/jobs/{job}/pool?sort={by}&limit=50"));
    let mut paths = Vec::new();
    for (n, id) in ids.iter().enumerate() {
        paths.push(sorts[n % sorts.len()].clone());
        paths.push(format!("/v1/applications/{id}"));
        paths.push(format!("/v1/jobs/{job}/counters"));
        paths.push(format!("/v1/applications/{id}/timeline"));
    }
    paths
}

/// Looks at a steady rate, whatever becomes of those before; milliseconds from when each was due to its answer.
async fn looks(asker: &Asker, paths: &[String], count: usize) -> Vec<f64> {
    let mut every = interval(Duration::from_secs(1) / RATE);
    every.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut looking = Vec::with_capacity(count);
    for n in 0..count {
        let due = every.tick().await;
        let (asker, path) = (asker.clone(), paths[n % paths.len()].clone());
        looking.push(tokio::spawn(async move {
            let (status, answer) = asker.get(&path).await;
            assert_eq!(status, StatusCode::OK, "{path}: {answer}");
            due.elapsed().as_secs_f64() * 1_000.0
        }));
    }
    let mut times = Vec::with_capacity(count);
    for look in looking {
        times.push(look.await.expect("a look"));
    }
    times
}

/// How many were handed in, and how many of them accepted.
#[derive(Clone, Copy, Default)]
struct HandedIn {
    all: usize,
    accepted: usize,
}

/// Hands in one after another, so that some always wait, until it is told to stop.
async fn hand_in(
    asker: Asker,
    job: String,
    files: Arc<Vec<(String, Vec<u8>)>>,
    mut so_far: HandedIn,
    stop: Arc<AtomicBool>,
) -> HandedIn {
    let mut every = interval(Duration::from_secs(1) / FILES);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !stop.load(Ordering::Relaxed) {
        every.tick().await;
        if so_far.accepted as f64 - read(&numbers(&asker).await) >= AT_ONCE as f64 {
            continue;
        }
        let (name, bytes) = &files[so_far.all % files.len()];
        so_far.all += 1;
        // Nobody else has their numbers.
        let person = Person { resume: bytes.clone(), ..Person::nth(1_000_000 + so_far.all) };
        let (status, answer) = asker.apply(&job, &person).await;
        match status {
            StatusCode::ACCEPTED => so_far.accepted += 1,
            // What is no resume by its first bytes is refused before anybody reads it.
            status => assert!(status.is_client_error(), "{name}: {status} {answer}"),
        }
    }
    so_far
}

fn ninety_nine(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() * 99 / 100]
}
