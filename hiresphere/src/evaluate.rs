//! `hiresphere evaluate`: measures reading, names and ranking on labelled sets, beside simpler methods.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use domain::text::VisibleText;
use scorers::evaluate::{Indexed, evaluate, index, token_recall};
use scorers::grading::Baseline;
use scorers::profile::dates::Month;
use scorers::reading::{Engine, Limits};
use serde::Serialize;

use crate::cli::EvaluateArgs;
use crate::failure::Failure;
use crate::out;

/// How well one reader reads the files that have a reference text.
#[derive(Debug, Serialize)]
struct Reader {
    reader: &'static str,
    files: usize,
    mean_recall: f64,
    least_recall: f64,
    least_file: String,
    /// Per file, mean, of reading alone.
    milliseconds: f64,
}

pub(crate) fn run(args: &EvaluateArgs) -> Result<(), Failure> {
    let data = &args.sets;
    if !data.join("INDEX.tsv").is_file() {
        let message = format!("there is no INDEX.tsv in {}", data.display());
        let advice = "name a folder of labelled sets; docs/evaluation.md says what it holds";
        return Err(Failure::new("NO_SETS", message, advice));
    }
    let own = |engine| move |file: &Path| pages(file, engine);
    let mut readers = vec![
        reader("pure", data, &own(Engine::Pure))?,
        reader("pdfium", data, &own(Engine::Pdfium))?,
        reader("pdftotext", data, &pdftotext)?,
    ];
    readers.retain(|r| r.files > 0);
    // The date is fixed, so that the same sets give the same figures next year.
    let grader = Baseline { as_of: Month { year: 2021, month: Some(1) } };
    let report = evaluate(data, &own(Engine::Auto), &grader);
    if args.json {
        return out::json_line(&serde_json::json!({ "readers": readers, "report": report }));
    }
    let mut text = String::from("text of PDFs, against their reference texts\n");
    text += "  reader      files  recall   least  ms/file  least file\n";
    for r in &readers {
        text += &format!(
            "  {:<10} {:>6}  {:.4}  {:.4}  {:>7.1}  {}\n",
            r.reader, r.files, r.mean_recall, r.least_recall, r.milliseconds, r.least_file
        );
    }
    text += "\n";
    text += &report.table();
    out::print(&text)
}

fn pages(file: &Path, engine: Engine) -> Result<Vec<String>, String> {
    let bytes = std::fs::read(file).map_err(|e| e.to_string())?;
    let limits = Limits { engine, ..Limits::default() };
    match scorers::reading::read(&bytes, &limits).result {
        Ok(extraction) => Ok(extraction.pages.into_iter().map(|p| p.text).collect()),
        Err(unread) => Err(unread.failure.code().to_owned()),
    }
}

/// Poppler's reader, where it is installed.
fn pdftotext(file: &Path) -> Result<Vec<String>, String> {
    let output =
        Command::new("pdftotext").arg(file).arg("-").output().map_err(|e| e.to_string())?;
    if !output.status.success() {
        return Err("pdftotext failed".to_owned());
    }
    Ok(vec![String::from_utf8_lossy(&output.stdout).into_owned()])
}

fn reader(
    name: &'static str,
    data: &Path,
    read: &dyn Fn(&Path) -> Result<Vec<String>, String>,
) -> Result<Reader, Failure> {
    let (mut recalls, mut seconds) = (Vec::new(), 0.0);
    let installed = match name {
        "pdftotext" => Command::new("pdftotext").arg("-v").output().is_ok(),
        "pdfium" => scorers::reading::pdfium_is_found(),
        _ => true,
    };
    if installed {
        for Indexed { path, .. } in index(data).iter().filter(|i| i.kind == "resume_pdf") {
            let name = path.rsplit('/').next().unwrap_or(path);
            let truth = data.join("truth").join(format!("{name}.txt"));
            let Ok(truth) = std::fs::read_to_string(&truth) else { continue };
            let started = Instant::now();
            let text = read(&data.join(path)).unwrap_or_default();
            seconds += started.elapsed().as_secs_f64();
            let text = VisibleText::from_pages(text.iter().map(String::as_str));
            recalls.push((token_recall(text.as_str(), &truth), path.clone()));
        }
    }
    let files = recalls.len();
    let count = files.max(1) as f64;
    let mean_recall = recalls.iter().map(|r| r.0).sum::<f64>() / count;
    let least = recalls.into_iter().min_by(|a, b| a.0.total_cmp(&b.0));
    let (least_recall, least_file) = least.unwrap_or_default();
    let milliseconds = seconds * 1000.0 / count;
    Ok(Reader { reader: name, files, mean_recall, least_recall, least_file, milliseconds })
}
