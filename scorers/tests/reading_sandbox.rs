//! The sandbox, with real child processes: this test program starts itself as the worker.
//!
//! It has its own `main`, because a worker may write nothing but frames to its standard output, and
//! the usual test harness prints.

// All of it is tests, of which clippy only sees those that the usual harness runs.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use scorers::reading::sandbox::{Attempt, Layer, Outcome, Pool, PoolConfig, Sandbox, worker_main};
use scorers::reading::{Engine, Failure, Found, Limits, Method, fetched};

#[path = "reading_samples/mod.rs"]
mod samples;

/// One that a reader would be at for ever.
fn endless_pdf() -> Vec<u8> {
    testkit::hostile::multiplying_forms(20)
}

const WORKER: &str = "reading-worker";
/// This program as one that reads a PDF with libpdfium, where its worker finds that.
const READER: &str = "reader";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.first().map(String::as_str) {
        Some(WORKER) => worker_main(),
        // Workers that misbehave, as a hostile file could make one do.
        Some("silent") => loop {
            std::thread::park();
        },
        Some("stranger") => {
            println!("usage: something else");
            ExitCode::SUCCESS
        }
        Some(READER) => {
            println!("{}", run(read_with_libpdfium()));
            ExitCode::SUCCESS
        }
        _ => harness(&args),
    }
}

const TESTS: &[(&str, fn())] = &[
    ("a_pool_reads_what_the_reader_reads", a_pool_reads_what_the_reader_reads),
    ("many_files_share_a_few_workers", many_files_share_a_few_workers),
    ("a_file_that_takes_too_long_is_stopped", a_file_that_takes_too_long_is_stopped),
    ("a_file_that_needs_too_much_memory_is_stopped", a_file_that_needs_too_much_memory_is_stopped),
    ("a_file_over_the_limit_never_reaches_a_worker", a_file_over_the_limit_never_reaches_a_worker),
    ("the_pool_outlives_its_workers", the_pool_outlives_its_workers),
    ("a_program_that_is_no_worker_is_unavailable", a_program_that_is_no_worker_is_unavailable),
    ("workers_end_with_their_input", workers_end_with_their_input),
    ("workers_confine_themselves", workers_confine_themselves),
    ("nothing_forbidden_can_be_done", nothing_forbidden_can_be_done),
    ("one_layer_is_enough", one_layer_is_enough),
    ("without_any_layer_the_attempts_succeed", without_any_layer_the_attempts_succeed),
    ("a_missing_layer_is_told", a_missing_layer_is_told),
    (
        "a_strict_sandbox_reads_nothing_without_a_layer",
        a_strict_sandbox_reads_nothing_without_a_layer,
    ),
    ("hostile_files_are_read_behind_every_layer", hostile_files_are_read_behind_every_layer),
    ("scans_are_read_behind_every_layer", scans_are_read_behind_every_layer),
    ("libpdfium_is_found_in_every_place", libpdfium_is_found_in_every_place),
    ("who_reads_pictures_goes_when_idle", who_reads_pictures_goes_when_idle),
    ("what_pictures_cost_does_not_cost_the_text", what_pictures_cost_does_not_cost_the_text),
];

fn pool(change: impl FnOnce(&mut PoolConfig)) -> Pool {
    let program = std::env::current_exe().expect("own path");
    let mut config = PoolConfig::new(program, vec![OsString::from(WORKER)]);
    config.workers = 2;
    config.limits.engine = Engine::Pure;
    change(&mut config);
    Pool::new(config)
}

fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(future)
}

fn a_pool_reads_what_the_reader_reads() {
    let pdf = samples::pdf(&["Jane Doe", "Rust engineer"]);
    let here = scorers::reading::read(&pdf, &Limits { engine: Engine::Pure, ..Limits::default() });
    let there = run(async { pool(|_| {}).read(pdf).await });
    assert_eq!((&here.sniffed_type, &here.result), (&there.sniffed_type, &there.result));
    assert_eq!(there.result.expect("text").pages[0].text, "Jane Doe\nRust engineer");
}

