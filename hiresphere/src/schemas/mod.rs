//! `hiresphere schemas`: the published contracts, made from the types that speak them.
//!
//! `openapi.json` is the document that the server serves, `asyncapi.yaml` the live feed and its events,
//! `events/` the JSON Schema of every event. They are committed, and `--check` holds them to the code.

mod asyncapi;

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use projections::live::contract::contract;
use serde_json::Value;

use crate::cli::SchemasArgs;
use crate::failure::Failure;
use crate::{out, serve};

/// What a schema's file is called behind its name.
const SUFFIX: &str = ".schema.json";

pub(crate) fn run(args: &SchemasArgs) -> Result<(), Failure> {
    let files = files()?;
    let stale = stale(&args.dir, &files)?;
    if args.check {
        return check(&args.dir, &files, stale);
    }
    for (name, text) in &files {
        write(&args.dir.join(name), text)?;
    }
    for name in &stale {
        let path = args.dir.join(name);
        fs::remove_file(&path).map_err(|e| failed("remove", &path, &e))?;
    }
    out::print(&format!("wrote {} files to {}\n", files.len(), args.dir.display()))
}

/// Every file by its path below the folder.
fn files() -> Result<BTreeMap<String, String>, Failure> {
    let mut files = BTreeMap::new();
    files.insert("openapi.json".into(), json(&serve::document()?)?);
    files.insert("asyncapi.yaml".into(), yaml(&asyncapi::document())?);
    files.insert(event_file("envelope"), json(&contract().message)?);
    for (name, schema) in domain::schema::of_events() {
        files.insert(event_file(&name), json(&schema)?);
    }
    Ok(files)
}

/// Where the schema of a type of event stands.
fn event_file(name: &str) -> String {
    format!("events/{name}{SUFFIX}")
}

fn json(value: &Value) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|e| unwritable(&e.to_string()))?;
    Ok(text + "\n")
}

fn yaml(value: &Value) -> Result<String, Failure> {
    let text = yaml_serde::to_string(value).map_err(|e| unwritable(&e.to_string()))?;
    Ok(format!("# Made by `hiresphere schemas`; do not edit.\n{text}"))
}

fn unwritable(problem: &str) -> Failure {
    Failure::new("SCHEMAS", format!("a schema cannot be written: {problem}"), "this is a bug")
}

/// Schemas of events that are no more.
fn stale(dir: &Path, files: &BTreeMap<String, String>) -> Result<Vec<String>, Failure> {
    let events = dir.join("events");
    let entries = match fs::read_dir(&events) {
        Ok(entries) => entries,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(vec![]),
        Err(e) => return Err(failed("list", &events, &e)),
    };
    let mut stale = vec![];
    for entry in entries {
        let name = entry.map_err(|e| failed("list", &events, &e))?.file_name();
        let name = format!("events/{}", name.to_string_lossy());
        if name.ends_with(SUFFIX) && !files.contains_key(&name) {
            stale.push(name);
        }
    }
    stale.sort();
    Ok(stale)
}

fn check(dir: &Path, files: &BTreeMap<String, String>, stale: Vec<String>) -> Result<(), Failure> {
    let mut faults: Vec<String> = stale.into_iter().map(|name| format!("{name} (stale)")).collect();
    for (name, text) in files {
        let path = dir.join(name);
        match fs::read(&path) {
            Ok(there) if there == text.as_bytes() => {}
            Ok(_) => faults.push(format!("{name} (differs)")),
            Err(e) if e.kind() == ErrorKind::NotFound => faults.push(format!("{name} (missing)")),
            Err(e) => return Err(failed("read", &path, &e)),
        }
    }
    if faults.is_empty() {
        return out::print(&format!("{} files stand as they should\n", files.len()));
    }
    let message = format!("{} is not what the code says: {}", dir.display(), faults.join(", "));
    Err(Failure::new("SCHEMA_DRIFT", message, "run `hiresphere schemas` and commit what changed"))
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|e| failed("make", folder, &e))?;
    }
    fs::write(path, text).map_err(|e| failed("write", path, &e))
}

fn failed(doing: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::io(&format!("{doing} {}", path.display()), error)
}
