//! The hub: reads the log once for all connections and keeps the latest events at hand.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use axum::extract::ws::Utf8Bytes;
use domain::application::{Application, ApplicationEvent};
use domain::ids::{ApplicationId, JobId, StreamKind};
use domain::interview::Interview;
use domain::offer::Offer;
use event_log::{Log, LogError, Recorded};
use tokio::sync::watch;

use super::view::Viewer;

/// Events kept at hand; whoever is further behind reads the log.
const AT_HAND: usize = 4096;
/// Events read from the log at once.
const BATCH: u32 = 256;
/// Applications whose job is remembered.
const REMEMBERED: usize = 100_000;

/// An event at hand.
#[derive(Debug)]
pub struct Kept {
    /// The event.
    pub event: Recorded,
    told: OnceLock<Utf8Bytes>,
}

impl Kept {
    fn new(event: Recorded) -> Arc<Self> {
        Arc::new(Self { event, told: OnceLock::new() })
    }

    /// The message to a viewer, if it is for them. What members are told is written once, however many listen.
    ///
    /// # Errors
    /// `EVENT_UNDECODABLE`.
    pub fn message(&self, viewer: &mut Viewer) -> Result<Option<Utf8Bytes>, LogError> {
        if *viewer != Viewer::Member {
            return self.write(viewer);
        }
        if let Some(text) = self.told.get() {
            return Ok(Some(text.clone()));
        }
        let written = self.write(viewer)?;
        Ok(written.map(|text| self.told.get_or_init(|| text).clone()))
    }

    fn write(&self, viewer: &mut Viewer) -> Result<Option<Utf8Bytes>, LogError> {
        let Some(message) = viewer.sees(&self.event)? else { return Ok(None) };
        let text = serde_json::to_string(&message)
            .map_err(|e| LogError::Io { doing: "write a message", problem: e.to_string() })?;
        Ok(Some(text.into()))
    }
}

/// Feeds every connection of one server.
#[derive(Clone)]
pub struct Hub {
    inner: Arc<Inner>,
}

struct Inner {
    log: Log,
    latest: RwLock<VecDeque<Arc<Kept>>>,
    jobs: Mutex<HashMap<ApplicationId, JobId>>,
    head: watch::Sender<u64>,
}

impl Hub {
    /// A hub over a log; [`Hub::run`] makes it follow.
    ///
    /// # Errors
    /// A failure of the machine.
    pub async fn new(log: Log) -> Result<Self, LogError> {
        let head = watch::Sender::new(log.store.head().await?);
        let inner = Inner {
            log,
            latest: RwLock::new(VecDeque::with_capacity(AT_HAND)),
            jobs: Mutex::new(HashMap::new()),
            head,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Follows the log for as long as it is let: over the bus where there is one.
    ///
    /// # Errors
    /// A failure of the machine.
    pub async fn run(&self) -> Result<(), LogError> {
        let at = *self.inner.head.borrow();
        let mut feed = self.inner.log.bus.follow(at).await?;
        loop {
            self.keep(feed.next().await?);
        }
    }

    /// Takes the next events.
    fn keep(&self, batch: Vec<Recorded>) {
        let Some(last) = batch.last().map(|e| e.position) else { return };
        {
            let mut latest = self.inner.latest.write().unwrap_or_else(PoisonError::into_inner);
            for event in batch {
                if latest.len() == AT_HAND {
                    latest.pop_front();
                }
                latest.push_back(Kept::new(event));
            }
        }
        self.inner.head.send_replace(last);
    }

    /// The position up to which events can be read here; changes as they come.
    pub fn head(&self) -> watch::Receiver<u64> {
        self.inner.head.subscribe()
    }

    /// The next events after a position, in order; none when there are none yet.
    ///
    /// # Errors
    /// A failure of the machine.
    pub async fn after(&self, position: u64) -> Result<Vec<Arc<Kept>>, LogError> {
        if position >= *self.inner.head.borrow() {
            return Ok(vec![]);
        }
        {
            let latest = self.inner.latest.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(first) = latest.front().map(|kept| kept.event.position)
                && position + 1 >= first
            {
                let skip = usize::try_from(position + 1 - first).unwrap_or(usize::MAX);
                return Ok(latest.iter().skip(skip).take(BATCH as usize).cloned().collect());
            }
        }
        let batch = self.inner.log.store.read_all(position, BATCH).await?;
        Ok(batch.into_iter().map(Kept::new).collect())
    }

    /// The job that an event is about, when it is about a job, an application or what belongs to one.
    ///
    /// # Errors
    /// A failure of the machine.
    pub async fn job_of(&self, event: &Recorded) -> Result<Option<JobId>, LogError> {
        match event.stream.kind {
            StreamKind::Job => Ok(Some(event.stream.id.into())),
            StreamKind::Application => self.job_of_application(event.stream.id.into()).await,
            StreamKind::Interview => {
                self.job_of_application(event.decode::<Interview>()?.application()).await
            }
            StreamKind::Offer => {
                self.job_of_application(event.decode::<Offer>()?.application()).await
            }
            StreamKind::Candidate
            | StreamKind::Rubric
            | StreamKind::ModelRelease
            | StreamKind::Member
            | StreamKind::Subscription
            | StreamKind::Notification => Ok(None),
        }
    }

    async fn job_of_application(&self, id: ApplicationId) -> Result<Option<JobId>, LogError> {
        let remembered = || self.inner.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(job) = remembered().get(&id).copied() {
            return Ok(Some(job));
        }
        let stream = self.inner.log.store.read_stream(id.stream(), 0).await?;
        let Some(first) = stream.first() else { return Ok(None) };
        let ApplicationEvent::ApplicationSubmitted { job, .. } = first.decode::<Application>()?
        else {
            return Ok(None);
        };
        let mut jobs = remembered();
        if jobs.len() >= REMEMBERED {
            jobs.clear();
        }
        jobs.insert(id, job);
        Ok(Some(job))
    }
}
