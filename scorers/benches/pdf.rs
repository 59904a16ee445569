//! Text of PDFs against poppler's `pdftotext`, over the same files in the same run, and the share of
//! profile and grading. Files: those in the folder `HIRESPHERE_PDFS`, else the samples.
//!
//! `cargo bench -p hiresphere-scorers --bench pdf`

#![allow(missing_docs, clippy::expect_used, clippy::print_stdout, reason = "measures and prints")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use domain::rubric::Rubric;
use scorers::grading::{Baseline, Grader as _, JobBrief, ResumeView};
use scorers::profile::dates::Month;
use scorers::reading::{Engine, Limits, read};
use scorers::{job_text, profile};

const ROUNDS: u32 = 5;

fn pdfs(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            pdfs(&path, found);
        } else if path.extension().is_some_and(|e| e == "pdf") {
            found.push(path);
        }
    }
}

fn row(what: &str, per_file: f64, anchor: Option<f64>) {
    let ratio = anchor.map_or_else(|| "-".to_owned(), |a| format!("{:.2}", a / per_file));
    println!("{what:<28} {per_file:>8.2} ms/file {:>8.1} files/s   {ratio}", 1000.0 / per_file);
}

fn main() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../hiresphere/samples");
    let folder = std::env::var_os("HIRESPHERE_PDFS").map_or(samples.clone(), PathBuf::from);
    let mut files = Vec::new();
    pdfs(&folder, &mut files);
    files.sort();
    let runs = f64::from(ROUNDS) * files.len() as f64;
    let per_file = |total: Duration| total.as_secs_f64() * 1000.0 / runs;
    println!("{} PDFs; last column: speed against pdftotext", files.len());

    let mut anchor = None;
    if Command::new("pdftotext").arg("-v").output().is_ok() {
        let started = Instant::now();
        for file in (0..ROUNDS).flat_map(|_| &files) {
            Command::new("pdftotext").arg(file).arg("-").output().expect("pdftotext runs");
        }
        anchor = Some(per_file(started.elapsed()));
        row("pdftotext (a process each)", per_file(started.elapsed()), anchor);
    }
    for (name, engine) in [("pure", Engine::Pure), ("libpdfium", Engine::Pdfium)] {
        if engine == Engine::Pdfium && !scorers::reading::pdfium_is_found() {
            continue;
        }
        let limits = Limits { engine, ..Limits::default() };
        let started = Instant::now();
        for file in (0..ROUNDS).flat_map(|_| &files) {
            let bytes = std::fs::read(file).expect("a file");
            std::hint::black_box(read(&bytes, &limits));
        }
        row(&format!("text, {name}"), per_file(started.elapsed()), anchor);
    }
    let job = std::fs::read_to_string(samples.join("backend-engineer.md")).expect("a job");
    let brief = JobBrief::new(job_text::parse(&job).expect("a job's text"));
    let texts: Vec<_> = files
        .iter()
        .filter_map(|f| read(&std::fs::read(f).ok()?, &Limits::default()).result.ok())
        .map(|e| e.visible_text())
        .collect();
    let rubric = Rubric::default_v1();
    let grader = Baseline { as_of: Month { year: 2026, month: Some(1) } };
    let started = Instant::now();
    for text in (0..ROUNDS).flat_map(|_| &texts) {
        let profile = profile::parse(text);
        let resume = ResumeView { text, profile: &profile };
        std::hint::black_box(grader.grade(&brief, &rubric, &resume)).expect("grades");
    }
    row("profile and grading", per_file(started.elapsed()), None);
}
