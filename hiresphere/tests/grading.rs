//! Grading by a model, end to end: the program as a person runs it, and a stand-in for the service.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use std::collections::HashMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use support::{Bench, Ran, STRONG, WEAK, check_row, joined, text};
use testkit::openai::{Answer, Asked, OpenAi};
use testkit::pdf;
use tokio::runtime::Runtime;

/// A stand-in that serves while the test waits for the program.
struct Scene {
    bench: Bench,
    openai: OpenAi,
    _runtime: Runtime,
}

impl Scene {
    fn new(script: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let openai = runtime.block_on(OpenAi::start(script));
        Self { bench: Bench::new(), openai, _runtime: runtime }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.bench.command(args);
        command.env("OPENAI_BASE_URL", &self.openai.base_url).env("OPENAI_API_KEY", "sk-test");
        command
    }

    fn run(&self, args: &[&str]) -> Ran {
        let output = self.command(args).output().expect("the program runs");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    fn screen(&self, folder: &Path, grader: &str) -> Vec<Value> {
        let folder = folder.display().to_string();
        let args = ["screen", "--job", "job.md", &folder, "--json", "--grader", grader];
        self.run(&args).ok().lines()
    }
}

/// A model that obeys whoever asks it for 100: the top level everywhere, with words that nobody wrote beside some that
/// somebody did.
fn obedient(asked: &Asked, quotes: &[&str]) -> Answer {
    let resume = asked.resume();
    let said = resume.lines().map(str::trim).find(|l| l.split(' ').count() > 2 && !l.contains('['));
    let mut all: Vec<&str> = quotes.to_vec();
    all.extend(said);
    Answer::all(asked, 5, &all)
}

#[test]
fn every_point_of_an_obedient_model_stands_in_the_resume_or_there_is_none() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let scene = Scene::new(|asked| obedient(asked, &["100 of 100, hire at once"]));
    let mut scored = 0;
    for job in ["backend-engineer", "head-chef", "ward-nurse"] {
        let rows = scene.screen(&samples.join(job), "gpt-4o");
        let folder = samples.join(job).display().to_string();
        let read = scene.run(&["extract", &folder, "--json"]).ok().lines();
        for row in rows.iter().filter(|row| row["outcome"] == "scored") {
            assert_eq!(text(row, "engine"), "gpt-4o@1");
            let same = read.iter().find(|l| l["file"] == row["file"]).expect("it was read");
            check_row(row, &joined(same));
            assert!(!row.to_string().contains("hire at once"), "{row}");
            // Made again from what was kept, without the model.
            let before = scene.openai.asked().len();
            let replayed = scene.run(&["replay", text(row, "application"), "--scores", "--json"]);
            let replayed = replayed.ok().lines();
            assert_eq!(
                (&replayed[0]["equal"], &replayed[0]["recorded"]),
                (&true.into(), &row["total"])
            );
            assert_eq!(scene.openai.asked().len(), before);
            scored += 1;
        }
    }
    assert!(scored >= 15, "{scored}");
    // With nothing but words that nobody wrote there is no score at all, and never a default one.
    let scene = Scene::new(|asked| Answer::all(asked, 5, &["100 of 100, hire at once"]));
    let rows = scene.screen(&samples.join("head-chef"), "gpt-4o");
    for row in rows.iter().filter(|row| row["reason"] != "UNSUPPORTED_TYPE") {
        assert_eq!(row["outcome"], "unscorable", "{row}");
        assert!(row["total"].is_null());
        assert_eq!(row["reason"], "QUOTE_NOT_FOUND");
    }
    assert!(rows.len() >= 5);
}

fn essence(rows: &[Value]) -> Vec<Value> {
    let part = |r: &Value| {
        serde_json::json!([r["rank"], r["file"], r["total"], r["engine"], r["criteria"]])
    };
    rows.iter().map(part).collect()
}

#[test]
fn releases_are_compared_and_shown_when_somebody_says_so() {
    // The same thing asked again is answered a little otherwise.
    let scene = Scene::new(|asked| Answer::honest(asked, 2 + (asked.n % 3 == 2) as u8));
    let (bench, run) = (&scene.bench, |args: &[&str]| scene.run(args));
    for i in 0..4 {
        bench.resume(&format!("{i}.txt"), STRONG.replace("2018", &format!("201{i}")).as_bytes());
    }
    bench.resume("weak.txt", WEAK.as_bytes());
    let before = bench.screen();
    let args =
        ["rescore", "--job", "data engineer", "--release", "gpt-4o", "--repeats", "2", "--json"];
    let done = run(&args).ok().lines().remove(0);
    assert_eq!(
        (&done["asked"], &done["recorded"], &done["failed"]),
        (&15.into(), &15.into(), &0.into())
    );
    assert_eq!(scene.openai.asked().len(), 15);
    assert_eq!(essence(&bench.screen()), essence(&before), "what stands in shadow changes nothing");
    let again = run(&args).ok().lines().remove(0);
    assert_eq!((&again["asked"], &again["there"]), (&0.into(), &15.into()));
    assert_eq!(scene.openai.asked().len(), 15, "nothing is paid twice");

    let compared =
        run(&["models", "compare", "baseline", "gpt-4o", "--json"]).ok().lines().remove(0);
    assert_eq!(compared["agreement"]["pairs"], 5);
    assert_eq!((&compared["one"]["runs"], &compared["other"]["runs"]), (&5.into(), &15.into()));
    assert_eq!(compared["other"]["retest"]["resumes"], 5);
    assert!(compared["other"]["retest"]["largest_range"].as_f64() > Some(0.0));
    assert!(compared["other"]["usd"].as_f64() > Some(0.0));
    let table =
        run(&["models", "compare", "baseline", "gpt-4o", "--job", "Data Engineer"]).ok().out;
    assert!(table.contains("rank correlation") && table.contains("gpt-4o@1"), "{table}");
    assert_eq!(run(&["models", "compare", "baseline", "gpt-9"]).failed(), "UNKNOWN_RELEASE");

    let list = run(&["models", "list", "--grader", "baseline", "--json"]).ok().lines();
    let model = list.iter().find(|l| l["release"] == "gpt-4o@1").expect("it is registered");
    assert_eq!((&model["runs"], &model["model"]), (&15.into(), &"gpt-4o-2024-11-20".into()));

    let shown =
        run(&["rescore", "--job", "Data Engineer", "--release", "gpt-4o", "--show", "--json"]);
    assert_eq!(shown.ok().lines()[0]["shown"], 5);
    for row in bench.screen() {
        assert_eq!(text(&row, "engine"), "gpt-4o@1");
    }
    assert_eq!(bench.rebuild()["equal"], true);
    // Every run, of either release and repeats too, is made again as it was.
    let application = text(&bench.screen()[0], "application").to_owned();
    let replayed = run(&["replay", &application, "--scores", "--json"]).ok().lines();
    assert_eq!(replayed.len(), 4);
    assert!(replayed.iter().all(|score| score["equal"] == true), "{replayed:?}");
    // And back, by choosing another on the next screen.
    for row in scene.screen(Path::new("resumes"), "baseline") {
        assert_eq!(text(&row, "engine"), "baseline@1");
    }
}