fn many_files_share_a_few_workers() {
    run(async {
        let pool = pool(|config| config.files_per_worker = 5);
        let reads: Vec<_> = (0..40)
            .map(|n| {
                let pool = pool.clone();
                let words = format!("Resume number {n}");
                tokio::spawn(async move {
                    let reading = pool.read(samples::pdf(&[&words])).await;
                    assert_eq!(reading.result.expect("text").pages[0].text, words);
                })
            })
            .collect();
        for read in reads {
            read.await.expect("a reading");
        }
    });
}

fn a_file_that_takes_too_long_is_stopped() {
    run(async {
        let pool = pool(|config| config.limits.wall_time = Duration::from_secs(1));
        let begun = Instant::now();
        let reading = pool.read(endless_pdf()).await;
        assert_eq!(reading.failure(), Some(Failure::TimedOut));
        assert_eq!(reading.sniffed_type, "application/pdf");
        assert!(begun.elapsed() < Duration::from_secs(10), "took {:?}", begun.elapsed());
        let after = pool.read(samples::pdf(&["After"])).await;
        assert_eq!(after.failure(), None);
    });
}

fn a_file_that_needs_too_much_memory_is_stopped() {
    run(async {
        let pool = pool(|config| config.limits.memory = 192 << 20);
        let reading = pool.read(samples::bomb_pdf(400 << 20)).await;
        assert_eq!(reading.failure(), Some(Failure::OutOfMemory));
        assert_eq!(reading.sniffed_type, "application/pdf");
        let after = pool.read(samples::pdf(&["After"])).await;
        assert_eq!(after.failure(), None);
    });
}

fn a_file_over_the_limit_never_reaches_a_worker() {
    run(async {
        // No worker could be started: none is needed.
        let pool = pool(|config| config.program = "/nonexistent".into());
        let mut huge = samples::pdf(&["Huge"]);
        huge.resize(21 << 20, b' ');
        let reading = pool.try_read(&huge).await.expect("an outcome");
        assert_eq!(reading.failure(), Some(Failure::TooLarge));
        assert_eq!(reading.sniffed_type, "application/pdf");
    });
}

fn the_pool_outlives_its_workers() {
    run(async {
        let pool = pool(|config| config.workers = 1);
        for _ in 0..3 {
            assert_eq!(pool.read(samples::pdf(&["Alive"])).await.failure(), None);
            children().into_iter().for_each(kill);
        }
        assert_eq!(pool.read(samples::pdf(&["Alive"])).await.failure(), None);
    });
}

fn a_program_that_is_no_worker_is_unavailable() {
    run(async {
        for program in ["silent", "stranger"] {
            let pool = pool(|config| {
                config.args = vec![program.into()];
                config.start_time = Duration::from_millis(200);
            });
            assert!(pool.try_read(b"text").await.is_err(), "{program}");
        }
    });
}

fn workers_end_with_their_input() {
    // As when the parent is killed: nobody says goodbye, the pipe just closes. A worker that waits
    // ends, and so does one that is in the middle of a file.
    let limits = serde_json::to_value(Limits::default()).expect("limits");
    let orders =
        serde_json::json!({ "limits": limits, "without": [], "eyes": null, "attempt": null });
    for frames in [vec![], vec![orders.to_string().into_bytes(), endless_pdf()]] {
        let mut worker = std::process::Command::new(std::env::current_exe().expect("own path"))
            .arg(WORKER)
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .expect("a worker");
        let mut input = worker.stdin.take().expect("its input");
        for frame in &frames {
            let length = u32::try_from(frame.len()).expect("a short frame");
            input.write_all(&length.to_le_bytes()).expect("a length");
            input.write_all(frame).expect("a frame");
        }
        if !frames.is_empty() {
            // Its greeting, what is missing, then the file's media type: it has begun to parse.
            let output = worker.stdout.as_mut().expect("its output");
            let said = [frame(output), frame(output), frame(output)];
            assert_eq!(said[2], b"application/pdf");
        }
        drop(input);
        assert!(worker.wait().expect("its end").success());
    }
}

