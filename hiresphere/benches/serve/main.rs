//! The served product under load: the real program, over HTTP and WebSocket, each measurement with its anchor in
//! the same run.
//!
//! `cargo bench -p hiresphere --bench serve -- [apply] [queries] [live] [start] [reading] [hostile] [--full]`: all of them, small, unless
//! told otherwise. `reading` takes the files in the folder `HIRESPHERE_RESUMES`, else the samples; `hostile` those in
//! `HIRESPHERE_HOSTILE`, else made ones.

#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "measures and prints"
)]

mod filling;
mod hostile;
mod live;
#[path = "../../tests/load/mod.rs"]
mod load;
mod processes;
mod reading;

use std::time::{Duration, Instant};

use domain::ids::JobId;
use load::feed::Follower;
use load::people::Person;
use load::{Asker, Place};
use reqwest::StatusCode;
use tokio::sync::watch;

/// How much is measured.
struct Sizes {
    /// Applications that are handed in.
    applied: usize,
    /// Applications that are there.
    there: usize,
    /// Queries of each sort.
    queries: usize,
    /// Commands while others listen.
    commands: usize,
    listeners: usize,
    /// Commands a second.
    rates: &'static [u32],
    starts: usize,
    /// Resumes of each kind that are read.
    read: usize,
    /// Looks in a round beside hostile files, and rounds.
    looks: usize,
    rounds: usize,
}

const SMALL: Sizes = Sizes {
    applied: 60,
    there: 500,
    queries: 100,
    commands: 200,
    listeners: 20,
    rates: &[100],
    starts: 3,
    read: 20,
    looks: 250,
    rounds: 1,
};
const FULL: Sizes = Sizes {
    applied: 1_000,
    there: 10_000,
    queries: 1_000,
    commands: 2_000,
    listeners: 100,
    rates: &[100, 300],
    starts: 10,
    read: 300,
    looks: 1_500,
    rounds: 2,
};

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let asked: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let sizes = if asked.iter().any(|a| a == "--full") { FULL } else { SMALL };
    let all = asked.iter().all(|a| a.starts_with("--"));
    let wanted = |what: &str| all || asked.iter().any(|a| a == what);
    if wanted("apply") {
        apply(&sizes).await;
    }
    if wanted("live") {
        live::measure(&sizes).await;
    }
    if wanted("reading") {
        reading::measure(&sizes).await;
    }
    if ["start", "queries", "hostile"].into_iter().any(wanted) {
        let mut place = Place::new();
        let started = Instant::now();
        let job = filling::fill(&place.data(), sizes.there).await;
        let took = started.elapsed().as_secs_f64();
        println!("\n{} applications written and folded in {took:.1} s", sizes.there);
        if wanted("start") {
            start(&mut Place::new(), "an empty folder", sizes.starts).await;
            start(&mut place, &format!("{} applications", sizes.there), sizes.starts).await;
        }
        if wanted("queries") {
            queries(&mut place, job, &sizes).await;
        }
        if wanted("hostile") {
            hostile::measure(&mut place, job, &sizes).await;
        }
    }
}

/// Milliseconds: the median, the worst but one in a hundred, the worst.
fn line(what: &str, mut times: Vec<f64>, more: &str) {
    times.sort_by(f64::total_cmp);
    let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)];
    println!("{what:<44} {:>8.2} {:>8.2} {:>8.2}   {more}", at(50), at(99), at(100));
}

fn head(what: &str) {
    println!("\n{what:<44}   median     99 %    worst   ms");
}

/// People apply over HTTP while the scorers work on what came in before. The anchor writes the same events and
/// documents through the library, without HTTP and with nobody scoring.
async fn apply(sizes: &Sizes) {
    head("apply");
    for clients in [1, 8] {
        let bare = tempfile::tempdir().expect("a folder");
        let (times, rate) = filling::bare(&bare.path().join("data"), sizes.applied, clients).await;
        line(&format!("bare append, {clients} task(s)"), times, &format!("{rate:.0} /s"));
        let mut place = Place::new();
        let server = place.serve().await;
        let asker = place.asker();
        let job = asker.open_job().await;
        let seen = watch::Sender::new(0);
        let scored = tokio::spawn(Follower::new(&place).until_scored(sizes.applied, vec![], seen));
        let started = Instant::now();
        let applying: Vec<_> = (0..clients)
            .map(|client| {
                let (asker, job) = (asker.clone(), job.clone());
                let mine: Vec<_> =
                    (client..sizes.applied).step_by(clients).map(Person::nth).collect();
                tokio::spawn(async move {
                    let mut times = Vec::new();
                    for person in mine {
                        let started = Instant::now();
                        asker.applied(&job, &person).await;
                        times.push(started.elapsed().as_secs_f64() * 1_000.0);
                    }
                    times
                })
            })
            .collect();
        let mut times = Vec::new();
        for client in applying {
            times.extend(client.await.expect("a client"));
        }
        let answered = started.elapsed().as_secs_f64();
        scored.await.expect("a follower");
        let all = started.elapsed().as_secs_f64();
        let many = sizes.applied as f64;
        let ratio = many / answered / rate;
        let more = format!("{:.0} /s ({ratio:.2}), scored {:.0} /s", many / answered, many / all);
        line(&format!("over HTTP, {clients} client(s), while scoring"), times, &more);
        place.kill(server).await;
    }
}

