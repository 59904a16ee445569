//! Bad input: each a clear error with a stable code and what to do, and nothing lost.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use std::fs::{self, File};

use support::{Bench, STRONG, row_of, text};

fn screen<'a>(extra: &[&'a str]) -> Vec<&'a str> {
    [&["screen", "--job", "job.md", "resumes"], extra].concat()
}

#[test]
fn files_that_cannot_be_had_are_rows_with_a_reason() {
    let bench = Bench::new();
    bench.resume("good.txt", STRONG.as_bytes());
    let large = File::create(bench.at("resumes/large.pdf")).unwrap();
    large.set_len(200 << 20).unwrap();
    #[cfg(unix)]
    {
        let fifo = bench.at("resumes/pipe");
        assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        std::os::unix::fs::symlink("nowhere", bench.at("resumes/dangling.pdf")).unwrap();
    }
    let args = [&screen(&["--json", "missing.pdf"])[..]].concat();
    let rows = bench.run(&args).ok().lines();
    assert_eq!(text(row_of(&rows, "good.txt"), "outcome"), "scored");
    assert_eq!(text(row_of(&rows, "large.pdf"), "reason"), "TOO_LARGE");
    assert_eq!(text(row_of(&rows, "missing.pdf"), "reason"), "UNREADABLE");
    #[cfg(unix)]
    {
        assert_eq!(text(row_of(&rows, "pipe"), "reason"), "UNREADABLE");
        assert_eq!(text(row_of(&rows, "dangling.pdf"), "reason"), "UNREADABLE");
    }
}

#[test]
fn a_job_that_cannot_be_used_says_why() {
    let bench = Bench::new();
    bench.resume("good.txt", STRONG.as_bytes());
    let code = |bytes: &[u8]| {
        bench.put("job.md", bytes);
        bench.run(&screen(&[])).failed()
    };
    assert_eq!(code(b"# Data Engineer\n"), "JOB_WITHOUT_REQUIREMENTS");
    assert_eq!(code(b"  \n"), "JOB_UNREADABLE");
    assert_eq!(code(b"{\"title\": 7}"), "JOB_UNREADABLE");
    assert_eq!(code(b"%PDF-1.7 and nothing more"), "JOB_UNREADABLE");
    fs::remove_file(bench.at("job.md")).unwrap();
    assert_eq!(bench.run(&screen(&[])).failed(), "JOB_UNREADABLE");
    assert!(!bench.at("hiresphere-data").exists(), "nothing was begun");
}

#[test]
fn a_folder_without_files_says_so() {
    let bench = Bench::new();
    assert_eq!(bench.run(&screen(&[])).failed(), "NO_RESUMES");
}

#[test]
fn a_data_folder_in_use_or_damaged_is_refused() {
    let bench = Bench::new();
    bench.resume("good.txt", STRONG.as_bytes());
    let first = bench.screen();
    {
        let lock = File::options().write(true).open(bench.at("hiresphere-data/lock")).unwrap();
        lock.lock().unwrap();
        assert_eq!(bench.run(&screen(&[])).failed(), "DATA_IN_USE");
    }
    let master = fs::read(bench.at("hiresphere-data/keys/master")).unwrap();
    fs::remove_file(bench.at("hiresphere-data/keys/master")).unwrap();
    assert_eq!(bench.run(&screen(&[])).failed(), "MASTER_KEY");
    bench.put("hiresphere-data/keys/master", &master);

    // Read models are made anew when they are gone; a log that lost its end is not believed.
    for suffix in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(bench.at(&format!("hiresphere-data/read.sqlite{suffix}")));
    }
    assert_eq!(bench.screen(), first);
    bench.put("hiresphere-data/read.sqlite", b"garbage, not a database");
    assert_eq!(bench.screen(), first);
    for suffix in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(bench.at(&format!("hiresphere-data/log.sqlite{suffix}")));
    }
    assert_eq!(bench.run(&screen(&[])).failed(), "DATA_DAMAGED");
    assert_eq!(bench.run(&["rebuild", "--data", "mistyped"]).failed(), "NO_DATA");
    assert!(!bench.at("mistyped").exists());
}

#[test]
fn errors_are_json_for_scripts() {
    let bench = Bench::new();
    let ran = bench.run(&screen(&["--json"]));
    let error: serde_json::Value = serde_json::from_str(ran.err.trim()).unwrap();
    assert_eq!(error["error"]["code"], "NO_RESUMES");
    assert!(ran.out.is_empty());
}

#[test]
fn extract_answers_one_line_per_file_whatever_it_is() {
    let bench = Bench::new();
    bench.resume("good.txt", STRONG.as_bytes());
    bench.resume("empty", b"");
    bench.resume("bomb.docx", &testkit::hostile::zip_bomb(60));
    bench.resume("cycle.pdf", &testkit::hostile::cyclic_page_tree());
    bench.resume("deep.pdf", &testkit::hostile::deep_page_tree(20_000));
    bench.resume("endless.pdf", &testkit::hostile::endless_form());
    bench.resume("garbage.pdf", &testkit::hostile::garbage(b"%PDF-1.4\n", 7, 4_000));
    bench.resume("office.docx", &testkit::hostile::encrypted_office_file());
    let lines = bench.run(&["extract", "resumes", "nowhere", "--json"]).ok().lines();
    assert_eq!(lines.len(), 9);
    for line in &lines {
        let failed = text(line, "outcome") == "failed";
        assert_eq!(failed, line["reason"].is_string(), "{line}");
        assert_eq!(failed, line["pages"].as_array().unwrap().is_empty(), "{line}");
    }
    let reason = |file: &str| text(row_of(&lines, file), "reason").to_owned();
    assert_eq!(reason("empty"), "EMPTY_FILE");
    assert_eq!(reason("bomb.docx"), "TOO_LARGE");
    assert_eq!(reason("office.docx"), "ENCRYPTED");
    assert_eq!(reason("nowhere"), "UNREADABLE");
    assert_eq!(row_of(&lines, "good.txt")["profile"]["basics"]["name"]["value"], "Ada Lovelace");
}
