//! How many resumes of each kind go through in a minute, from being handed in to their score, where their time goes, and what memory
//! the readers take for it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use scorers::reading::{Limits, read};

use crate::Sizes;
use crate::load::people::Person;
use crate::load::{Asker, Place, Server};
use crate::processes::{files_in, memory, numbers, readers, sum, until};

const CLIENTS: usize = 4;
/// Longer than any kind takes.
const PATIENCE: Duration = Duration::from_secs(3_600);
/// Longer than readers of pictures are kept with nothing to do.
const UNTIL_RELEASED: Duration = Duration::from_secs(90);
const STEPS: [&str; 6] = ["fetch", "read", "look", "profile", "grade", "record"];

/// Files by kind: their type, and whether they are pictures of text.
fn kinds() -> BTreeMap<String, Vec<Vec<u8>>> {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let folder = std::env::var_os("HIRESPHERE_RESUMES").map_or(samples, PathBuf::from);
    let mut kinds: BTreeMap<String, Vec<Vec<u8>>> = BTreeMap::new();
    for path in files_in(folder) {
        let Ok(bytes) = std::fs::read(&path) else { continue };
        let reading = read(&bytes, &Limits::default());
        if reading.result.is_err() && !reading.unseen {
            continue;
        }
        let pictures = if reading.unseen { ", pictures" } else { "" };
        let name = reading.sniffed_type.rsplit(['/', '.']).next().unwrap_or_default();
        kinds.entry(format!("{name}{pictures}")).or_default().push(bytes);
    }
    kinds
}

/// The same file with something behind its end, so that no two are the same file.
fn another(bytes: &[u8], n: usize) -> Vec<u8> {
    let behind = format!("\n{n}\n");
    let mut bytes = bytes.to_vec();
    if bytes.starts_with(b"PK\x03\x04") {
        // A zip file ends with the length of its comment, and the comment.
        let length = bytes.len();
        bytes[length - 2..].copy_from_slice(&(behind.len() as u16).to_le_bytes());
    }
    bytes.extend_from_slice(behind.as_bytes());
    bytes
}

pub(crate) async fn measure(sizes: &Sizes) {
    println!(
        "\nresumes of a kind, from being handed in to their score; share of the time that the steps take together\n\
         {:<28} {:>6} {:>9}  {}  MB a reader",
        "",
        "files",
        "a minute",
        STEPS.map(|step| format!("{step:>8}")).concat()
    );
    for (kind, files) in kinds() {
        let looked_at = kind.ends_with("pictures");
        let count = if looked_at { sizes.read / 10 } else { sizes.read }.max(files.len());
        let mut place = Place::new();
        let server = place.serve().await;
        run(&place, &server, &kind, Arc::new(files), count).await;
        place.kill(server).await;
    }
    idle().await;
}

async fn run(place: &Place, server: &Server, kind: &str, files: Arc<Vec<Vec<u8>>>, count: usize) {
    let asker = place.asker();
    let job = asker.open_job().await;
    let started = Instant::now();
    let handing_in: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let (asker, job, files) = (asker.clone(), job.clone(), Arc::clone(&files));
            tokio::spawn(async move {
                for n in (client..count).step_by(CLIENTS) {
                    let resume = another(&files[n % files.len()], n);
                    asker.applied(&job, &Person { resume, ..Person::nth(n) }).await;
                }
            })
        })
        .collect();
    let done = |n: &BTreeMap<String, f64>| {
        let unread = sum(n, "hiresphere_resumes_read_total")
            - n.get("hiresphere_resumes_read_total{outcome=\"text\"}").unwrap_or(&0.0);
        sum(n, "hiresphere_score_run_seconds_count") + unread >= count as f64
    };
    let most = until(&asker, server, PATIENCE, done).await;
    let took = started.elapsed();
    for client in handing_in {
        client.await.expect("a client");
    }
    let numbers = numbers(&asker).await;
    let seconds = STEPS.map(|step| {
        let series = format!("hiresphere_resume_step_seconds_sum{{step=\"{step}\"}}");
        numbers.get(&series).copied().unwrap_or_default()
    });
    let all: f64 = seconds.iter().sum();
    let shares = seconds.map(|seconds| format!("{:>6.1} %", 100.0 * seconds / all)).concat();
    let a_minute = count as f64 * 60.0 / took.as_secs_f64();
    println!("{kind:<28} {count:>6} {a_minute:>9.0}  {shares}  {:>5.0}", most as f64 / 1_024.0);
    let unread: Vec<_> = numbers
        .iter()
        .filter(|(series, _)| series.starts_with("hiresphere_resumes_read_total"))
        .filter(|(series, _)| !series.contains("\"text\""))
        .collect();
    if !unread.is_empty() {
        println!("  of these: {unread:?}");
    }
}

/// What readers hold: with nothing to do, with networks loaded, and after a while with nothing to do.
async fn idle() {
    let picture = kinds().into_iter().find(|(kind, _)| kind.ends_with("pictures"));
    let Some((_, files)) = picture else { return };
    let mut place = Place::new();
    let server = place.serve().await;
    let asker = place.asker();
    let job = asker.open_job().await;
    println!("\nMB held");
    said("before any file", &server);
    hand_in(&asker, &server, &job, Person::nth(1)).await;
    said("after a text", &server);
    hand_in(&asker, &server, &job, Person { resume: files[0].clone(), ..Person::nth(2) }).await;
    said("after a picture", &server);
    let begun = Instant::now();
    let many = readers(&server).len();
    while readers(&server).len() >= many {
        assert!(begun.elapsed() < UNTIL_RELEASED, "the networks are not released");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    said(&format!("{:.0} s later", begun.elapsed().as_secs_f64()), &server);
    place.kill(server).await;
}

async fn hand_in(asker: &Asker, server: &Server, job: &str, person: Person) {
    let before = sum(&numbers(asker).await, "hiresphere_resumes_read_total");
    asker.applied(job, &person).await;
    let read = |n: &BTreeMap<String, f64>| sum(n, "hiresphere_resumes_read_total") > before;
    until(asker, server, PATIENCE, read).await;
}

fn said(when: &str, server: &Server) {
    let megabytes = |kilobytes: u64| format!("{:.0}", kilobytes as f64 / 1_024.0);
    let own = memory(server.id()).map_or(0, |memory| memory.now);
    let of_readers: Vec<String> =
        readers(server).iter().map(|reader| megabytes(reader.now)).collect();
    println!("{when:<28} server {}, readers {}", megabytes(own), of_readers.join(" and "));
}
