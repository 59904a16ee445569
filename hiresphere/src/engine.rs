//! The only place that picks engines: where the log is, what carries its events, what reads, what grades.

use std::path::PathBuf;
use std::sync::Arc;

use command_api::Workflow;
use domain::actor::{Actor, ActorKind};
use event_log::distributed::{self, Migrated, Settings};
use event_log::folder::Folder;
use event_log::jetstream::{JetStream, JetStreamBus, Options};
use event_log::postgres::PostgresLog;
use event_log::subscribe::Subscription;
use event_log::{DispatchError, Dispatcher, Log};
use notifier::{ClickAnswers, Deliverer, FileSink, LogSink, Notifier, Settings as Notifications};
use projections::{Builder, ReadStore};
use scorers::reading::sandbox::Pool;
use scorers::worker::{Grader, Scorers};
use web::access::Tokens;

use crate::backstage::Backstage;
use crate::failure::Failure;
use crate::grading::Grading;
use crate::settings::{Place, Servers};

/// Streams that the scorers work on at once: enough to keep every reading worker busy while the
/// steps before and after wait for the disk.
const READING_AT_ONCE: usize = 16;

/// Everything one process needs, on either engine.
pub(crate) struct Engine {
    held: Held,
    pub(crate) log: Log,
    pub(crate) dispatcher: Dispatcher,
    pub(crate) read: Arc<ReadStore>,
    pub(crate) builder: Builder,
    pub(crate) scorers: Subscription<Scorers>,
    /// One for each release that this process grades with.
    pub(crate) graders: Vec<Subscription<Grader>>,
    pub(crate) notifier: Subscription<Notifier>,
    /// The same, to be reminded.
    pub(crate) reminders: Arc<Notifier>,
    pub(crate) deliverer: Deliverer,
    pub(crate) notices: notifier::Store,
    pub(crate) notifications: Arc<Notifications>,
    pub(crate) clicks: ClickAnswers,
    pub(crate) workflow: Subscription<Workflow>,
    pub(crate) grading: Grading,
}

/// What is held as long as anything else is used.
enum Held {
    Folder(Folder),
    Servers(Servers),
}

/// Whoever sits at this terminal.
pub(crate) fn operator() -> Actor {
    Actor::new(ActorKind::Member, "operator")
}

/// Makes the tables of the distributed engine, or brings them up to date. Not the read models: those belong to the role
/// that makes them anew, and are made by whoever works with it.
pub(crate) async fn make_tables(servers: &Servers) -> Result<Vec<Migrated>, Failure> {
    let done = distributed::migrate(&servers.database_url, Some(&servers.keys_url)).await?;
    Tokens::connect(&servers.database_url).await?;
    notifier::Store::connect(&servers.database_url).await?;
    Ok(done)
}

/// A log of which no person's key is opened: events as they are, sealed.
pub(crate) async fn sealed_log(
    servers: &Servers,
) -> Result<(Arc<PostgresLog>, JetStream), Failure> {
    let store = Arc::new(PostgresLog::connect(&servers.database_url).await?);
    let bus = JetStream::connect(Options::new(servers.bus()?), store.identity()).await?;
    Ok((store, bus))
}

/// Opens the log on servers; `fresh` may make the master key where nothing is sealed yet.
async fn on_servers(servers: &Servers, fresh: bool) -> Result<Log, Failure> {
    let fresh = fresh && distributed::is_fresh(&servers.keys_url).await?;
    let settings = Settings {
        database_url: servers.database_url.clone(),
        keys_url: Some(servers.keys_url.clone()),
        documents_url: servers.documents_url.clone(),
        master: servers.master_key(fresh)?,
    };
    let (mut log, store) = distributed::open(&settings).await?;
    let bus = JetStream::connect(Options::new(servers.bus()?), store.identity()).await?;
    log.bus = Arc::new(JetStreamBus::new(bus, store.clone()).with_claims(store));
    Ok(log)
}

/// A log to be read only: a server may be at work with it.
pub(crate) async fn look(place: &Place) -> Result<Log, Failure> {
    match place {
        Place::Folder(data) => Ok(Folder::look(data).await?),
        Place::Servers(servers) => on_servers(servers, false).await,
    }
}

impl Engine {
    /// Opens everything for a process that is on its own: a data folder is taken; on servers, tables are made that
    /// are missing.
    pub(crate) async fn open(
        place: &Place,
        readers: Pool,
        grading: Grading,
        notifications: Notifications,
    ) -> Result<Self, Failure> {
        if let Place::Servers(servers) = place {
            make_tables(servers).await?;
        }
        Self::open_made(place, (readers, grading, notifications), true, true).await
    }

    /// Opens everything for one process of several: what is missing is somebody else's to make.
    /// Keys of models are needed only by a process that `grades`.
    pub(crate) async fn join(
        place: &Place,
        readers: Pool,
        grading: Grading,
        notifications: Notifications,
        grades: bool,
    ) -> Result<Self, Failure> {
        Self::open_made(place, (readers, grading, notifications), grades, false).await
    }

