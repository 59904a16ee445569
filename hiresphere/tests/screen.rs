//! `screen`, end to end: files in, ranked and explained rows out.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use std::collections::BTreeSet;

use serde_json::Value;
use support::{Bench, STRONG, WEAK, check_row, joined, row_of, text};
use testkit::pdf;

fn bench() -> Bench {
    let bench = Bench::new();
    let lines: Vec<&str> = STRONG.lines().collect();
    bench.resume("ada.pdf", &pdf::simple(&lines));
    bench.resume("charles.txt", WEAK.as_bytes());
    bench.resume("empty.pdf", b"");
    bench.resume("image.png", b"\x89PNG\r\n\x1a\nnot much of a picture");
    bench.resume("wrong.pdf", b"PK\x03\x04 a zip that calls itself PDF");
    bench
}

#[test]
fn every_file_has_one_row_in_rank_order() {
    let bench = bench();
    let rows = bench.screen();
    assert_eq!(rows.len(), 5);
    let ranks: Vec<Option<u64>> = rows.iter().map(|r| r["rank"].as_u64()).collect();
    assert_eq!(ranks, [Some(1), Some(2), None, None, None]);
    assert_eq!(text(&rows[0], "file"), "resumes/ada.pdf");
    assert_eq!(rows[0]["candidate"]["name"], "Ada Lovelace");
    assert_eq!(rows[0]["candidate"]["email"], "ada@example.org");
    assert!(rows[0]["total"].as_f64() > rows[1]["total"].as_f64());
    assert_eq!(text(&rows[0], "engine"), "baseline@1");
    assert_eq!(text(&rows[0], "rubric"), "default@1");
    for row in &rows[2..] {
        assert_eq!((text(row, "outcome"), row["total"].is_null()), ("unscorable", true));
    }
    assert_eq!(text(row_of(&rows, "empty.pdf"), "reason"), "EMPTY_FILE");

    let extracted = bench.run(&["extract", "resumes", "--json"]).ok().lines();
    assert_eq!(extracted.len(), 5);
    assert!(extracted.iter().all(|line| line["pages"][0].get("places").is_none()));
    let placed = bench.run(&["extract", "resumes/ada.pdf", "--json", "--places"]).ok().lines();
    let runs = &placed[0]["pages"][0]["places"]["runs"];
    assert!(runs.as_array().is_some_and(|runs| !runs.is_empty()), "{placed:?}");
    for row in &rows[..2] {
        let same = extracted.iter().find(|l| l["file"] == row["file"]).unwrap();
        check_row(row, &joined(same));
    }
}

#[test]
fn the_same_again_adds_nothing_and_answers_the_same() {
    let bench = bench();
    let first = bench.screen();
    let events = bench.rebuild()["events"].as_u64();
    assert_eq!(bench.screen(), first);
    let rebuilt = bench.rebuild();
    assert_eq!(rebuilt["events"].as_u64(), events, "no event was added");
    assert_eq!(rebuilt["equal"], true);

    let afresh =
        bench.run(&["screen", "--job", "job.md", "resumes", "--json", "--ephemeral"]).ok().lines();
    let essence = |rows: &[Value]| -> Vec<Value> {
        rows.iter()
            .map(|r| {
                serde_json::json!([r["rank"], r["file"], r["total"], r["criteria"], r["reason"]])
            })
            .collect()
    };
    assert_eq!(
        essence(&afresh),
        essence(&first),
        "another log, the same ranks, totals and criteria"
    );
}

#[test]
fn a_new_version_of_a_file_is_scored_again() {
    let bench = bench();
    let before = bench.screen();
    bench.resume("charles.txt", STRONG.as_bytes());
    let after = bench.screen();
    let total = |rows: &[Value]| row_of(rows, "charles.txt")["total"].as_f64();
    assert!(total(&after) > total(&before));
    assert_ne!(row_of(&after, "charles.txt")["run"], row_of(&before, "charles.txt")["run"]);
    assert_eq!(row_of(&after, "ada.pdf")["run"], row_of(&before, "ada.pdf")["run"]);
    assert_eq!(bench.rebuild()["equal"], true);
}

