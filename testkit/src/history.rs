//! Checks a whole history: what the database holds, what the bus holds, and what people were told, against each other.
//!
//! It asks PostgreSQL and the bus itself and uses nothing of the program that it judges. What it keeps does not grow
//! with the events: they are read in pages, once by position beside the bus, once by stream; who followed and who
//! wrote is told by a [`Trail`], a number and a position.

mod bus;

use std::collections::HashMap;
use std::fmt;

use sqlx::types::Uuid;
use sqlx::{PgPool, Row as _};

use self::bus::Published;

/// Events read at once.
const PAGE: i64 = 10_000;
/// How many of the faults found are told one by one.
const TOLD: usize = 20;

/// A way through events in order: how many, and a number that no other events or order give.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Trail {
    /// Events so far.
    pub at: u64,
    sum: u64,
}

impl Trail {
    /// Goes one event further.
    pub fn add(&mut self, event_id: u128) {
        self.at += 1;
        for half in [event_id >> 64, event_id & u128::from(u64::MAX)] {
            // FNV-1a's step, over 64 bits at once, with the high bits brought down.
            let half = u64::try_from(half).expect("half of it");
            self.sum = (self.sum ^ half).wrapping_mul(0x0100_0000_01b3_u64 | 1 << 40);
            self.sum ^= self.sum >> 29;
        }
    }
}

/// What was said to be written.
#[derive(Debug, Clone, Copy)]
enum Said {
    /// Events up to this version, each one known.
    All(Trail),
    /// At least so many events.
    Some(u64),
}

/// What is expected of a history.
#[derive(Default)]
pub struct Expected {
    streams: HashMap<String, Said>,
    followers: Vec<(String, Trail)>,
    once: Vec<(String, String)>,
}

impl Expected {
    /// All that a stream (`job-UUID`) should hold: what was acknowledged, and nothing else.
    pub fn stream(&mut self, stream: impl Into<String>, trail: Trail) {
        self.streams.insert(stream.into(), Said::All(trail));
    }

    /// A stream that was acknowledged to be there, with so many events at least.
    pub fn at_least(&mut self, stream: impl Into<String>, events: u64) {
        self.streams.insert(stream.into(), Said::Some(events));
    }

    /// What somebody who followed from the beginning was told.
    pub fn follower(&mut self, name: impl Into<String>, trail: Trail) {
        self.followers.push((name.into(), trail));
    }

    /// An effect that must not be there twice, nor be missing: a query that counts what is wrong.
    pub fn none(&mut self, name: impl Into<String>, query: impl Into<String>) {
        self.once.push((name.into(), query.into()));
    }

    /// Reads all of it: the database at this URL, and the bus when there is one.
    pub async fn check(mut self, database: &str, bus: Option<&str>) -> Report {
        let pool = PgPool::connect(database).await.expect("a database");
        let mut report = Report { acknowledged: self.streams.len(), ..Report::default() };
        by_position(&pool, bus, &self.followers, &mut report).await;
        by_stream(&pool, &mut self.streams, &mut report).await;
        for stream in self.streams.keys() {
            report.lost.found(|| format!("{stream} was acknowledged and is not there"));
        }
        let (waiting,): (i64,) = sqlx::query_as("SELECT count(*) FROM hiresphere.unsequenced")
            .fetch_one(&pool)
            .await
            .expect("a number");
        if waiting != 0 {
            report.lost.found(|| format!("{waiting} events wait for their position"));
        }
        // One cause leads to one event of a type in a stream, however often it was delivered.
        let twice = "SELECT count(*) FROM (SELECT FROM hiresphere.events \
                     WHERE metadata ->> 'causation_id' IS NOT NULL GROUP BY metadata ->> 'causation_id', \
                     event_type, aggregate_type, aggregate_id HAVING count(*) > 1) x";
        self.once.push(("one cause, one effect".into(), twice.into()));
        for (name, query) in &self.once {
            let wrong: i64 = sqlx::query_scalar(query).fetch_one(&pool).await.expect("a number");
            if wrong != 0 {
                report.effects.found(|| format!("{name}: {wrong}"));
            }
            report.rules += 1;
        }
        pool.close().await;
        report
    }
}

