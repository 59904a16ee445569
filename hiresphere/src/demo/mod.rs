//! `hiresphere demo`: three jobs and twenty sample resumes that the program carries with it.

mod samples;

use domain::ids::JobId;
use projections::models::ranked_pool;

use crate::cli::DemoArgs;
use crate::engine::{Engine, operator};
use crate::failure::Failure;
use crate::flow::{ends_a_way, settle};
use crate::inputs::Input;
use crate::screen::{HandedIn, ephemeral, hand_in, ranked, rows};
use crate::{job_file, out};

pub(crate) async fn run(args: DemoArgs) -> Result<(), Failure> {
    let folder = ephemeral()?;
    let engine = Engine::open(folder.path()).await?;
    let resumes: usize = samples::JOBS.iter().map(|job| job.resumes.len()).sum();
    let jobs = samples::JOBS.len();
    out::print(&format!("Opening {jobs} jobs and applying with {resumes} sample resumes.\n"))?;
    let bar = out::progress(resumes);
    let (ended, total) = (std::sync::atomic::AtomicUsize::new(0), resumes);
    let handed_in = settle(&engine, Box::pin(apply_all(&engine)), |event| {
        if ends_a_way(event) {
            bar.inc(1);
            let n = ended.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
            // Without a bar, progress is lines.
            if bar.is_hidden() && (n.is_multiple_of(5) || n == total) {
                out::note(&format!("read and scored {n} of {total}"));
            }
        }
    })
    .await?;
    bar.finish_and_clear();
    let pool = engine.read.pool().await;
    for (title, job, files) in handed_in {
        let rows = rows(&pool, files, ranked_pool::of_job(&pool, job).await?).await?;
        out::print(&ranked(&title, &rows))?;
    }
    out::print("\nNow your own: hiresphere screen --job my-job.md resumes/\n")?;
    if args.once {
        return Ok(());
    }
    out::note(&format!("The data is in {} until you press Ctrl-C.", folder.path().display()));
    // Until then it stays; `main` ends it.
    std::future::pending().await
}

type Opened = (String, JobId, Vec<(Input, HandedIn)>);

async fn apply_all(engine: &Engine) -> Result<Vec<Opened>, Failure> {
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
            files.push((input, hand_in(engine, id, resume, "demo", &|| {}).await?));
        }
        opened.push((title, id, files));
    }
    Ok(opened)
}