fn frame(from: &mut impl std::io::Read) -> Vec<u8> {
    let mut length = [0; 4];
    from.read_exact(&mut length).expect("a length");
    let mut frame = vec![0; u32::from_le_bytes(length) as usize];
    from.read_exact(&mut frame).expect("a frame");
    frame
}

/// What becomes of every attempt in a sandbox without some layers; nothing where this machine does not have the others.
async fn attempts(without: &[Layer]) -> Option<Vec<Outcome>> {
    let pool = pool(|config| config.without = without.to_vec());
    let missing = pool.check().await.expect("a worker");
    if let Some(missing) = missing.iter().find(|missing| !without.contains(&missing.layer)) {
        println!("SKIPPED: this machine does not have {missing}");
        return None;
    }
    let mut outcomes = Vec::new();
    for attempt in Attempt::ALL {
        outcomes.push(pool.try_forbidden(attempt).await.expect("an outcome"));
    }
    Some(outcomes)
}

fn nothing_forbidden_can_be_done() {
    let Some(outcomes) = run(attempts(&[])) else { return };
    let [open, connect, start, trace] = &outcomes[..] else { panic!("{outcomes:?}") };
    // A library may look for a file; nobody but an attacker reaches out, or looks into another process.
    assert!(matches!(open, Outcome::Refused(_)), "{open:?}");
    assert!(start.held(), "{start:?}");
    assert_eq!((connect, trace), (&Outcome::Killed, &Outcome::Killed));
}

fn one_layer_is_enough() {
    for layer in Layer::ALL {
        let Some(outcomes) = run(attempts(&[layer])) else { continue };
        assert!(outcomes.iter().all(Outcome::held), "without {layer:?}: {outcomes:?}");
    }
}

fn without_any_layer_the_attempts_succeed() {
    // Or they would show nothing. Starting and tracing are also up to who one is, and to the system's settings.
    let outcomes = run(attempts(&Layer::ALL)).expect("nothing else could be missing");
    assert_eq!(outcomes[..2], [Outcome::Done, Outcome::Done]);
}

fn a_missing_layer_is_told() {
    run(async {
        for layer in Layer::ALL {
            let pool = pool(|config| config.without = vec![layer]);
            let missing = pool.check().await.expect("a worker");
            assert!(missing.iter().any(|m| m.layer == layer && m.why == "left out"), "{missing:?}");
            let reading = pool.read(samples::pdf(&["Read"])).await;
            assert_eq!(reading.failure(), None);
            assert!(reading.without.contains(&layer), "{reading:?}");
        }
    });
}

fn a_strict_sandbox_reads_nothing_without_a_layer() {
    run(async {
        for layer in Layer::ALL {
            let pool = pool(|config| {
                config.sandbox = Sandbox::Strict;
                config.without = vec![layer];
            });
            let error = pool.check().await.expect_err("no worker");
            assert!(error.to_string().contains(layer.as_str()), "{error}");
            assert!(pool.try_read(&samples::pdf(&["Unread"])).await.is_err());
        }
    });
}

fn hostile_files_are_read_behind_every_layer() {
    // As they are without: what ends a worker or a parser early is told the same way.
    run(async {
        for without in [&[][..], &Layer::ALL] {
            let pool = pool(|config| {
                config.without = without.to_vec();
                config.limits.wall_time = Duration::from_secs(2);
                config.limits.memory = 192 << 20;
            });
            let outcomes = [
                pool.read(endless_pdf()).await.failure(),
                pool.read(samples::bomb_pdf(400 << 20)).await.failure(),
                pool.read(b"%PDF-1.7\nnothing".to_vec()).await.failure(),
                pool.read(b"Plain words".to_vec()).await.failure(),
            ];
            let expected =
                [Some(Failure::TimedOut), Some(Failure::OutOfMemory), Some(Failure::Corrupt), None];
            assert_eq!(outcomes, expected, "without {without:?}");
        }
    });
}