    async fn open_made(
        place: &Place,
        (readers, grading, notifications): (Pool, Grading, Notifications),
        grades: bool,
        fresh: bool,
    ) -> Result<Self, Failure> {
        // Before anything is opened: settings that cannot work leave nothing behind.
        let engines = if grades { grading.engines()? } else { vec![] };
        let (held, log, read) = match place {
            Place::Folder(data) => {
                let (folder, log) = Folder::open(data).await?;
                let read = ReadStore::open_or_renew(&folder.read_models()).await?;
                (Held::Folder(folder), log, read)
            }
            Place::Servers(servers) => {
                let log = on_servers(servers, fresh).await?;
                let read = ReadStore::connect(&servers.database_url).await?;
                (Held::Servers(servers.clone()), log, read)
            }
        };
        let read = Arc::new(read);
        let dispatcher = log.dispatcher();
        // Whoever works on from an event does not wait to read what it wrote.
        let impatient = dispatcher.clone().impatient();
        let scorers = Scorers::new(impatient.clone(), Arc::new(readers), grading.asked_of());
        let scorers = Subscription::new(log.clone(), Arc::new(scorers), READING_AT_ONCE);
        let graders = engines.into_iter().map(|engine| {
            let at_once = engine.at_once();
            let grader = Grader::new(impatient.clone(), engine, grading.budgets);
            Subscription::new(log.clone(), Arc::new(grader), at_once)
        });
        let graders = graders.collect();
        let workflow = Workflow::new(impatient.clone());
        let workflow = Subscription::new(log.clone(), Arc::new(workflow), 1);
        let notices = held.data().join("notices.jsonl");
        std::fs::create_dir_all(held.data())
            .map_err(|e| Failure::io("make the data folder", &e))?;
        let file = FileSink::open(&notices).map_err(|e| Failure::io("open the notices", &e))?;
        let sinks: Vec<Arc<dyn notifier::Sink>> = vec![Arc::new(LogSink), Arc::new(file)];
        let notices = match &held {
            Held::Folder(folder) => notifier::Store::open(folder.path()).await?,
            Held::Servers(servers) => notifier::Store::connect(&servers.database_url).await?,
        };
        let notifications = Arc::new(notifications);
        let (store, told) = (notices.clone(), notifications.clone());
        let reminders =
            Arc::new(Notifier::new(impatient.clone(), store.clone(), told.clone(), sinks));
        let notifier = Subscription::new(log.clone(), reminders.clone(), 1);
        let deliverer = Deliverer::new(impatient.clone(), store, told);
        let deliverer = deliverer.map_err(crate::notifications::wrong)?;
        let clicks = ClickAnswers::new(&notifications.slack);
        let clicks = clicks.map_err(crate::notifications::wrong)?;
        let builder = Builder::new(log.clone());
        Ok(Self {
            held,
            builder,
            dispatcher,
            read,
            scorers,
            graders,
            notifier,
            reminders,
            deliverer,
            notices,
            notifications,
            clicks,
            workflow,
            log,
            grading,
        })
    }

    /// What every log needs before it is of use, and what was begun and cut short: done at the start, by whoever
    /// works.
    pub(crate) async fn prepare(&self) -> Result<(), Failure> {
        let actor = Actor::system("setup");
        let setup = command_api::setup(&self.dispatcher, &self.grading.releases(), &actor).await;
        setup.map_err(|e| match e {
            DispatchError::Refused(refusal) if refusal.code == "RELEASE_REGISTERED" => {
                let advice = "raise the release's `version` in the settings: scores name the one that made them";
                Failure::new("RELEASE_REGISTERED", refusal.message, advice)
            }
            other => other.into(),
        })?;
        if event_log::erase::complete_all(&self.log).await? > 0 {
            self.builder.catch_up(&self.read, u64::MAX).await?;
            self.read.forget_older_copies().await?;
        }
        Ok(())
    }

    /// The members' tokens.
    pub(crate) async fn tokens(&self) -> Result<Tokens, Failure> {
        Ok(match &self.held {
            Held::Folder(folder) => Tokens::open(folder.path()).await?,
            Held::Servers(servers) => Tokens::connect(&servers.database_url).await?,
        })
    }

    /// The servers, where there are any.
    pub(crate) fn servers(&self) -> Option<&Servers> {
        match &self.held {
            Held::Folder(_) => None,
            Held::Servers(servers) => Some(servers),
        }
    }

    /// Like [`Self::open`], for one command: what numbers and carries events works in its background, where no other
    /// process does so already. Nothing does on the embedded engine, which needs neither.
    pub(crate) async fn alone(
        place: &Place,
        readers: Pool,
        grading: Grading,
    ) -> Result<(Self, Backstage), Failure> {
        let engine = Self::open(place, readers, grading, Notifications::default()).await?;
        let backstage = match engine.servers() {
            Some(servers) => Backstage::start(servers).await?,
            None => Backstage::none(),
        };
        engine.prepare().await?;
        Ok((engine, backstage))
    }
}

impl Held {
    /// The folder of this process's own files.
    fn data(&self) -> PathBuf {
        match self {
            Self::Folder(folder) => folder.path().to_owned(),
            Self::Servers(servers) => servers.data.clone(),
        }
    }
}
