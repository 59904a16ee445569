//! `doctor`: what a machine without a layer of the sandbox is told, what is said of fetched files and of models that grade.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use std::fs;
use std::net::TcpListener;
use std::path::Path;

use scorers::reading::{Found, fetched};
use serde_json::{Value, json};
use support::{Bench, Ran, STRONG, text};
use testkit::openai::{Answer, OpenAi};
use tokio::runtime::Runtime;

const LAYERS: [&str; 2] = ["landlock", "seccomp"];

fn layers(report: &Value) -> Vec<(&str, bool)> {
    let there = |line: &Value| line["missing"].is_null();
    report["layers"].as_array().unwrap().iter().map(|l| (text(l, "layer"), there(l))).collect()
}

#[test]
fn it_says_what_there_is_and_tries_it() {
    let bench = Bench::new();
    let report = &bench.run(&["doctor", "--json"]).ok().lines()[0];
    let layers = layers(report);
    assert_eq!(layers.iter().map(|(name, _)| *name).collect::<Vec<_>>(), LAYERS);
    let held = |outcome: &Value| outcome == "killed" || outcome.get("refused").is_some();
    let attempts = report["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 4);
    if layers.iter().all(|(_, there)| *there) {
        for line in attempts {
            assert!(held(&line["outcome"]), "{line}");
        }
    }
    let said = bench.run(&["doctor"]).ok().out;
    assert!(LAYERS.iter().all(|layer| said.contains(layer)), "{said}");
}

#[test]
fn without_a_layer_it_warns_and_strict_reads_nothing() {
    let bench = Bench::new();
    bench.resume("ada.txt", STRONG.as_bytes());
    for layer in LAYERS {
        let without = ["--sandbox-without", layer];
        let extract = [&["extract", "resumes"][..], &without].concat();
        let run = bench.run(&extract).ok();
        assert!(run.err.contains(&format!("{layer} (left out)")), "{}", run.err);
        let strict = [&extract[..], &["--sandbox", "strict"]].concat();
        assert_eq!(bench.run(&strict).failed(), "SANDBOX");

        let screen = [&["screen", "--job", "job.md", "resumes", "--ephemeral"][..], &without];
        let run = bench.run(&[&screen.concat()[..], &["--json"]].concat()).ok();
        assert!(run.err.contains(&format!("{layer} (left out)")), "{}", run.err);
        assert_eq!(text(&run.lines()[0], "outcome"), "scored");
        let strict = [&screen.concat()[..], &["--sandbox", "strict"]].concat();
        assert_eq!(bench.run(&strict).failed(), "SANDBOX");

        let serve = [&["serve", "--listen", "127.0.0.1:0", "--sandbox", "strict"][..], &without];
        assert_eq!(bench.run(&serve.concat()).failed(), "SANDBOX");
        let doctor = [&["doctor", "--sandbox", "strict"][..], &without].concat();
        assert_eq!(bench.run(&doctor).failed(), "SANDBOX");
    }
}

/// `doctor`, with the one folder for what is fetched.
fn with_models(bench: &Bench, folder: &Path, args: &[&str]) -> Ran {
    let mut command = bench.command(&[&["doctor"][..], args].concat());
    command.env("HIRESPHERE_MODELS", folder).env_remove("HIRESPHERE_PDFIUM");
    Ran::of(&mut command)
}

/// What it says of each fetched file.
fn files(report: &Value) -> Vec<(&str, &str)> {
    let files = report["fetched"].as_array().unwrap();
    files.iter().map(|file| (text(file, "name"), text(file, "found"))).collect()
}

#[test]
fn it_holds_fetched_files_to_their_sums() {
    let bench = Bench::new();
    let folder = bench.at("models");
    let report = with_models(&bench, &folder, &["--json"]).ok().lines().remove(0);
    let names: Vec<&str> = files(&report).into_iter().map(|(name, _)| name).collect();
    assert!(names.len() >= 3, "{report}");
    assert!(files(&report).iter().all(|(_, found)| *found == "missing"), "{report}");
    assert_eq!(report["pictures"], json!(["ocrs"]));
    let said = with_models(&bench, &folder, &[]).ok().out;
    assert!(said.contains("not there") && said.contains("scripts/models.sh"), "{said}");

    // What is torn or somebody else's is told, used by nobody, and stops nothing.
    fs::create_dir(&folder).unwrap();
    for name in &names {
        fs::write(folder.join(name), b"\x7fELF and then nothing").unwrap();
    }
    let report = with_models(&bench, &folder, &["--json"]).ok().lines().remove(0);
    assert!(files(&report).iter().all(|(_, found)| *found == "differs"), "{report}");
    assert_eq!(report["pictures"], json!(["ocrs"]));
    let said = with_models(&bench, &folder, &[]).ok().out;
    assert!(said.contains("NOT WHAT IS PINNED") && said.contains("scripts/models.sh"), "{said}");
    bench.resume("ada.txt", STRONG.as_bytes());
    let mut extract = bench.command(&["extract", "resumes", "--json"]);
    Ran::of(extract.env("HIRESPHERE_MODELS", &folder)).ok();
}

#[test]
fn what_was_fetched_is_whole_and_used_with_nothing_else_set() {
    let here = fetched();
    if here.iter().any(|file| file.found != Found::Whole) {
        println!("SKIPPED: scripts/models.sh fetches what this needs");
        return;
    }
    let bench = Bench::new();
    let folder = bench.at("models");
    fs::create_dir(&folder).unwrap();
    for file in &here {
        fs::copy(file.path.as_ref().unwrap(), folder.join(file.name)).unwrap();
    }
    let report = with_models(&bench, &folder, &["--json"]).ok().lines().remove(0);
    assert!(files(&report).iter().all(|(_, found)| *found == "whole"), "{report}");
    assert_eq!(report["pictures"], json!(["PP-OCRv6 small", "ocrs"]));
    let has_pdfium = here.iter().any(|file| file.name.starts_with("libpdfium"));
    assert_eq!(report["pdf"].as_array().unwrap().len() == 2, has_pdfium, "{report}");
    let said = with_models(&bench, &folder, &[]).ok().out;
    assert!(said.contains("there and whole") && !said.contains("scripts/models.sh"), "{said}");
}

const KEY: &str = "sk-a-key-that-nobody-is-shown";

/// `doctor`, with a key in the environment; what it says may go anywhere, so the key is not in it.
fn with_key(bench: &Bench, args: &[&str]) -> Ran {
    let mut command = bench.command(&[&["doctor"][..], args].concat());
    let ran = Ran::of(command.env("HOUSE_KEY", KEY).env_remove("NO_KEY"));
    assert!(!ran.out.contains(KEY) && !ran.err.contains(KEY), "{}{}", ran.out, ran.err);
    ran
}

fn release(name: &str, rest: &str) -> String {
    format!("    - {{ name: {name}, version: \"1\", model: m, {rest} }}\n")
}

#[test]
fn models_that_grade_are_reached_and_nothing_is_spent() {
    let runtime = Runtime::new().unwrap();
    let openai = runtime.block_on(OpenAi::start(|_| Answer::Raw("not asked".into())));
    let bench = Bench::new();
    let base = &openai.base_url;
    let host = base.trim_end_matches("/v1");
    let key = "api_key_env: HOUSE_KEY";
    let grading = [
        "grading:\n  shown: house\n  shadow: [azure, other, baseline]\n  releases:\n".to_owned(),
        release("house", &format!("base_url: \"{base}\", {key}")),
        release(
            "azure",
            &format!(
                "provider: azure, api_version: \"2024-10-21\", base_url: \"{host}\", {key}, \
            usd_per_million_tokens: {{ input: 1, output: 1 }}"
            ),
        ),
        release("other", &format!("base_url: \"{host}/without-a-list\"")),
    ];
    bench.put("grading.yaml", grading.concat().as_bytes());
    let report = with_key(&bench, &["--config", "grading.yaml", "--json"]).ok().lines().remove(0);
    let line = |release: &str, outcome: &str, status: u16| json!({ "release": release, "server": host, "outcome": outcome, "status": status });
    assert_eq!(
        report["graders"],
        json!([
            line("house@1", "let_in", 200),
            line("azure@1", "let_in", 200),
            line("other@1", "answers", 404),
            { "release": "baseline@1", "server": null, "outcome": "local" },
        ])
    );
    let mut asked: Vec<String> = openai.asked().into_iter().map(|asked| asked.uri).collect();
    asked.sort();
    assert_eq!(asked, ["/openai/models?api-version=2024-10-21", "/v1/models"], "nothing else");
    let said = with_key(&bench, &["--config", "grading.yaml"]).ok().out;
    assert!(said.contains("answers and lets us in") && said.contains("asks nobody"), "{said}");
    // Nobody is asked who would not grade.
    let before = openai.asked().len();
    with_key(&bench, &["--config", "grading.yaml", "--grader", "baseline", "--shadow", "baseline"])
        .ok();
    assert_eq!(openai.asked().len(), before);
}

#[test]
fn a_model_that_would_not_grade_fails_it_with_what_to_do() {
    let runtime = Runtime::new().unwrap();
    let refuses = |_: &_| Answer::Fails(401, None, "invalid_request_error", "invalid_api_key");
    let openai = runtime.block_on(OpenAi::start(refuses));
    // One port that nobody listens at, and one where nobody ever answers.
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let bench = Bench::new();
    let grading = [
        "grading:\n  shadow: [keyless, refused, closed, silent]\n  releases:\n".to_owned(),
        release("keyless", "base_url: \"http://127.0.0.1:1\", api_key_env: NO_KEY"),
        release("refused", &format!("base_url: \"{}\", api_key_env: HOUSE_KEY", openai.base_url)),
        release("closed", &format!("base_url: \"http://{closed}/v1\"")),
        release("silent", &format!("base_url: \"http://{}/v1\"", silent.local_addr().unwrap())),
    ];
    bench.put("grading.yaml", grading.concat().as_bytes());
    let all = with_key(&bench, &["--config", "grading.yaml", "--json"]);
    assert_eq!(all.code, Some(1));
    let outcomes = all.lines().remove(0);
    let outcomes: Vec<&str> =
        outcomes["graders"].as_array().unwrap().iter().map(|line| text(line, "outcome")).collect();
    assert_eq!(outcomes, ["local", "unusable", "key_refused", "away", "away"]);
    for (release, code) in
        [("keyless", "SETTINGS"), ("refused", "MODEL_KEY_REFUSED"), ("closed", "MODEL_AWAY")]
    {
        let args = ["--config", "grading.yaml", "--grader", release, "--shadow", "baseline"];
        assert_eq!(with_key(&bench, &args).failed(), code);
    }
}