#[test]
fn an_earlier_version_that_comes_back_counts_again() {
    let bench = bench();
    let before = bench.screen();
    bench.resume("charles.txt", STRONG.as_bytes());
    bench.screen();
    bench.resume("charles.txt", WEAK.as_bytes());
    let back = bench.screen();
    let (then, now) = (row_of(&before, "charles.txt"), row_of(&back, "charles.txt"));
    assert_eq!((&then["total"], &then["run"]), (&now["total"], &now["run"]));
    let extracted = bench.run(&["extract", "resumes/charles.txt", "--json"]).ok().lines();
    check_row(now, &joined(&extracted[0]));
    assert_eq!(bench.rebuild()["equal"], true);
}

#[cfg(unix)]
#[test]
fn paths_that_are_no_text_are_files_of_their_own() {
    use std::os::unix::ffi::OsStrExt as _;
    let bench = Bench::new();
    for (name, text) in [(b"cv\xff.txt", STRONG), (b"cv\xfe.txt", WEAK)] {
        let path = bench.at("resumes").join(std::ffi::OsStr::from_bytes(name));
        std::fs::write(path, text).unwrap();
    }
    let rows = bench.screen();
    assert_eq!(rows.iter().filter(|r| r["rank"].is_u64()).count(), 2);
    assert_eq!(bench.screen(), rows);
}

#[test]
fn what_was_set_aside_is_tried_again() {
    let bench = bench();
    bench.screen();
    let documents = bench.at("hiresphere-data/documents");
    let away = bench.at("away");
    std::fs::rename(&documents, &away).unwrap();
    std::fs::create_dir(&documents).unwrap();
    bench.put("other.md", support::JOB.replace("Data Engineer", "Analyst").as_bytes());
    let other = ["screen", "--job", "other.md", "resumes", "--json"];
    let parked = bench.run(&other).ok().lines();
    assert_eq!(text(row_of(&parked, "ada.pdf"), "reason"), "PARKED");
    std::fs::remove_dir_all(&documents).unwrap();
    std::fs::rename(&away, &documents).unwrap();
    let again = bench.run(&other).ok().lines();
    assert_eq!(text(row_of(&again, "ada.pdf"), "outcome"), "scored");
}

#[test]
fn duplicates_are_rows_of_their_own_and_flagged() {
    let bench = Bench::new();
    bench.resume("a.txt", STRONG.as_bytes());
    bench.resume("b.txt", STRONG.as_bytes());
    bench.resume("c.txt", format!("{STRONG}\nReferences on request\n").as_bytes());
    let rows = bench.screen();
    assert_eq!(rows.len(), 3);
    assert!(rows.iter().all(|r| r["rank"].is_u64()));
    for (row, others) in [("a.txt", ["b.txt", "c.txt"]), ("c.txt", ["a.txt", "b.txt"])] {
        let duplicates = row_of(&rows, row)["duplicates"].as_array().unwrap();
        let files: BTreeSet<&str> = duplicates.iter().map(|d| text(d, "file")).collect();
        let expected: Vec<String> = others.iter().map(|o| format!("resumes/{o}")).collect();
        assert_eq!(files, expected.iter().map(String::as_str).collect(), "{row}");
    }
    let twin = row_of(&rows, "a.txt")["duplicates"].as_array().unwrap();
    let twin = twin.iter().find(|d| d["file"] == "resumes/b.txt").unwrap();
    assert_eq!(twin["signals"], serde_json::json!(["same_email", "same_file"]));
    let (a, b) = (row_of(&rows, "a.txt"), row_of(&rows, "b.txt"));
    assert_eq!(a["total"], b["total"]);
    assert!(a["rank"].as_u64() < b["rank"].as_u64(), "ties go to the path's bytes");
}

#[test]
fn identity_changes_no_score() {
    let bench = Bench::new();
    bench.resume("one.txt", STRONG.as_bytes());
    let other = STRONG
        .replace("Ada Lovelace", "Oluwaseun Python-Sparks")
        .replace("ada@example.org", "o.kubernetes@sql.example.com")
        .replace("+44 20 7946 0101", "(212) 555-0147");
    bench.resume("two.txt", other.as_bytes());
    let rows = bench.screen();
    let points = |row: &Value| -> Vec<Value> {
        row["criteria"].as_array().unwrap().iter().map(|c| c["points"].clone()).collect()
    };
    assert_eq!(points(&rows[0]), points(&rows[1]));
    assert_eq!(rows[0]["total"], rows[1]["total"]);
}

