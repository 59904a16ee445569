//! `hiresphere doctor`: what this machine has for reading files, and whether the sandbox holds.

use std::fmt::Write as _;

use scorers::reading::models;
use scorers::reading::sandbox::{Attempt, Layer, Missing, Outcome};
use serde::Serialize;

use crate::cli::{DoctorArgs, SandboxMode};
use crate::failure::Failure;
use crate::{out, readers};

#[derive(Serialize)]
struct Report {
    pdf: Vec<&'static str>,
    /// What reads pictures of text, the one that is used first.
    pictures: Vec<&'static str>,
    layers: Vec<LayerLine>,
    attempts: Vec<AttemptLine>,
}

#[derive(Serialize)]
struct LayerLine {
    layer: Layer,
    missing: Option<String>,
}

#[derive(Serialize)]
struct AttemptLine {
    attempt: Attempt,
    outcome: Outcome,
}

pub(crate) async fn run(args: &DoctorArgs) -> Result<(), Failure> {
    // What is missing is told, also where it must not be.
    let mut lenient = args.sandbox.clone();
    lenient.sandbox = SandboxMode::BestEffort;
    let readers = readers::unchecked(&lenient)?;
    let failed = |e: scorers::reading::sandbox::Unavailable| {
        Failure::new("SANDBOX", e.to_string(), "run it again; report it when it stays")
    };
    let missing = readers.check().await.map_err(failed)?;
    let mut attempts = Vec::new();
    for attempt in Attempt::ALL {
        let outcome = readers.try_forbidden(attempt).await.map_err(failed)?;
        attempts.push(AttemptLine { attempt, outcome });
    }
    let report = Report {
        pdf: if scorers::reading::pdfium_is_found() {
            vec!["pure Rust", "libpdfium"]
        } else {
            vec!["pure Rust"]
        },
        pictures: if models().is_some() { vec!["PP-OCRv6 small", "ocrs"] } else { vec!["ocrs"] },
        layers: Layer::ALL.map(|layer| line(layer, &missing)).into(),
        attempts,
    };
    if args.json {
        out::json_line(&report)?
    } else {
        out::print(&for_people(&report))?
    }
    verdict(&report, args.sandbox.sandbox)
}

fn line(layer: Layer, missing: &[Missing]) -> LayerLine {
    let missing = missing.iter().find(|missing| missing.layer == layer);
    LayerLine { layer, missing: missing.map(|missing| missing.why.clone()) }
}

fn for_people(report: &Report) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(text, "PDF readers    {}", report.pdf.join(", "));
    let _ = writeln!(text, "scans          {}", report.pictures.join(", "));
    if report.pictures.len() < 2 {
        let _ = writeln!(
            text,
            "               scripts/models.sh fetches a network that makes fewer mistakes"
        );
    }
    let _ = writeln!(text, "sandbox        process, limits, empty environment: always");
    for LayerLine { layer, missing } in &report.layers {
        let there = missing.as_ref().map_or("yes".to_owned(), |why| format!("MISSING: {why}"));
        let _ = writeln!(text, "               {:<10} {there}", layer.as_str());
    }
    let _ = writeln!(text, "a reader tries to");
    for AttemptLine { attempt, outcome } in &report.attempts {
        let outcome = match outcome {
            Outcome::Refused(why) => format!("refused: {why}"),
            Outcome::Killed => "ended for it".to_owned(),
            Outcome::Done => "COULD DO IT".to_owned(),
        };
        let _ = writeln!(text, "  {:<18} {outcome}", attempt.as_str());
    }
    text
}

fn verdict(report: &Report, mode: SandboxMode) -> Result<(), Failure> {
    let escaped = report.attempts.iter().any(|line| !line.outcome.held());
    let missing = report.layers.iter().any(|line| line.missing.is_some());
    // What can be done for want of a layer is no surprise; strict does not go on without it.
    let fails = if missing { mode == SandboxMode::Strict } else { escaped };
    if !fails {
        return Ok(());
    }
    let advice = "use a Linux of 5.13 or newer with Landlock on, in a container that lets a process confine itself";
    Err(Failure::new("SANDBOX", "a reader is not confined as it should be", advice))
}
