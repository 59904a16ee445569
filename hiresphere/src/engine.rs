//! The only place that picks engines: where the log is, what reads, what grades.

use std::path::Path;
use std::sync::Arc;

use domain::actor::{Actor, ActorKind};
use event_log::folder::Folder;
use event_log::subscribe::Subscription;
use event_log::{Dispatcher, Log};
use notifier::{FileChannel, LogChannel, Notifier};
use projections::{Builder, ReadStore};
use scorers::reading::sandbox::{Pool, PoolConfig};
use scorers::worker::{BaselineEngine, Engine as Grading, Scorers};

use crate::READ_WORKER;
use crate::failure::Failure;

/// Streams that the scorers work on at once: enough to keep every reading worker busy while the
/// steps before and after wait for the disk.
const SCORING_AT_ONCE: usize = 16;

/// Everything one process needs, on the embedded engine.
pub(crate) struct Engine {
    // Held as long as anything else is used.
    _folder: Folder,
    pub(crate) log: Log,
    pub(crate) dispatcher: Dispatcher,
    pub(crate) read: Arc<ReadStore>,
    pub(crate) builder: Builder,
    pub(crate) scorers: Subscription<Scorers>,
    pub(crate) notifier: Subscription<Notifier>,
    pub(crate) grading: Arc<dyn Grading>,
}

/// Whoever sits at this terminal.
pub(crate) fn operator() -> Actor {
    Actor::new(ActorKind::Member, "operator")
}

/// Child processes of this program that read files.
pub(crate) fn readers() -> Result<Pool, Failure> {
    let program = std::env::current_exe().map_err(|e| Failure::io("find this program", &e))?;
    Ok(Pool::new(PoolConfig::new(program, vec![READ_WORKER.into()])))
}

impl Engine {
    /// Takes a data folder and makes it ready.
    pub(crate) async fn open(data: &Path) -> Result<Self, Failure> {
        let (folder, log) = Folder::open(data).await?;
        let read = Arc::new(ReadStore::open_or_renew(&folder.read_models()).await?);
        let dispatcher = log.dispatcher();
        let grading: Arc<dyn Grading> = Arc::new(BaselineEngine);
        command_api::setup(&dispatcher, grading.release(), &Actor::system("setup")).await?;
        let scorers = Scorers::new(dispatcher.clone(), Arc::new(readers()?), grading.clone());
        let scorers = Subscription::new(log.clone(), Arc::new(scorers), SCORING_AT_ONCE);
        let file = FileChannel::open(&folder.path().join("notices.jsonl"))
            .map_err(|e| Failure::io("open the notices", &e))?;
        let notifier = Notifier::new(log.clone(), vec![Arc::new(LogChannel), Arc::new(file)]);
        let notifier = Subscription::new(log.clone(), Arc::new(notifier), 1);
        let builder = Builder::new(log.clone());
        if event_log::erase::complete_all(&log).await? > 0 {
            builder.catch_up(&read, u64::MAX).await?;
            read.forget_older_copies().await?;
        }
        Ok(Self { _folder: folder, builder, dispatcher, read, scorers, notifier, log, grading })
    }
}
