//! `hiresphere demo`: three jobs and twenty sample resumes that the program carries with it, served.

mod samples;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use domain::ids::JobId;
use event_log::Recorded;
use projections::live::view::Viewer;
use projections::models::ranked_pool;
use tokio::net::TcpListener;
use tokio::sync::watch;
use web::limits::BodyTime;

use crate::cli::DemoArgs;
use crate::engine::{Engine, operator};
use crate::failure::Failure;
use crate::flow::{ends_a_way, settle};
use crate::grading::Grading;
use crate::inputs::Input;
use crate::screen::{HandedIn, ephemeral, hand_in, ranked, rows};
use crate::serve::{Role, Server, listen};
use crate::settings::Place;
use crate::{job_file, out, readers, tail};

pub(crate) async fn run(args: DemoArgs) -> Result<(), Failure> {
    let folder = ephemeral()?;
    let place = match args.place.place()? {
        // A throw-away one, unless servers were named.
        Place::Folder(_) => Place::Folder(folder.path().to_owned()),
        servers => servers,
    };
    let readers = readers::warned(&args.sandbox).await?;
    let (jobs, resumes) = (samples::JOBS.len(), resumes());
    out::print(&format!("Opening {jobs} jobs and applying with {resumes} sample resumes.\n"))?;
    if args.once {
        let (engine, backstage) = Engine::alone(&place, readers, Grading::local()).await?;
        let opened = Box::pin(settled(&engine)).await?;
        backstage.end().await;
        return tables(&engine, opened).await;
    }
    let engine = Engine::open(&place, readers, Grading::local(), Default::default()).await?;
    let listener = free(args.listen).await?;
    let server = Server::new(engine, &Role::ALL, listener, vec![], BodyTime::default()).await?;
    Box::pin(served(server)).await
}

fn resumes() -> usize {
    samples::JOBS.iter().map(|job| job.resumes.len()).sum()
}

/// The address that was asked for, or another one when somebody has it.
async fn free(address: SocketAddr) -> Result<TcpListener, Failure> {
    match listen(address).await {
        Ok(listener) => Ok(listener),
        Err(taken) => {
            out::note(&taken.message);
            listen(SocketAddr::new(address.ip(), 0)).await
        }
    }
}

/// Applies, and waits until everything is read and scored.
async fn settled(engine: &Engine) -> Result<Vec<Opened>, Failure> {
    let total = resumes();
    let bar = out::progress(total);
    let ended = AtomicUsize::new(0);
    let opened = Box::pin(settle(engine, Box::pin(apply_all(engine, &|| ())), |event| {
        if ends_a_way(event) {
            bar.inc(1);
            let n = ended.fetch_add(1, Ordering::Relaxed) + 1;
            // Without a bar, progress is lines.
            if bar.is_hidden() && (n.is_multiple_of(5) || n == total) {
                out::note(&format!("read and scored {n} of {total}"));
            }
        }
    }))
    .await?;
    bar.finish_and_clear();
    Ok(opened)
}

/// Applies while the server runs, showing the live feed; then the tables and where to go on.
async fn served(server: Server) -> Result<(), Failure> {
    let engine = server.engine.clone();
    let (address, token) = (server.address, server.first_token.clone().unwrap_or_default());
    let ended = Arc::new(watch::Sender::new(0));
    let (mut all, one_more) = (ended.subscribe(), ended.clone());
    let seen = move |event: &Recorded| {
        tell(event);
        if ends_a_way(event) {
            one_more.send_modify(|n| *n += 1);
        }
    };
    let showing = async move {
        // What applied in an earlier run is at its end already.
        let opened = apply_all(&engine, &|| ended.send_modify(|n| *n += 1)).await?;
        drop(ended);
        // A sender that is gone: the server was ended.
        if all.wait_for(|n| *n >= resumes()).await.is_err() {
            return Ok(());
        }
        tables(&engine, opened).await?;
        out::print(&format!(
            "\nServing until you press Ctrl-C; the data goes with it.\n\n  \
             reference   http://{address}/docs\n  \
             open jobs   http://{address}/v1/open-jobs\n  \
             live feed   HIRESPHERE_TOKEN={token} hiresphere tail --url http://{address} --after 0\n  \
             jobs        curl -H 'Authorization: Bearer {token}' http://{address}/v1/jobs\n"
        ))
    };
    let serving = server.run(std::future::pending(), seen);
    tokio::try_join!(serving, showing).map(drop)
}

/// An event as a line of the live feed.
fn tell(event: &Recorded) {
    let Ok(Some(message)) = Viewer::Member.sees(event) else { return };
    if let Ok(message) = serde_json::to_value(&message) {
        // Nobody is there to read it: not the feed's concern.
        let _ = out::print(&format!("{}\n", tail::line(&message)));
    }
}

type Opened = (String, JobId, Vec<(Input, HandedIn)>);

async fn tables(engine: &Engine, opened: Vec<Opened>) -> Result<(), Failure> {
    let pool = engine.read.pool().await;
    for (title, job, files) in opened {
        let rows = rows(&pool, files, ranked_pool::of_job(&pool, job).await?).await?;
        out::print(&ranked(&title, &rows))?;
    }
    out::print("\nNow your own: hiresphere screen --job my-job.md resumes/\n")
}

async fn apply_all(engine: &Engine, known: &impl Fn()) -> Result<Vec<Opened>, Failure> {
    let mut opened = Vec::new();
    for job in samples::JOBS {
        let posting = job_file::posting(job.text, job.file)?;
        let title = posting.title.clone();
        let id = command_api::open_job(&engine.dispatcher, posting, &operator()).await?;
        let mut files = Vec::new();
        for (name, bytes) in job.resumes {
            let path = std::path::PathBuf::from(name);
            let input = Input { absolute: path.clone(), path };
            let resume = command_api::Resume {
                origin: format!("sample:{}/{name}", job.file),
                file: input.name(),
                bytes: bytes.to_vec(),
            };
            files.push((input, hand_in(engine, id, resume, "demo", known).await?));
        }
        opened.push((title, id, files));
    }
    Ok(opened)
}
