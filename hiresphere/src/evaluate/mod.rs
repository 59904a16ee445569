//! `hiresphere evaluate`: measures reading and ranking on labelled sets, beside simpler methods.

mod extract;
mod html;
mod score;

use std::path::Path;

use scorers::reading::{Engine, Limits, read};

use crate::cli::{EvaluateArgs, EvaluateCommand};
use crate::failure::Failure;

/// Computes for as long as it takes; what it waits for, it waits for by itself.
pub(crate) fn run(args: &EvaluateArgs) -> Result<(), Failure> {
    match &args.command {
        EvaluateCommand::Extract(args) => extract::run(args),
        EvaluateCommand::Score(args) => score::run(args),
    }
}

/// A folder of labelled sets.
fn sets(data: &Path) -> Result<&Path, Failure> {
    if data.join("INDEX.tsv").is_file() {
        return Ok(data);
    }
    let message = format!("there is no INDEX.tsv in {}", data.display());
    let advice = "name a folder of labelled sets; docs/evaluation.md says what it holds";
    Err(Failure::new("NO_SETS", message, advice))
}

/// The texts of a file's pages.
fn pages_of(file: &Path, engine: Engine) -> Result<Vec<String>, String> {
    let bytes = std::fs::read(file).map_err(|e| e.to_string())?;
    let limits = Limits { engine, ..Limits::default() };
    match read(&bytes, &limits).result {
        Ok(extraction) => Ok(extraction.pages.into_iter().map(|p| p.text).collect()),
        Err(unread) => Err(unread.failure.code().to_owned()),
    }
}
