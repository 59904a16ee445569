//! The builder: feeds the read models from the log, rows and checkpoint in one transaction.

use std::time::{Duration, Instant};

use event_log::sql::Hold;
use event_log::{Log, LogError, Recorded, trace};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::{Instrument as _, Span};

use crate::fact::Fact;
use crate::models;
use crate::rows::{Rows, Shelves};
use crate::store::{ReadStore, Which};

/// Events read and written at once.
const BATCH: u32 = 2048;
/// How often one that stands by looks whether it is needed, and one at work whether it still is.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// The pause after a database could not be reached.
const AGAIN: Duration = Duration::from_millis(250);
/// Rows of a table that are kept from one batch to the next, at most: while live, and where nobody else writes, as in a
/// rebuild.
const KEPT: usize = 5_000;
const KEPT_ALONE: usize = 50_000;
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
        let mut at_work = AtWork { hold: store.builder(), before: false, asked: None, left: None };
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
        if !(before && at_work.asked_lately()) {
            at_work.asked = None;
            if !at_work.hold.mine().await? {
                at_work.left = None;
                return Ok(None);
            }
            at_work.asked = Some(Instant::now());
        }
        if !before {
            store.ensure().await?;
        }
        at_work.before = true;
        loop {
            let folded = self.fold_on(store, &mut at_work.left, u64::MAX, seen).await?;
            let left = at_work.left.as_ref().map(|left| left.at);
            if let Some(at) = left
                && folded > 0
            {
                return Ok(Some(at));
            }
            // Nothing new. Or the tables were swapped for older ones.
            let at = store.look().await?;
            if left == Some(at) {
                return Ok(left);
            }
            at_work.left = None;
        }
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
        self.fold_on(store, &mut None, to, seen).await
    }

    /// Like [`Self::fold`], from where this builder has left the tables, when it has.
    async fn fold_on(
        &self,
        store: &ReadStore,
        left: &mut Option<Left>,
        to: u64,
        seen: &(impl Fn(&Recorded) + Send + Sync),
    ) -> Result<u64, LogError> {
        let mut tables = match left.take() {
            Some(left) => left,
            None => self.begin(store).await?,
        };
        let mut count = 0;
        let mut ahead = Ahead::default();
        while tables.at < to {
            let at = tables.at;
            let facts = match ahead.take(at).await {
                Some(facts) => facts?,
                None => self.facts(at, to).await?,
            };
            let Some(last) = facts.last().map(|fact| fact.recorded.position) else { break };
            let full = facts.len() == BATCH as usize;
            if full && last < to {
                let builder = self.clone();
                ahead.read(last, async move { builder.facts(last, to).await });
            }
            let written = match write(store, &facts, last, &mut tables).await {
                Err(error) if store.was_swapped(&error) => false,
                written => written?,
            };
            if !written {
                // Another builder has folded these, or other tables were swapped in.
                tables = self.begin(store).await?;
                continue;
            }
            count += facts.len() as u64;
            store.moved_to(last).await;
            facts.iter().for_each(|fact| seen(&fact.recorded));
            if !full {
                break;
            }
        }
        *left = Some(tables);
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
    async fn begin(&self, store: &ReadStore) -> Result<Left, LogError> {
        let at = match store.checkpoint().await {
            Err(error) if store.was_swapped(&error) => store.checkpoint().await?,
            at => at?,
        };
        let head = self.log.store.head().await?;
        if at > head {
            let lost = format!("the read models are at position {at}, the log ends at {head}");
            return Err(LogError::Damaged(lost));
        }
        let kept = if store.is_private() { KEPT_ALONE } else { KEPT };
        // Tables that are at no event are empty.
        Ok(Left { at, which: None, shelves: Shelves::new(at == 0, kept) })
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
    /// When it was last asked.
    asked: Option<Instant>,
    /// How it left the tables.
    left: Option<Left>,
}

impl AtWork {
    /// Whether it need not be asked again yet. It is no fence anyway; the checkpoint is.
    fn asked_lately(&self) -> bool {
        self.hold.lives() && self.asked.is_some_and(|asked| asked.elapsed() < LOOK_EVERY)
    }
}

/// Tables as a builder has left them. As long as they stand where it left them and are the same ones, nobody else has
/// written them, and rows in memory are as they are in the tables.
struct Left {
    at: u64,
    /// Which tables they are, once something was written to them.
    which: Option<Which>,
    shelves: Shelves,
}

/// The span of folding an event; none of one that is long past, whose trace nobody looks at when tables are made anew.
fn span_of(event: &Recorded) -> Span {
    let age = chrono::Utc::now() - event.recorded_at;
    match age.to_std() {
        Ok(age) if age > TRACED_FOR => Span::none(),
        _ => trace::handling("projections", event),
    }
}

/// Writes what facts change, up to a position; nothing, when the tables are not where they were left.
async fn write(
    store: &ReadStore,
    facts: &[Fact],
    to: u64,
    left: &mut Left,
) -> Result<bool, LogError> {
    let (mut tx, which) = store.begin().await?;
    // First, so that nobody swaps tables, or folds the same, from here on.
    let Some(which) = which.moved(&mut tx, left.at, to).await? else { return Ok(false) };
    if left.which.replace(which).is_some_and(|before| before != which) {
        left.shelves.forget();
    }
    let mut rows = Rows::new(&mut left.shelves, &mut tx);
    models::prepare(facts, &mut rows).await?;
    for fact in facts {
        models::apply(fact, &mut rows).instrument(span_of(&fact.recorded)).await?;
    }
    left.shelves.write(&mut tx).await?;
    tx.commit().await?;
    left.shelves.written();
    left.at = to;
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
