//! `hiresphere doctor`: what this machine has for reading files, whether the sandbox holds, and whether the models that grade
//! can be asked.

use std::fmt::Write as _;

use futures::future::join_all;
use scorers::model::{ModelSettings, Reach, reach};
use scorers::reading::sandbox::{Attempt, Layer, Missing, Outcome};
use scorers::reading::{Eyes, Fetched, Found, fetched, models};
use serde::Serialize;

use crate::cli::{DoctorArgs, PlaceArgs, SandboxMode};
use crate::failure::Failure;
use crate::grading::{Grading, wrong};
use crate::{out, readers};

#[derive(Serialize)]
struct Report {
    pdf: Vec<&'static str>,
    /// What reads pictures of text, the one that is used first.
    pictures: Vec<&'static str>,
    /// What is there of what does not come with the program.
    fetched: Vec<Fetched>,
    layers: Vec<LayerLine>,
    attempts: Vec<AttemptLine>,
    /// The release that is shown, then those in shadow.
    graders: Vec<GraderLine>,
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

#[derive(Serialize)]
struct GraderLine {
    release: String,
    /// Where it is asked; nowhere when it is local.
    server: Option<String>,
    #[serde(flatten)]
    asked: Asked,
    #[serde(skip)]
    failure: Option<Failure>,
}

#[derive(Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
enum Asked {
    /// There is nobody to ask.
    Local,
    /// It cannot be asked as it is set up.
    Unusable { why: String },
    #[serde(untagged)]
    Model(Reach),
}

pub(crate) async fn run(args: &DoctorArgs) -> Result<(), Failure> {
    let place = PlaceArgs { config: args.config.clone(), ..PlaceArgs::default() };
    let grading = Grading::of(&place, &args.grader)?;
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
    let asked = grading.asked_where().into_iter().map(|(release, model)| ask(release, model));
    let report = Report {
        pdf: if scorers::reading::pdfium_is_found() {
            vec!["pure Rust", "libpdfium"]
        } else {
            vec!["pure Rust"]
        },
        // As readers do: what cannot be loaded is not used.
        pictures: match models().map(|folder| Eyes::open(Some(&folder))) {
            Some(Ok(eyes)) => vec![eyes.name(), "ocrs"],
            Some(Err(_)) | None => vec!["ocrs"],
        },
        fetched: fetched(),
        layers: Layer::ALL.map(|layer| line(layer, &missing)).into(),
        attempts,
        graders: join_all(asked).await,
    };
    if args.json {
        out::json_line(&report)?
    } else {
        out::print(&for_people(&report))?
    }
    verdict(&report, args.sandbox.sandbox)?;
    report.graders.into_iter().find_map(|line| line.failure).map_or(Ok(()), Err)
}

fn line(layer: Layer, missing: &[Missing]) -> LayerLine {
    let missing = missing.iter().find(|missing| missing.layer == layer);
    LayerLine { layer, missing: missing.map(|missing| missing.why.clone()) }
}

/// Asks a release's model whether it would answer.
async fn ask(release: String, model: Option<Result<ModelSettings, Failure>>) -> GraderLine {
    let Some(model) = model else {
        return GraderLine { release, server: None, asked: Asked::Local, failure: None };
    };
    let server = model.as_ref().ok().map(ModelSettings::server);
    let came = match model {
        Ok(model) => reach(&model).await.map_err(wrong),
        Err(failure) => Err(failure),
    };
    let (asked, failure) = match came {
        Ok(reach) => (Asked::Model(reach.clone()), refusal(&release, &reach)),
        Err(failure) => (Asked::Unusable { why: failure.message.clone() }, Some(failure)),
    };
    GraderLine { release, server, asked, failure }
}

/// Why a model that answered so, or not at all, would not grade.
fn refusal(release: &str, reach: &Reach) -> Option<Failure> {
    match reach {
        Reach::LetIn { .. } | Reach::Answers { .. } => None,
        Reach::KeyRefused { status } => Some(Failure::new(
            "MODEL_KEY_REFUSED",
            format!("the service of {release} refuses the key (status {status})"),
            "put one that it takes where `api_key_env` or `api_key_file` of the release says (gpt-4o: OPENAI_API_KEY); its runs \
             wait until then",
        )),
        Reach::Away { why } => Some(Failure::new(
            "MODEL_AWAY",
            format!("the service of {release} cannot be reached: {why}"),
            "see whether `base_url` of the release (gpt-4o: OPENAI_BASE_URL) is right and this machine may reach it; its runs \
             wait until then",
        )),
    }
}

/// What stands beside each other, under a heading.
fn block(text: &mut String, heading: &str, lines: &[(String, String)]) {
    let width = lines.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let headings = std::iter::once(heading).chain(std::iter::repeat(""));
    for (heading, (name, said)) in headings.zip(lines) {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{heading:<14} {name:<width$}  {said}");
    }
}

fn for_people(report: &Report) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "PDF readers    {}", report.pdf.join(", "));
    let _ = writeln!(text, "scans          {}", report.pictures.join(", "));
    let files = report.fetched.iter().map(|file| (file.name.to_owned(), told(file)));
    block(&mut text, "fetched files", &files.collect::<Vec<_>>());
    if report.fetched.iter().any(|file| file.found != Found::Whole && !file.named) {
        let _ = writeln!(
            text,
            "               `bash scripts/models.sh` fetches what is not there or not whole; what is compiled in reads until then"
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
    let graders = report.graders.iter().map(|line| (line.release.clone(), answer(line)));
    block(&mut text, "graders", &graders.collect::<Vec<_>>());
    text
}

fn told(file: &Fetched) -> String {
    let place = file.path.as_ref().map_or("no home folder".to_owned(), |p| p.display().to_string());
    let what = match (file.found, file.named) {
        (Found::Whole, _) => "there and whole",
        (Found::Differs, false) => "NOT WHAT IS PINNED",
        (Found::Missing, false) => "not there",
        (Found::Differs, true) => "not what is pinned, and used all the same: HIRESPHERE_PDFIUM",
        (Found::Missing, true) => "NOT THERE: set HIRESPHERE_PDFIUM anew, or not at all",
    };
    format!("{what} ({place})")
}

fn answer(line: &GraderLine) -> String {
    let server = line.server.as_deref().unwrap_or_default();
    match &line.asked {
        Asked::Local => "local, asks nobody".to_owned(),
        Asked::Unusable { why } => format!("CANNOT BE ASKED: {why}"),
        Asked::Model(Reach::LetIn { .. }) => format!("{server} answers and lets us in"),
        Asked::Model(Reach::Answers { status }) => {
            format!("{server} answers; whether it takes the key it does not say (status {status})")
        }
        Asked::Model(Reach::KeyRefused { status }) => {
            format!("{server} REFUSES THE KEY (status {status})")
        }
        Asked::Model(Reach::Away { why }) => format!("{server} CANNOT BE REACHED: {why}"),
    }
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