#[test]
fn hidden_text_earns_nothing_and_is_flagged() {
    let bench = Bench::new();
    let lines: Vec<&str> = WEAK.lines().collect();
    bench.resume("clean.pdf", &pdf::simple(&lines));
    let style = pdf::Style::new(pdf::Font::Regular, 10.0);
    let mut page = pdf::Page::a4();
    for (i, line) in lines.iter().enumerate() {
        page.text(60.0, 780.0 - 14.0 * i as f32, &style, line);
    }
    let stuffed =
        "Python SQL PostgreSQL Apache Spark Kubernetes, ten years as a senior data engineer";
    page.text(60.0, 100.0, &style.color(pdf::Color::WHITE), stuffed);
    bench.resume("stuffed.pdf", &pdf::Pdf::of(vec![page]).finish());
    let rows = bench.screen();
    let (clean, dirty) = (row_of(&rows, "clean.pdf"), row_of(&rows, "stuffed.pdf"));
    assert_eq!(clean["total"], dirty["total"]);
    assert!(clean["hidden"].as_array().unwrap().is_empty());
    assert_eq!(dirty["hidden"][0]["kind"], "low_contrast");
    let table = bench.run(&["screen", "--job", "job.md", "resumes"]).ok().out;
    assert!(table.contains("hidden text in resumes/stuffed.pdf"), "{table}");
}

#[test]
fn people_get_a_table_and_reasons() {
    let bench = bench();
    let table = bench.run(&["screen", "--job", "job.md", "resumes"]).ok().out;
    for expected in ["Data Engineer: 2 of 5 ranked", "skills/40", "Ada Lovelace", "EMPTY_FILE"] {
        assert!(table.contains(expected), "{expected} in {table}");
    }
    let why = bench.run(&["screen", "--job", "job.md", "resumes", "--why", "1"]).ok().out;
    assert!(why.contains("Ada Lovelace") && why.contains("> \""), "{why}");
    let nobody = bench.run(&["screen", "--job", "job.md", "resumes", "--why", "9"]);
    assert_eq!(nobody.failed(), "NO_SUCH_RANK");
}

#[test]
fn job_files_of_every_format_are_understood() {
    let bench = Bench::new();
    bench.resume("ada.txt", STRONG.as_bytes());
    let word = testkit::docx::Docx::new()
        .title("Data Engineer")
        .heading(1, "Must have")
        .bullet("Python")
        .bullet("SQL and PostgreSQL")
        .bullet("Apache Spark");
    bench.put("job.docx", &word.finish());
    let lines: Vec<&str> = support::JOB.lines().collect();
    bench.put("job.pdf", &pdf::simple(&lines));
    bench.put(
        "job.txt",
        b"Data Engineer\n\nRequirements:\nPython\nSQL and PostgreSQL\nApache Spark\n",
    );
    bench.put(
        "job.json",
        br#"{"title":"Data Engineer","description":"Pipelines.","requirements":["Python",
            {"text":"Apache Spark","must_have":true},{"text":"Kubernetes","must_have":false}]}"#,
    );
    for job in ["job.docx", "job.pdf", "job.txt", "job.json", "job.md"] {
        let rows =
            bench.run(&["screen", "--job", job, "resumes", "--json", "--ephemeral"]).ok().lines();
        let skills = rows[0]["criteria"][0]["points"].as_f64().unwrap();
        assert!(skills > 20.0, "{job}: {skills}");
    }
}

#[test]
fn a_person_is_erased_and_the_rest_stays() {
    let bench = bench();
    let rows = bench.screen();
    let id = rows[0]["candidate"]["id"].as_str().unwrap().to_owned();
    // The replaced read models are a copy that must go, too.
    bench.rebuild();
    assert_eq!(bench.run(&["erase", &id]).failed(), "ACTIVE_APPLICATIONS");
    bench.run(&["erase", &id, "--withdraw"]).ok();
    for entry in std::fs::read_dir(bench.at("hiresphere-data")).unwrap() {
        let path = entry.unwrap().path();
        let bytes = if path.is_file() { std::fs::read(&path).unwrap() } else { vec![] };
        let name = b"Lovelace";
        assert!(!bytes.windows(name.len()).any(|w| w == name), "{}", path.display());
    }
    assert_eq!(bench.rebuild()["equal"], true, "read models swept as a rebuild would");
    bench.resume("ada.pdf", b"gone");
    std::fs::remove_file(bench.at("resumes/ada.pdf")).unwrap();
    let after = bench.screen();
    assert_eq!(row_of(&after, "charles.txt")["run"], rows[1]["run"]);
    assert!(!bench.run(&["screen", "--job", "job.md", "resumes"]).ok().out.contains("Lovelace"));
}