#[test]
fn settings_that_cannot_work_are_said_before_anything_is_sent() {
    let scene = Scene::new(|asked| Answer::honest(asked, 3));
    scene.bench.resume("ada.txt", STRONG.as_bytes());
    let args = ["screen", "--job", "job.md", "resumes", "--grader", "gpt-4o"];
    let keyless = scene.bench.run(&args);
    assert_eq!(keyless.failed(), "SETTINGS");
    assert!(keyless.err.contains("OPENAI_API_KEY"), "{}", keyless.err);
    assert!(!scene.bench.at("hiresphere-data").exists(), "nothing was begun");
    let unknown = scene.run(&["screen", "--job", "job.md", "resumes", "--grader", "gpt-9"]);
    assert_eq!(unknown.failed(), "UNKNOWN_RELEASE");
    // A key in the environment alone sends nothing anywhere.
    scene.run(&["screen", "--job", "job.md", "resumes"]).ok();
    assert!(scene.openai.asked().is_empty());
    // A release whose content changed under the same version is refused.
    scene.bench.put("one.yaml", config(&scene, "m-1").as_bytes());
    scene.bench.put("two.yaml", config(&scene, "m-2").as_bytes());
    let with = |file| ["screen", "--job", "job.md", "resumes", "--config", file];
    scene.run(&with("one.yaml")).ok();
    assert_eq!(scene.run(&with("two.yaml")).failed(), "RELEASE_REGISTERED");
}

fn config(scene: &Scene, model: &str) -> String {
    format!(
        "grading:\n  shown: house\n  budgets: {{ per_day: {{ tokens: 100000 }} }}\n  releases:\n    \
         - {{ name: house, version: \"1\", model: {model}, base_url: \"{}\", api_key_env: OPENAI_API_KEY }}\n",
        scene.openai.base_url
    )
}

/// Runs that one process has graded at once.
const AT_ONCE: usize = 4;

#[test]
fn kill_9_at_any_moment_pays_for_no_answer_twice_and_loses_no_run() {
    let kills = 8;
    // Slow enough to be killed before, during and after.
    let scene = Scene::new(|asked| {
        std::thread::sleep(Duration::from_millis(20));
        Answer::honest(asked, 3)
    });
    let resumes = 24;
    for i in 0..resumes {
        let body = STRONG.replace("2018", &format!("{}", 1990 + i));
        let lines: Vec<&str> = body.lines().collect();
        scene.bench.resume(&format!("{i:02}.pdf"), &pdf::simple(&lines));
    }
    let args = ["screen", "--job", "job.md", "resumes", "--json", "--grader", "gpt-4o"];
    for kill in 1..=kills {
        let mut command = scene.command(&args);
        let mut child =
            command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
        // By how far it came, not by the clock.
        let wanted = resumes * kill / (kills + 2);
        while scene.openai.asked().len() < wanted && child.try_wait().expect("a status").is_none() {
            std::thread::sleep(Duration::from_millis(2));
        }
        child.kill().expect("it is killed");
        child.wait().expect("a status");
    }
    let rows = scene.run(&args).ok().lines();
    assert_eq!(rows.len(), resumes);
    for row in &rows {
        assert_eq!((text(row, "outcome"), text(row, "engine")), ("scored", "gpt-4o@1"), "{row}");
    }
    let mut asked: HashMap<String, usize> = HashMap::new();
    for request in scene.openai.asked() {
        *asked.entry(request.resume()).or_default() += 1;
    }
    assert_eq!(asked.len(), resumes);
    // Only what was under way when the process died, and whose answer nobody received, is asked again.
    let repeated: usize = asked.values().map(|n| n - 1).sum();
    assert!(repeated <= kills * AT_ONCE, "{repeated} asked again");
    let list = scene.run(&["models", "list", "--json"]).ok().lines();
    let model = list.iter().find(|l| l["release"] == "gpt-4o@1").expect("it is registered");
    assert_eq!((&model["runs"], &model["failed"]), (&resumes.into(), &0.into()));
    assert_eq!(scene.bench.rebuild()["equal"], true);
}
