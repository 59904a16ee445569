//! `evaluate` over a small made-up set, with the local grader and with a model's stand-in.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use std::fs;

use support::{Bench, STRONG, WEAK};
use testkit::openai::{Answer, OpenAi};
use testkit::pdf;

/// A set of two resumes, both with their truth, and of two jobs that one of them fits each.
fn sets(bench: &Bench) {
    for (name, resume) in [("ada", STRONG), ("charles", WEAK)] {
        fs::create_dir_all(bench.at("sets/truth")).unwrap();
        let lines: Vec<&str> = resume.lines().collect();
        bench.put(&format!("sets/{name}.pdf"), &pdf::simple(&lines));
        bench.put(&format!("sets/truth/{name}.pdf.txt"), resume.as_bytes());
    }
    let index = "path\tkind\texpect\nada.pdf\tresume_pdf\tname=Ada Lovelace\n\
        charles.pdf\tresume_pdf\tname=Charles Babbage\n";
    bench.put("sets/INDEX.tsv", index.as_bytes());
    fs::create_dir_all(bench.at("sets/labelled/category_ranking")).unwrap();
    let jobs = r#"[{"category":"DATA","title":"Data Engineer","description":"Build pipelines in Python and SQL."},
        {"category":"BAKER","title":"Pastry Chef","description":"Bake bread and pastry."}]"#;
    bench.put("sets/labelled/category_ranking/jds.json", jobs.as_bytes());
    let pairs = "resume,category\nada.pdf,DATA\ncharles.pdf,BAKER\n";
    bench.put("sets/labelled/category_ranking/resumes.csv", pairs.as_bytes());
}

#[test]
fn reading_is_measured_beside_others() {
    let bench = Bench::new();
    sets(&bench);
    let found = bench.run(&["evaluate", "extract", "sets", "--json"]).ok().lines().remove(0);
    let pure = &found["readers"][0];
    assert_eq!((&pure["reader"], &pure["files"]), (&"pure".into(), &2.into()));
    assert_eq!(pure["token_recall"], 1.0);
    assert_eq!((&pure["reading_order"], &pure["character_error"]), (&1.0.into(), &0.0.into()));
    assert_eq!(found["names"]["exact"], 2);
    let table = bench.run(&["evaluate", "extract", "sets"]).ok().out;
    assert!(table.contains("char. error") && table.contains("names      2 of 2 exact"), "{table}");
    assert_eq!(bench.run(&["evaluate", "extract", "resumes"]).failed(), "NO_SETS");
}

#[test]
fn ranking_and_what_must_not_move_a_score_are_measured_of_any_release() {
    let bench = Bench::new();
    sets(&bench);
    let args = ["evaluate", "score", "sets", "--json", "--sample", "2", "--report", "report.html"];
    let found = bench.run(&args).ok().lines().remove(0);
    let ranking = &found["ranking"]["category_ranking"][0];
    assert_eq!((&ranking["method"], &ranking["pairs"]), (&"baseline@1".into(), &4.into()));
    assert_eq!(ranking["figures"]["auc"]["value"], 1.0);
    for same in ["retest", "name_swap"] {
        let largest = found["stability"][same]["largest"].as_f64().unwrap();
        assert!(largest.abs() < 1e-9, "{same}: {largest}");
    }
    let page = fs::read_to_string(bench.at("report.html")).unwrap();
    for said in ["<svg", "baseline@1", "tf-idf", "another name at the top", "NDCG@5"] {
        assert!(page.contains(said), "{said}");
    }

    let runtime = tokio::runtime::Runtime::new().unwrap();
    // A model that says of everybody the same: it ranks nobody, and says so.
    let openai = runtime.block_on(OpenAi::start(|asked| Answer::honest(asked, 3)));
    let mut command = bench.command(&[&args[..], &["--grader", "gpt-4o"]].concat());
    command.env("OPENAI_BASE_URL", &openai.base_url).env("OPENAI_API_KEY", "sk-test");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["release"], "gpt-4o@1");
    assert_eq!(found["ranking"]["category_ranking"][0]["figures"]["auc"]["value"], 0.5);
    // Two jobs and two resumes; then each resume of the sample three times, under twelve names, and with three sentences.
    assert_eq!(found["gradings"].as_u64(), Some(4 + 2 * (3 + 12 + 3)));
    // A quote of a sentence that speaks to the grader is asked for again.
    let repairs = openai.asked().iter().filter(|asked| asked.repairs()).count() as u64;
    assert_eq!(openai.asked().len() as u64, 40 + repairs);
    assert!(found["usage"]["cost_micro_usd"].as_u64() > Some(0));
}
