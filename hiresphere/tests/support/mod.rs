//! Runs the program as a person would, and reads what it says.

#![allow(dead_code, reason = "each test binary uses its part")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

/// A folder with a job, resumes and a place for data.
pub(crate) struct Bench {
    pub(crate) folder: TempDir,
}

/// What a run of the program gave.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

pub(crate) const JOB: &str = "# Data Engineer\n\nBuild and run our data pipelines.\n\n## Must have\n\n\
    - Python\n- SQL and PostgreSQL\n- Apache Spark\n- 3+ years of experience\n\n\
    ## Nice to have\n\n- Kubernetes\n- Bachelor's degree in computer science\n";

pub(crate) const STRONG: &str = "Ada Lovelace\nData Engineer\nada@example.org | +44 20 7946 0101\n\n\
    Experience\n\nSenior Data Engineer, Analytical Ltd    2018 - 2024\n\
    - Built Python and Apache Spark pipelines over PostgreSQL, cutting nightly runs from 9 to 2 hours\n\
    - Led a team of four and taught SQL to thirty analysts\n\nData Engineer, Engines Co    2014 - 2018\n\
    - Moved reporting to Kubernetes, 40 services\n\nEducation\n\nBSc Computer Science, 2013\n\n\
    Skills\n\nPython, SQL, PostgreSQL, Spark, Kubernetes\n";

pub(crate) const WEAK: &str = "Charles Babbage\nPastry Chef\ncharles@example.org\n\nExperience\n\n\
    Pastry Chef, The Oven    2015 - 2023\n- Baked 400 loaves a day\n\nEducation\n\n\
    Diploma in Baking, 2014\n";

impl Bench {
    pub(crate) fn new() -> Self {
        let bench = Self { folder: tempfile::tempdir().expect("a folder") };
        bench.put("job.md", JOB.as_bytes());
        fs::create_dir(bench.at("resumes")).expect("a folder");
        bench
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn put(&self, name: &str, bytes: &[u8]) {
        fs::write(self.at(name), bytes).expect("a file");
    }

    pub(crate) fn resume(&self, name: &str, bytes: &[u8]) {
        self.put(&format!("resumes/{name}"), bytes);
    }

    /// The program, in this folder.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hiresphere"));
        command.current_dir(self.folder.path()).args(args);
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        Ran::of(&mut self.command(args))
    }

    /// `screen --json` over the folder of resumes.
    pub(crate) fn screen(&self) -> Vec<Value> {
        self.run(&["screen", "--job", "job.md", "resumes", "--json"]).ok().lines()
    }

    pub(crate) fn rebuild(&self) -> Value {
        self.run(&["rebuild", "--json"]).ok().lines().remove(0)
    }
}

impl Ran {
    /// Runs what is made ready.
    pub(crate) fn of(command: &mut Command) -> Self {
        let output = command.output().expect("the program runs");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "{}{}", self.out, self.err);
        self
    }

    /// The stable code it failed with.
    #[track_caller]
    pub(crate) fn failed(&self) -> String {
        assert_eq!(self.code, Some(1), "{}{}", self.out, self.err);
        assert!(!self.err.contains("panicked"), "{}", self.err);
        let start = self.err.find("error[").map(|i| i + 6).expect("an error with a code");
        let code = self.err[start..].split(']').next().expect("a code");
        assert!(self.err.contains("what to do: "), "advice in {}", self.err);
        code.to_owned()
    }

    pub(crate) fn lines(&self) -> Vec<Value> {
        self.out.lines().map(|l| serde_json::from_str(l).expect("a JSON line")).collect()
    }
}

pub(crate) fn text<'a>(row: &'a Value, field: &str) -> &'a str {
    row[field].as_str().unwrap_or_else(|| panic!("no text `{field}` in {row}"))
}

pub(crate) fn row_of<'a>(rows: &'a [Value], file: &str) -> &'a Value {
    rows.iter()
        .find(|r| Path::new(text(r, "file")).ends_with(file))
        .unwrap_or_else(|| panic!("no row for {file}"))
}

/// Checks what holds for every row of `screen --json`.
pub(crate) fn check_row(row: &Value, extracted: &str) {
    let points: Vec<f64> = row["criteria"]
        .as_array()
        .expect("criteria")
        .iter()
        .map(|c| c["points"].as_f64().expect("points"))
        .collect();
    let total = row["total"].as_f64().expect("a total");
    assert!((points.iter().sum::<f64>() - total).abs() < 0.05, "{row}");
    assert!((0.0..=100.0).contains(&total));
    for number in points.iter().chain([&total]) {
        assert!((number * 10.0 - (number * 10.0).round()).abs() < 1e-9, "one decimal: {number}");
    }
    let scalars: Vec<char> = extracted.chars().collect();
    for criterion in row["criteria"].as_array().expect("criteria") {
        let evidence = criterion["evidence"].as_array().expect("evidence");
        let earned = criterion["points"].as_f64().expect("points") > 0.0;
        assert!(!earned || !evidence.is_empty(), "points without a quote: {criterion}");
        assert!(!text(criterion, "rationale").is_empty());
        for quote in evidence {
            let at = |f: &str| quote[f].as_u64().expect("an offset") as usize;
            let slice: String = scalars[at("start")..at("end")].iter().collect();
            assert_eq!(slice, text(quote, "quote"));
        }
    }
}

/// The pages' texts of a line of `extract --json`, joined by one newline.
pub(crate) fn joined(line: &Value) -> String {
    let pages = line["pages"].as_array().expect("pages");
    pages.iter().map(|p| text(p, "text")).collect::<Vec<_>>().join("\n")
}
