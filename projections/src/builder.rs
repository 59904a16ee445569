//! The builder: feeds the read models from the log, rows and checkpoint in one transaction.

use std::time::Duration;

use event_log::sql::{Hold, query};
use event_log::{Log, LogError, Recorded, trace};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::{Instrument as _, Span};

use crate::fact::Fact;
use crate::models;
use crate::rows::{Rows, Shelves};
use crate::store::ReadStore;

/// Events read and written at once.
const BATCH: u32 = 2048;
/// How often one that stands by looks whether it is needed, and one at work whether it still is.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// The pause after a database could not be reached.
const AGAIN: Duration = Duration::from_millis(250);
/// How old an event may be for its folding to be a part of its trace.
const TRACED_FOR: Duration = Duration::from_secs(600);

/// Feeds read models.
#[derive(Clone)]
pub struct Builder {
    log: Log,
}

impl Builder {
    /// A builder that reads this log.
    pub fn new(log: Log) -> Self {
        Self { log }
    }

    /// Follows the log until `stop` becomes true or its sender is gone; `seen` is given every event
    /// after it is in the tables.
    ///
    /// Where several processes build the same tables, one of them works and the others stand by, without having
    /// seen anything, until it is gone. A database that cannot be reached is waited for.
    ///
    /// # Errors
    /// A failure of the machine, or an event that cannot be decoded.
    pub async fn run(
        &self,
        store: &ReadStore,
        mut stop: watch::Receiver<bool>,
        seen: impl Fn(&Recorded) + Send + Sync,
    ) -> Result<(), LogError> {
        let mut head = self.log.store.watch();
        let mut moved = store.watch();
        let mut at_work = AtWork { hold: store.builder(), before: false };
        // Alone, nothing changes unseen.
        let look_every = if at_work.hold.is_shared() { LOOK_EVERY } else { Duration::MAX };
        loop {
            head.mark_unchanged();
            let turn = self.turn(store, &mut at_work, &seen).await;
            holding(at_work.before);
            if *stop.borrow() {
                at_work.hold.release().await;
                holding(false);
                return turn.map(drop);
            }
            let (pause, folded_to) = match turn {
                Ok(Some(at)) => (look_every, Some(at)),
                Ok(None) => (look_every, None),
                Err(LogError::Unavailable(why)) => {
                    tracing::warn!(why, "the read models wait for the database");
                    (AGAIN, None)
                }
                Err(error) => return Err(error),
            };
            tokio::select! {
                changed = head.changed(), if folded_to.is_some() => {
                    if changed.is_err() { return Ok(()) }
                }
                // Somebody swapped the tables for others.
                _ = moved.wait_for(|at| Some(*at) != folded_to), if folded_to.is_some() => {}
                () = tokio::time::sleep(pause) => {}
                _ = stop.wait_for(|stop| *stop) => {}
            }
        }
    }

    /// One turn of [`Self::run`]: folds what there is and answers up to where, unless another builder is at work.
    async fn turn(
        &self,
        store: &ReadStore,
        at_work: &mut AtWork,
        seen: &(impl Fn(&Recorded) + Send + Sync),
    ) -> Result<Option<u64>, LogError> {
        let before = std::mem::take(&mut at_work.before);
        if !at_work.hold.mine().await? {
            return Ok(None);
        }
        if !before {
            store.ensure().await?;
        }
        at_work.before = true;
        self.fold(store, u64::MAX, seen).await?;
        store.look().await.map(Some)
    }

    /// Folds events up to `to` (or the log's end) and answers how many there were.
    ///
    /// # Errors
    /// A failure of the machine, or an event that cannot be decoded.
    pub async fn catch_up(&self, store: &ReadStore, to: u64) -> Result<u64, LogError> {
        self.fold(store, to, &|_| {}).await
    }