/// Faults of one sort: how many, and the first of them.
#[derive(Debug, Default)]
pub struct Faults {
    count: u64,
    told: Vec<String>,
}

impl Faults {
    fn found(&mut self, say: impl FnOnce() -> String) {
        self.count += 1;
        if self.told.len() < TOLD {
            self.told.push(say());
        }
    }
}

/// What was found.
#[derive(Debug, Default)]
pub struct Report {
    /// Events, which is the last position, too.
    pub events: u64,
    /// Streams.
    pub streams: u64,
    /// Messages on the bus that were compared.
    pub published: u64,
    acknowledged: usize,
    followers: usize,
    rules: usize,
    /// Acknowledged and not there, or without a position.
    pub lost: Faults,
    /// Positions that are missing, or that no event has.
    pub holes: Faults,
    /// What is there and nobody wrote, and effects that are not there exactly once.
    pub effects: Faults,
    /// Events of a stream that are not in their order.
    pub inversions: Faults,
    /// Messages that are not the log's event at their place.
    pub bus: Faults,
    /// Followers who were not told exactly the log.
    pub told: Faults,
}

impl Report {
    /// Fails unless there is nothing wrong.
    pub fn is_clean(&self) {
        let all = [&self.lost, &self.holes, &self.effects, &self.inversions, &self.bus, &self.told];
        assert!(all.iter().all(|faults| faults.count == 0), "{self}\n{all:#?}");
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} events in {} streams, {} acknowledged, {} on the bus, {} followers, {} rules of effects: \
             {} lost, {} holes, {} doubled or missing effects, {} inversions, {} wrong on the bus, \
             {} told wrongly",
            self.events,
            self.streams,
            self.acknowledged,
            self.published,
            self.followers,
            self.rules,
            self.lost.count,
            self.holes.count,
            self.effects.count,
            self.inversions.count,
            self.bus.count,
            self.told.count
        )
    }
}

/// Positions 1, 2, 3..., each with an event; the bus has the same one at the same place; so were the followers told.
async fn by_position(
    pool: &PgPool,
    bus: Option<&str>,
    followers: &[(String, Trail)],
    report: &mut Report,
) {
    let sql = "SELECT p.position, e.event_id FROM (SELECT position, seq FROM hiresphere.positions \
               WHERE position > $1 ORDER BY position LIMIT $2) p \
               LEFT JOIN hiresphere.events e USING (seq) ORDER BY p.position";
    let mut published = match bus {
        Some(url) => Some(Published::open(url).await),
        None => None,
    };
    let mut trail = Trail::default();
    let mut last = 0;
    loop {
        let rows = sqlx::query(sql).bind(last).bind(PAGE).fetch_all(pool).await.expect("events");
        if rows.is_empty() {
            break;
        }
        for row in rows {
            let position: i64 = row.get("position");
            if position != last + 1 {
                report.holes.found(|| format!("after {last} comes {position}"));
            }
            last = position;
            let Some(id) = row.get::<Option<Uuid>, _>("event_id") else {
                report.holes.found(|| format!("{position} has no event"));
                continue;
            };
            trail.add(id.as_u128());
            for (name, told) in followers {
                if told.at == trail.at && *told != trail {
                    report.told.found(|| format!("{name}, up to {}", told.at));
                }
            }
            if let Some(published) = &mut published {
                let wrong = published.compare(position.unsigned_abs(), id).await;
                wrong.into_iter().for_each(|wrong| report.bus.found(|| wrong));
            }
        }
    }
    for (name, told) in followers.iter().filter(|(_, told)| told.at != trail.at) {
        report.told.found(|| format!("{name} was told {} of {}", told.at, trail.at));
    }
    if let Some(published) = published {
        report.published = published.compared;
    }
    report.followers = followers.len();
    report.events = trail.at;
    let (events,): (i64,) = sqlx::query_as("SELECT count(*) FROM hiresphere.events")
        .fetch_one(pool)
        .await
        .expect("a number");
    if events.unsigned_abs() != trail.at {
        report.lost.found(|| format!("{events} events, {} positions", trail.at));
    }
}