fn picture() -> (Vec<u8>, u32, u32) {
    samples::jpeg(&samples::printed(&["Jane Doe", "Rust engineer"]))
}

fn scans_are_read_behind_every_layer() {
    run(async {
        for without in [&[][..], &Layer::ALL] {
            let pool = pool(|config| config.without = without.to_vec());
            let reading = pool.read(samples::scan(&[picture()], &[])).await;
            let extraction = reading.result.expect("text");
            assert_eq!(extraction.pages[0].method, Method::Ocr);
            assert_eq!(extraction.pages[0].text, "Jane Doe\nRust engineer");
            assert!(!reading.unseen);
        }
    });
}

/// What read a PDF, and the layers that its worker was not behind.
async fn read_with_libpdfium() -> String {
    let pool = pool(|config| config.limits.engine = Engine::Pdfium);
    let reading = pool.read(samples::pdf(&["Jane Doe", "Rust engineer"])).await;
    let extraction = reading.result.expect("text");
    assert_eq!(extraction.pages[0].text, "Jane Doe\nRust engineer");
    format!("{} without {:?}", extraction.engine, reading.without)
}

fn libpdfium_is_found_in_every_place() {
    let library = fetched().into_iter().find(|file| file.name.starts_with("libpdfium"));
    let Some(library) = library.filter(|file| file.found == Found::Whole) else {
        println!("SKIPPED: scripts/models.sh fetches what this needs");
        return;
    };
    let bytes = std::fs::read(library.path.expect("a path")).expect("the library");
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    for (name, bytes) in
        [("models", &bytes[..]), ("data/hiresphere/models", &bytes), ("torn", &bytes[..9_999])]
    {
        std::fs::create_dir_all(at(name)).expect("a folder");
        std::fs::write(at(name).join(library.name), bytes).expect("a copy");
    }
    // The program is told by one variable, its worker by the program alone.
    let reader = |variable: &str, value: &std::path::Path| {
        let mut command = std::process::Command::new(std::env::current_exe().expect("own path"));
        command.arg(READER).env_clear().env(variable, value).current_dir(folder.path());
        let output = command.output().expect("a reader");
        assert!(output.status.success(), "{variable}={}: {output:?}", value.display());
        String::from_utf8(output.stdout).expect("UTF-8").trim().to_owned()
    };
    let missing = run(async { pool(|_| {}).check().await.expect("a worker") });
    let without: Vec<Layer> = missing.iter().map(|missing| missing.layer).collect();
    let found = format!("libpdfium without {without:?}");
    assert_eq!(reader("HIRESPHERE_MODELS", &at("models")), found);
    assert_eq!(reader("HIRESPHERE_MODELS", "models".as_ref()), found);
    assert_eq!(reader("XDG_DATA_HOME", &at("data")), found);
    assert_eq!(reader("HIRESPHERE_PDFIUM", &at("models").join(library.name)), found);
    assert_eq!(reader("HIRESPHERE_PDFIUM", "models".as_ref()), found);
    // One that is not what was fetched is left alone, as if there were none.
    let none = reader("HIRESPHERE_MODELS", &at("nowhere"));
    assert_eq!(reader("HIRESPHERE_MODELS", &at("torn")), none);
}