/// What a look takes. The anchor is the same program's shortest answer.
async fn queries(place: &mut Place, job: JobId, sizes: &Sizes) {
    let server = place.serve().await;
    let asker = place.asker();
    let mut pages = Vec::new();
    let mut ids = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/v1/jobs/{job}/pool?limit=200{cursor}");
        let (_, page) = asker.get(&path).await;
        for row in page["items"].as_array().expect("items") {
            let id = |name: &str| row[name].as_str().expect("an id").to_owned();
            ids.push((id("application"), id("candidate")));
        }
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
        pages.push(cursor.clone());
    }
    assert_eq!(ids.len(), sizes.there);
    pages.push(String::new());
    head(&format!("queries, {} applications", sizes.there));
    let any = |n: usize| &ids[n * 7_919 % ids.len()];
    let q = asker.clone();
    look(&q, "nothing (/healthz)", sizes, |_| "/healthz".into()).await;
    for sort in ["rank", "submitted", "name"] {
        let path = format!("/v1/jobs/{job}/pool?sort={sort}&limit=50");
        look(&q, &format!("pool, first 50 by {sort}"), sizes, |_| path.clone()).await;
    }
    let of = |n: usize| format!("/v1/jobs/{job}/pool?limit=200{}", pages[n * 7 % pages.len()]);
    look(&q, "pool, any 200 by rank", sizes, of).await;
    let path = format!("/v1/jobs/{job}/pool?min_total=70&limit=50");
    look(&q, "pool, first 50 with 70 and more", sizes, |_| path.clone()).await;
    look(&q, "counters", sizes, |_| format!("/v1/jobs/{job}/counters")).await;
    look(&q, "application", sizes, |n| format!("/v1/applications/{}", any(n).0)).await;
    let of = |n: usize| format!("/v1/applications/{}/timeline", any(n).0);
    look(&q, "timeline", sizes, of).await;
    look(&q, "candidates, first 50", sizes, |_| "/v1/candidates?limit=50".into()).await;
    let of = |n: usize| format!("/v1/candidates?limit=50&q=person{}@", n * 7_919 % sizes.there);
    look(&q, "candidates, by an address", sizes, of).await;
    let of = |_| "/v1/candidates?limit=50&q=nobody-like-that".into();
    look(&q, "candidates, nobody found", sizes, of).await;
    look(&q, "candidate", sizes, |n| format!("/v1/candidates/{}", any(n).1)).await;
    place.kill(server).await;
}

async fn look(asker: &Asker, what: &str, sizes: &Sizes, path: impl Fn(usize) -> String) {
    let mut times = Vec::with_capacity(sizes.queries);
    for n in 0..sizes.queries {
        let path = path(n);
        let started = Instant::now();
        let (status, answer) = asker.get(&path).await;
        times.push(started.elapsed().as_secs_f64() * 1_000.0);
        assert_eq!(status, StatusCode::OK, "{path}: {answer}");
    }
    line(what, times, "");
}

/// From the process' beginning to its first "ready", and what it holds when it has nothing to do.
async fn start(place: &mut Place, what: &str, starts: usize) {
    head(&format!("start on {what}"));
    let (mut times, mut memory) = (Vec::new(), 0);
    // The first one makes what is not there yet.
    for round in 0..=starts {
        let started = Instant::now();
        let server = place.serve().await;
        let asker = place.asker();
        while asker.get("/readyz").await.0 != StatusCode::OK {}
        let took = started.elapsed().as_secs_f64() * 1_000.0;
        if round == 0 {
            println!("the first time{:>31.2}", took);
        } else {
            times.push(took);
        }
        if round == starts {
            tokio::time::sleep(Duration::from_secs(3)).await;
            memory = processes::memory(server.id()).expect("a process").now;
        }
        place.kill(server).await;
    }
    line("again", times, &format!("{:.1} MB resident when idle", memory as f64 / 1_024.0));
}