/// A stream, while it is read.
struct Reading {
    kind: String,
    id: String,
    trail: Trail,
    position: Option<i64>,
    said: Option<Said>,
}

/// Versions 1, 2, 3... of each stream, positions going up with them; what was acknowledged is there, in its place.
async fn by_stream(pool: &PgPool, said: &mut HashMap<String, Said>, report: &mut Report) {
    let sql = "SELECT e.aggregate_type, e.aggregate_id, e.sequence, e.event_id, p.position FROM \
               (SELECT aggregate_type, aggregate_id, sequence, event_id, seq FROM hiresphere.events \
               WHERE (aggregate_type, aggregate_id, sequence) > ($1, $2, $3) \
               ORDER BY aggregate_type, aggregate_id, sequence LIMIT $4) e \
               LEFT JOIN hiresphere.positions p USING (seq) \
               ORDER BY e.aggregate_type, e.aggregate_id, e.sequence";
    let mut reading: Option<Reading> = None;
    let (mut kind, mut id, mut version) = (String::new(), String::new(), 0_i64);
    loop {
        let page = sqlx::query(sql).bind(&kind).bind(&id).bind(version).bind(PAGE);
        let rows = page.fetch_all(pool).await.expect("events");
        let Some(last) = rows.last() else { break };
        (kind, id) = (last.get("aggregate_type"), last.get("aggregate_id"));
        version = last.get("sequence");
        for row in &rows {
            let (kind, id): (&str, &str) = (row.get("aggregate_type"), row.get("aggregate_id"));
            if reading.as_ref().is_none_or(|r| r.kind != kind || r.id != id) {
                if let Some(done) = reading.take() {
                    done.ends(report);
                }
                let said = said.remove(&format!("{kind}-{id}"));
                let (kind, id) = (kind.to_owned(), id.to_owned());
                reading = Some(Reading { kind, id, trail: Trail::default(), position: None, said });
                report.streams += 1;
            }
            let reading = reading.as_mut().expect("one that is read");
            reading.goes_on(row.get("sequence"), row.get("event_id"), row.get("position"), report);
        }
    }
    if let Some(done) = reading {
        done.ends(report);
    }
}

impl Reading {
    fn goes_on(&mut self, version: i64, event: Uuid, position: Option<i64>, report: &mut Report) {
        let name = || format!("{}-{}", self.kind, self.id);
        if version.unsigned_abs() != self.trail.at + 1 {
            report.inversions.found(|| format!("{}: no version before {version}", name()));
        }
        match (self.position, position) {
            (_, None) => report.lost.found(|| format!("{} {version} has no position", name())),
            (Some(before), Some(now)) if now <= before => {
                report.inversions.found(|| format!("{} {version} is at {now}", name()));
            }
            _ => {}
        }
        self.position = position.or(self.position);
        self.trail.add(event.as_u128());
    }

    fn ends(self, report: &mut Report) {
        let Self { kind, id, trail, said, .. } = self;
        let at = trail.at;
        match said {
            None => {}
            Some(Said::Some(events)) if at < events => {
                report.lost.found(|| format!("{kind}-{id}: {at} events of {events}"));
            }
            Some(Said::Some(_)) => {}
            Some(Said::All(all)) if at < all.at => {
                report.lost.found(|| format!("{kind}-{id}: {at} events of {}", all.at));
            }
            Some(Said::All(all)) if at > all.at => {
                report.effects.found(|| format!("{kind}-{id}: {at} events, {} written", all.at));
            }
            Some(Said::All(all)) if trail != all => {
                report.lost.found(|| format!("{kind}-{id}: others than were written"));
            }
            Some(Said::All(_)) => {}
        }
    }
}