    /// Like [`Self::catch_up`]; `seen` is given every event that this call has folded.
    pub(crate) async fn fold(
        &self,
        store: &ReadStore,
        to: u64,
        seen: &(impl Fn(&Recorded) + Send + Sync),
    ) -> Result<u64, LogError> {
        let mut at = self.begin(store).await?;
        let mut count = 0;
        // Tables that nobody else writes are as this call left them.
        let kept = store.is_private();
        let mut shelves = Shelves::new(kept && at == 0);
        let mut ahead = Ahead::default();
        while at < to {
            let facts = match ahead.take(at).await {
                Some(facts) => facts?,
                None => self.facts(at, to).await?,
            };
            let Some(last) = facts.last().map(|fact| fact.recorded.position) else { break };
            if facts.len() == BATCH as usize && last < to {
                let builder = self.clone();
                ahead.read(last, async move { builder.facts(last, to).await });
            }
            let written = match write(store, &facts, at, last, &mut shelves).await {
                Err(error) if store.was_swapped(&error) => false,
                written => written?,
            };
            if !(written && kept) {
                shelves = Shelves::new(false);
            }
            if !written {
                // Another builder has folded these, or other tables were swapped in.
                at = self.begin(store).await?;
                continue;
            }
            at = last;
            count += facts.len() as u64;
            store.moved_to(at).await;
            facts.iter().for_each(|fact| seen(&fact.recorded));
        }
        Ok(count)
    }

    /// The next facts behind a position, up to another.
    async fn facts(&self, at: u64, to: u64) -> Result<Vec<Fact>, LogError> {
        let limit = u32::try_from(to - at).unwrap_or(BATCH).min(BATCH);
        let batch = self.log.store.read_all(at, limit).await?;
        self.log.vault.prepare(&batch).await?;
        let mut facts = Vec::with_capacity(batch.len());
        for recorded in batch {
            facts.push(Fact::open(&self.log.vault, recorded).await?);
        }
        Ok(facts)
    }

    /// Where folding goes on.
    async fn begin(&self, store: &ReadStore) -> Result<u64, LogError> {
        let at = match store.checkpoint().await {
            Err(error) if store.was_swapped(&error) => store.checkpoint().await?,
            at => at?,
        };
        let head = self.log.store.head().await?;
        if at > head {
            let lost = format!("the read models are at position {at}, the log ends at {head}");
            return Err(LogError::Damaged(lost));
        }
        Ok(at)
    }
}

/// Tells whoever watches whether this process is the one that builds.
fn holding(held: bool) {
    metrics::gauge!("hiresphere_lease_held", "role" => "projections").set(u8::from(held));
}

/// Whether this builder is the one at work.
struct AtWork {
    hold: Hold,
    /// Whether it was a turn ago.
    before: bool,
}

/// The span of folding an event; none of one that is long past, whose trace nobody looks at when tables are made anew.
fn span_of(event: &Recorded) -> Span {
    let age = chrono::Utc::now() - event.recorded_at;
    match age.to_std() {
        Ok(age) if age > TRACED_FOR => Span::none(),
        _ => trace::handling("projections", event),
    }
}

/// Writes what facts change, from one position to another; nothing, when the tables are not at the first.
async fn write(
    store: &ReadStore,
    facts: &[Fact],
    from: u64,
    to: u64,
    shelves: &mut Shelves,
) -> Result<bool, LogError> {
    let mut tx = store.pool().await.begin().await?;
    // First, so that nobody swaps tables, or folds the same, from here on.
    let sql = "UPDATE checkpoint SET position = $1 WHERE position = $2";
    if query(sql).bind(to).bind(from).execute(&mut tx).await? != 1 {
        return Ok(false);
    }
    let mut rows = Rows::new(shelves, &mut tx);
    models::prepare(facts, &mut rows).await?;
    for fact in facts {
        models::apply(fact, &mut rows).instrument(span_of(&fact.recorded)).await?;
    }
    shelves.write(&mut tx).await?;
    tx.commit().await?;
    shelves.written();
    Ok(true)
}

/// The next batch, read and opened while one is written.
#[derive(Default)]
struct Ahead {
    reading: JoinSet<Result<Vec<Fact>, LogError>>,
    /// Behind which position.
    at: u64,
}

impl Ahead {
    fn read(
        &mut self,
        at: u64,
        facts: impl Future<Output = Result<Vec<Fact>, LogError>> + Send + 'static,
    ) {
        self.at = at;
        self.reading.spawn(facts);
    }

    /// What was read behind a position, if anything was.
    async fn take(&mut self, at: u64) -> Option<Result<Vec<Fact>, LogError>> {
        let read = self.reading.join_next().await?.ok()?;
        (self.at == at).then_some(read)
    }
}
