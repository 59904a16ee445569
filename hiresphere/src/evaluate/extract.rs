//! `hiresphere evaluate extract`: how well and how fast text is read, beside `pdftotext` and `tesseract` in the same run.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use scorers::evaluate::metrics::{character_error, character_error_anywhere, order, token_recall};
use scorers::evaluate::{Indexed, index, read_and_name};
use scorers::reading::{Engine, Eyes, Limits, models, read_with};
use serde::Serialize;

use super::{pages_of, sets};
use crate::cli::EvaluateExtractArgs;
use crate::failure::Failure;
use crate::out;

/// Processor time that a reader of pictures may take for one file here: quality is measured apart from the limit.
const PATIENT: std::time::Duration = std::time::Duration::from_secs(600);

/// How well one reader reads the files of a kind that have a reference text. Means are over files.
#[derive(Debug, Serialize)]
struct Reader {
    files_of: &'static str,
    reader: String,
    files: usize,
    pages: usize,
    /// Share of the truth's words, wherever they stand.
    token_recall: f64,
    least_recall: f64,
    least_file: String,
    /// Share of the truth's neighbouring words that are neighbours.
    reading_order: f64,
    /// Edits for each character of the truth, wherever its lines stand.
    character_error: f64,
    /// Likewise, in reading order: what is misplaced counts in full.
    character_error_in_order: f64,
    seconds_per_page: f64,
}

type Read<'a> = dyn Fn(&Path) -> Result<Vec<String>, String> + 'a;

/// A file and its truth.
struct Case {
    path: String,
    truth: String,
}

pub(super) fn run(args: &EvaluateExtractArgs) -> Result<(), Failure> {
    let data = sets(&args.sets)?;
    let index = index(data);
    let with_truth = |wanted: &dyn Fn(&Indexed) -> bool| -> Vec<Case> {
        let case = |entry: &Indexed| {
            let name = entry.path.rsplit('/').next()?;
            let of = |name: &str| {
                std::fs::read_to_string(data.join("truth").join(format!("{name}.txt")))
            };
            let truth = of(name).or_else(|_| of(&format!("img_{name}")));
            Some(Case { path: entry.path.clone(), truth: truth.ok()? })
        };
        index.iter().filter(|entry| wanted(entry)).filter_map(case).collect()
    };
    let is_picture = |entry: &Indexed| entry.kind.contains("image") || entry.kind.contains("scan");
    let texts = with_truth(&|entry| entry.kind.starts_with("resume_") && !is_picture(entry));
    let pictures = with_truth(&|entry| entry.kind.starts_with("resume_") && is_picture(entry));
    let bar = out::progress(4 * texts.len() + 3 * pictures.len());
    let told = || bar.inc(1);
    let mut readers = Vec::new();

    let own = |engine| move |file: &Path| pages_of(file, engine);
    let mut of_texts = |name: &str, read: &Read<'_>| {
        readers.extend(measure("text", name, data, &texts, read, &told));
    };
    of_texts("pure", &own(Engine::Pure));
    if scorers::reading::pdfium_is_found() {
        of_texts("pdfium", &own(Engine::Pdfium));
    }
    if installed("pdftotext", "-v") {
        of_texts("pdftotext", &pdftotext);
    }

    let limits = Limits { ocr_time: PATIENT, ocr_wall_time: PATIENT, ..Limits::default() };
    let mut of_pictures = |name: &str, read: &Read<'_>| {
        readers.extend(measure("pictures", name, data, &pictures, read, &told));
    };
    for folder in [None, models()].into_iter().take(1 + usize::from(models().is_some())) {
        let load = |e: scorers::reading::NotLoaded| {
            Failure::new("MODELS", e.to_string(), "run scripts/models.sh again")
        };
        let eyes = Eyes::open(folder.as_deref()).map_err(load)?;
        of_pictures(eyes.name(), &|file| seen(file, &limits, &eyes));
    }
    if installed("tesseract", "--version") {
        of_pictures("tesseract", &tesseract);
    }
    bar.finish_and_clear();

    let names = read_and_name(data, &own(Engine::Auto));
    if args.json {
        return out::json_line(&serde_json::json!({
            "readers": readers, "names": names.names, "unread": names.unread,
        }));
    }
    let mut text = String::new();
    for (kind, title) in [
        ("text", "text of PDFs, against their reference texts"),
        ("pictures", "scans and pictures, against their reference texts; one core"),
    ] {
        text += &format!(
            "{title}\n  reader            files  recall   least   order  char. error  in order  s/page  least file\n"
        );
        for r in readers.iter().filter(|r| r.files_of == kind) {
            text += &format!(
                "  {:<16} {:>6}  {:.4}  {:.4}  {:.4}  {:>9.2} %  {:>6.1} %  {:>6.2}  {}\n",
                r.reader,
                r.files,
                r.token_recall,
                r.least_recall,
                r.reading_order,
                100.0 * r.character_error,
                100.0 * r.character_error_in_order,
                r.seconds_per_page,
                r.least_file
            );
        }
        text += "\n";
    }
    text += &names.table();
    out::print(&text)
}