fn who_reads_pictures_goes_when_idle() {
    run(async {
        let pool = pool(|config| {
            config.workers = 1;
            config.seeing_idle = Duration::from_millis(300);
        });
        pool.read(samples::scan(&[picture()], &[])).await.result.expect("text");
        assert_eq!(children().len(), 2, "one for files, one for pictures");
        let begun = Instant::now();
        while children().len() > 1 {
            assert!(begun.elapsed() < Duration::from_secs(20), "it is still there");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
}

fn what_pictures_cost_does_not_cost_the_text() {
    run(async {
        let pool = pool(|config| config.limits.ocr_wall_time = Duration::ZERO);
        let line = "A page of text that a word processor made, beside one that is a picture.";
        let reading = pool.read(samples::scan_and_text(&[picture()], line)).await;
        let extraction = reading.result.expect("text");
        assert!(extraction.truncated && reading.unseen);
        assert_eq!(extraction.pages[1].text, line);
        let scan = pool.read(samples::scan(&[picture()], &[])).await;
        assert_eq!(scan.failure(), Some(Failure::TimedOut));
        // A text that may not be what the page shows is none.
        let mut page = testkit::pdf::Page::a4();
        page.text_said(
            60.0,
            700.0,
            11.0,
            "Volunteer in a dog shelter",
            "Senior engineer for a bank",
        );
        let doubted = pool.read(testkit::pdf::Pdf::of([page]).finish()).await;
        assert_eq!(doubted.failure(), Some(Failure::TimedOut));
    });
}

fn workers_confine_themselves() {
    run(async {
        let pool = pool(|config| config.workers = 1);
        assert_eq!(pool.read(samples::pdf(&["Who"])).await.failure(), None);
        let [worker] = children()[..] else { panic!("one worker") };
        let about = |what: &str| std::fs::read_to_string(format!("/proc/{worker}/{what}"));
        let environment = about("environ").expect("environ");
        assert!(!environment.contains("PATH="), "{environment}");
        let folder = std::fs::read_link(format!("/proc/{worker}/cwd")).expect("a folder");
        assert_eq!(folder.as_os_str(), "/");
        let limits = about("limits").expect("limits");
        let limit = |name: &str| {
            let line = limits.lines().find(|line| line.starts_with(name)).expect(name);
            line[name.len()..].split_whitespace().next().expect("a soft limit").to_owned()
        };
        assert_eq!(limit("Max file size"), "0");
        assert_eq!(limit("Max core file size"), "0");
        assert_eq!(limit("Max processes"), "0");
        assert_eq!(limit("Max open files"), "16");
        let space: u64 = limit("Max address space").parse().expect("bytes");
        assert!(space < 1 << 30, "{space}");
    });
}

/// The processes that this one has started and that have not ended.
fn children() -> Vec<u32> {
    let own = std::process::id();
    let tasks = std::fs::read_dir(format!("/proc/{own}/task")).expect("own threads");
    let children = tasks
        .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("children")).ok())
        .collect::<Vec<_>>()
        .join(" ");
    children.split_whitespace().map(|id| id.parse().expect("a process id")).collect()
}

fn kill(process: u32) {
    let id = i32::try_from(process).ok().and_then(rustix::process::Pid::from_raw).expect("an id");
    rustix::process::kill_process(id, rustix::process::Signal::KILL).expect("to kill");
}

/// As much of a test harness as `cargo test` and `cargo nextest` ask for.
fn harness(args: &[String]) -> ExitCode {
    let has = |flag: &str| args.iter().any(|arg| arg == flag);
    let names: Vec<&String> =
        args.iter().filter(|arg| !arg.starts_with("--") && *arg != "terse").collect();
    let wanted = |name: &str| {
        names.is_empty()
            || names.iter().any(|n| if has("--exact") { *n == name } else { name.contains(*n) })
    };
    let mut failed = false;
    for (name, test) in TESTS.iter().filter(|(name, _)| wanted(name)) {
        if has("--ignored") {
            continue;
        }
        if has("--list") {
            println!("{name}: test");
            continue;
        }
        let passed = std::panic::catch_unwind(test).is_ok();
        println!("test {name} ... {}", if passed { "ok" } else { "FAILED" });
        failed |= !passed;
    }
    ExitCode::from(u8::from(failed))
}