fn measure(
    files_of: &'static str,
    reader: &str,
    data: &Path,
    cases: &[Case],
    read: &Read<'_>,
    told: &dyn Fn(),
) -> Option<Reader> {
    let (mut recalls, mut orders) = (Vec::new(), Vec::new());
    let (mut anywhere, mut in_order) = (Vec::new(), Vec::new());
    let (mut seconds, mut pages) = (0.0, 0);
    for Case { path, truth } in cases {
        let started = Instant::now();
        let found = read(&data.join(path)).unwrap_or_default();
        seconds += started.elapsed().as_secs_f64();
        pages += found.len().max(1);
        let text = found.join("\n");
        recalls.push((token_recall(&text, truth), path.clone()));
        orders.push(order(&text, truth));
        anywhere.push(character_error_anywhere(&text, truth));
        in_order.push(character_error(&text, truth));
        told();
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
    let token_recall = mean(&recalls.iter().map(|r| r.0).collect::<Vec<_>>());
    let (least_recall, least_file) = recalls.into_iter().min_by(|a, b| a.0.total_cmp(&b.0))?;
    Some(Reader {
        files_of,
        reader: reader.to_owned(),
        files: cases.len(),
        pages,
        token_recall,
        least_recall,
        least_file,
        reading_order: mean(&orders),
        character_error: mean(&anywhere),
        character_error_in_order: mean(&in_order),
        seconds_per_page: seconds / pages.max(1) as f64,
    })
}

fn seen(file: &Path, limits: &Limits, eyes: &Eyes) -> Result<Vec<String>, String> {
    let bytes = std::fs::read(file).map_err(|e| e.to_string())?;
    match read_with(&bytes, limits, Some(eyes)).result {
        Ok(extraction) => Ok(extraction.pages.into_iter().map(|p| p.text).collect()),
        Err(unread) => Err(unread.failure.code().to_owned()),
    }
}

fn installed(program: &str, version: &str) -> bool {
    Command::new(program).arg(version).output().is_ok()
}

fn said(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|e| e.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Poppler's reader. A form feed ends a page.
fn pdftotext(file: &Path) -> Result<Vec<String>, String> {
    let text = said(Command::new("pdftotext").arg(file).arg("-"))?;
    Ok(text.trim_end_matches('\x0c').split('\x0c').map(str::to_owned).collect())
}

/// Tesseract, on one core; a PDF's pages are drawn by Poppler at 200 dpi first.
fn tesseract(file: &Path) -> Result<Vec<String>, String> {
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let is_pdf = file.extension().is_some_and(|e| e.eq_ignore_ascii_case("pdf"));
    let pictures: Vec<PathBuf> = if is_pdf {
        let prefix = folder.path().join("page");
        said(Command::new("pdftoppm").args(["-r", "200", "-png"]).arg(file).arg(&prefix))?;
        let entries = std::fs::read_dir(folder.path()).map_err(|e| e.to_string())?;
        let mut pages: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        pages.sort();
        pages
    } else {
        vec![file.to_owned()]
    };
    let read = |picture: &PathBuf| {
        said(
            Command::new("tesseract")
                .env("OMP_THREAD_LIMIT", "1")
                .arg(picture)
                .args(["stdout", "-l", "eng"]),
        )
    };
    pictures.iter().map(read).collect()
}
