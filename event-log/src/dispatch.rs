//! Command dispatch: load, decide, seal, append.
//!
//! The only place where an event is made. A command's idempotency key is appended with its events, or
//! alone when the command changed nothing, so that a second delivery answers what the first did and a
//! late one does not take effect on what others did meanwhile. An append whose outcome is unknown is
//! never repeated blindly, the key is looked up instead.

use std::time::Duration;

use cqrs_es::DomainEvent as _;
use domain::actor::Actor;
use domain::decide::{Decider, Issued, Named as _, Reserve};
use domain::ids::{CommandId, EventId, StreamId};
use domain::refusal::Refusal;
use serde::Deserialize;
use serde_json::value::RawValue;
use tracing::Instrument as _;
use uuid::Uuid;

use crate::error::LogError;
use crate::event::{NewEvent, header};
use crate::ports::{Append, AppendError, Handled, Idempotency};
use crate::{Log, trace};

/// How long a command waits for its position once it is committed.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often a decision is made anew when its stream moved on meanwhile.
const ATTEMPTS: u32 = 16;

/// A command on its way to an aggregate.
#[derive(Debug, Clone)]
pub struct Envelope<C> {
    /// The aggregate's id.
    pub id: Uuid,
    /// The command.
    pub command: C,
    /// Who issues it.
    pub actor: Actor,
    /// Chosen by the caller; the same key again answers the same.
    pub idempotency_key: Option<String>,
    /// What the caller sent, to tell a repeat from another command under the same key.
    pub body: Vec<u8>,
    /// The version the caller saw (If-Match).
    pub expected_version: Option<u64>,
    /// The event that led to it.
    pub causation_id: Option<EventId>,
    /// What it belongs to; a new one is made when it is absent.
    pub correlation_id: Option<String>,
    /// W3C trace context.
    pub traceparent: Option<String>,
}

impl<C> Envelope<C> {
    /// A command without a key, an expected version or a cause.
    pub fn new(id: impl Into<Uuid>, command: C, actor: Actor) -> Self {
        Self {
            id: id.into(),
            command,
            actor,
            idempotency_key: None,
            body: Vec::new(),
            expected_version: None,
            causation_id: None,
            correlation_id: None,
            traceparent: None,
        }
    }

    /// Names the command, so that it takes effect once.
    #[must_use]
    pub fn once(mut self, key: impl Into<String>) -> Self {
        self.idempotency_key = Some(key.into());
        self
    }

    /// Says which event led to it, and what it belongs to.
    #[must_use]
    pub fn because_of(mut self, event: &crate::Recorded) -> Self {
        self.causation_id = Some(event.event_id);
        self.correlation_id = Some(event.correlation_id.clone());
        self.traceparent.clone_from(&event.traceparent);
        self
    }
}

/// Where a command ended up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The stream it went to.
    pub stream: StreamId,
    /// The stream's version after it.
    pub version: u64,
    /// The position to read one's own write at: that of the stream's last event. `None` when the sequencer
    /// did not give it in time; the same command under the same key answers it later.
    pub position: Option<u64>,
    /// How many events it led to, this time.
    pub events: usize,
}

/// Why a command had no effect.
#[derive(Debug, thiserror::Error)]
pub enum DispatchError {
    /// The rules do not allow it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The machine.
    #[error(transparent)]
    Log(#[from] LogError),
}

impl DispatchError {
    /// The stable code of the refusal or failure.
    pub fn code(&self) -> &str {
        match self {
            Self::Refused(refusal) => &refusal.code,
            Self::Log(error) => error.code(),
        }
    }
}

/// Dispatches commands onto a log.
#[derive(Clone)]
pub struct Dispatcher {
    log: Log,
    patience: Duration,
}

/// An event as serde writes it, taken apart.
#[derive(Deserialize)]
struct Tagged<'a> {
    #[serde(borrow)]
    data: &'a RawValue,
}

impl Dispatcher {
    /// A dispatcher onto a log.
    pub fn new(log: Log) -> Self {
        Self { log, patience: PATIENCE }
    }

    /// A dispatcher that does not wait for positions: for those who work on and do not read what they wrote.
    #[must_use]
    pub fn impatient(mut self) -> Self {
        self.patience = Duration::ZERO;
        self
    }

    /// The log it dispatches onto.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// An aggregate as its stream stands, and the stream's version.
    ///
    /// # Errors
    /// `EVENT_UNDECODABLE`, `IO`.
    pub async fn load<A: Decider>(&self, id: Uuid) -> Result<(A, u64), LogError> {
        let (aggregate, version, _) = self.fold::<A>(id).await?;
        Ok((aggregate, version))
    }

    /// An aggregate as its stream stands, the stream's version, and the position of its last event, if it has
    /// one yet.
    async fn fold<A: Decider>(&self, id: Uuid) -> Result<(A, u64, Option<u64>), LogError> {
        let mut aggregate = A::default();
        let (mut version, mut position) = (0, Some(0));
        for recorded in self.log.store.read_stream(StreamId::new(A::KIND, id), 0).await? {
            version = recorded.version;
            position = Some(recorded.position).filter(|at| *at > 0);
            aggregate.apply(recorded.decode::<A>()?);
        }
        Ok((aggregate, version, position))
    }

    /// What was answered to the command with this key before.
    ///
    /// # Errors
    /// `IDEMPOTENCY_MISMATCH`, or a failure of the machine.
    pub async fn repeated(&self, key: &str, body: &[u8]) -> Result<Option<Outcome>, DispatchError> {
        let Some(handled) = self.log.store.handled(key).await? else { return Ok(None) };
        let fingerprint = self.log.vault.blind("command", body);
        let outcome = repeat(&Idempotency { key: key.to_owned(), fingerprint }, handled)?;
        self.place(outcome).await.map(Some)
    }

    /// Decides a command and appends what was decided.
    ///
    /// # Errors
    /// A refusal of the aggregate, `STALE_VERSION`, `IDEMPOTENCY_MISMATCH`, or a failure of the machine.
    pub async fn dispatch<A>(
        &self,
        mut envelope: Envelope<A::Order>,
    ) -> Result<Outcome, DispatchError>
    where
        A: Decider,
        A::Order: Clone,
    {
        let command = envelope.command.name();
        let stream = StreamId::new(A::KIND, envelope.id);
        let span = trace::commanding(command, stream, envelope.traceparent.as_deref());
        // Whoever handles its events goes on from here.
        envelope.traceparent = trace::traceparent(&span).or(envelope.traceparent);
        let committed = self.commit::<A>(envelope).instrument(span).await;
        let outcome = match &committed {
            Ok(outcome) if outcome.events > 0 => "accepted",
            Ok(_) => "unchanged",
            Err(DispatchError::Refused(_)) => "refused",
            Err(DispatchError::Log(_)) => "failed",
        };
        metrics::counter!("hiresphere_commands_total", "command" => command, "outcome" => outcome)
            .increment(1);
        self.place(committed?).await
    }

    /// Waits for the position of what was committed, as long as it is patient.
    async fn place(&self, mut outcome: Outcome) -> Result<Outcome, DispatchError> {
        if outcome.position.is_none() && !self.patience.is_zero() {
            let placed = self.log.store.placed(outcome.stream, outcome.version);
            // It is committed: a failure to learn where must not look like a failure to write.
            if let Ok(Ok(position)) = tokio::time::timeout(self.patience, placed).await {
                outcome.position = Some(position);
            }
        }
        Ok(outcome)
    }

    async fn commit<A>(&self, envelope: Envelope<A::Order>) -> Result<Outcome, DispatchError>
    where
        A: Decider,
        A::Order: Clone,
    {
        let idempotency = envelope.idempotency_key.as_ref().map(|key| Idempotency {
            key: key.clone(),
            fingerprint: self.log.vault.blind("command", &envelope.body),
        });
        if let Some(mine) = &idempotency
            && let Some(handled) = self.log.store.handled(&mine.key).await?
        {
            return repeat(mine, handled);
        }
        for _ in 0..ATTEMPTS {
            match self.attempt::<A>(&envelope, idempotency.clone()).await {
                Err(Attempt::Stale { actual }) => {
                    if envelope.expected_version.is_some() {
                        return Err(stale(actual).into());
                    }
                }
                Err(Attempt::Repeated(handled)) => {
                    return match &idempotency {
                        Some(mine) => repeat(mine, handled),
                        None => Err(stale(handled.appended.version).into()),
                    };
                }
                Err(Attempt::Failed(error)) => return Err(error),
                Ok(outcome) => return Ok(outcome),
            }
        }
        Err(LogError::Io {
            doing: "append",
            problem: format!("the stream moved on {ATTEMPTS} times in a row"),
        }
        .into())
    }

    async fn attempt<A>(
        &self,
        envelope: &Envelope<A::Order>,
        idempotency: Option<Idempotency>,
    ) -> Result<Outcome, Attempt>
    where
        A: Decider,
        A::Order: Clone,
    {
        let stream = StreamId::new(A::KIND, envelope.id);
        let (aggregate, version, place) = self.fold::<A>(envelope.id).await?;
        // Of what does not exist, the rules say so better than a version does.
        if version > 0 && envelope.expected_version.is_some_and(|expected| expected != version) {
            return Err(Attempt::Stale { actual: version });
        }
        let at = self.log.clock.now();
        let command = envelope.command.clone();
        let issued = Issued { actor: envelope.actor.clone(), at, command };
        let decision = aggregate.decide(issued)?;
        if decision.events.is_empty() && idempotency.is_none() {
            let position = place;
            return Ok(Outcome { stream, version, position, events: 0 });
        }
        let count = decision.events.len();
        let reservations = decision.reservations.clone();
        let events = self.seal::<A>(envelope, stream, version, aggregate, decision.events).await?;
        let append = Append {
            stream,
            expected_version: version,
            events,
            reservations: decision.reservations,
            idempotency,
        };
        match self.log.store.append(append).await {
            Ok(done) => Ok(Outcome {
                stream,
                version: done.version,
                position: done.position,
                events: count,
            }),
            Err(AppendError::StaleVersion { actual }) => Err(Attempt::Stale { actual }),
            Err(AppendError::Repeated(handled)) => Err(Attempt::Repeated(handled)),
            Err(AppendError::Taken { index, holder }) => {
                Err(refusal_of(&reservations, index, Some(holder)).into())
            }
            Err(AppendError::NotAsRequired { index }) => {
                Err(refusal_of(&reservations, index, None).into())
            }
            Err(AppendError::Log(error)) => Err(error.into()),
        }
    }

    /// Gives the decided events their envelopes and seals their personal fields.
    async fn seal<A: Decider>(
        &self,
        envelope: &Envelope<A::Order>,
        stream: StreamId,
        version: u64,
        mut aggregate: A,
        events: Vec<A::Event>,
    ) -> Result<Vec<NewEvent>, LogError> {
        let command_id = CommandId(self.log.ids.next());
        let correlation_id =
            envelope.correlation_id.clone().unwrap_or_else(|| command_id.to_string());
        let occurred_at = self.log.clock.now();
        let mut sealed = Vec::with_capacity(events.len());
        for (mut event, version) in events.into_iter().zip(version + 1..) {
            // After the event, because the first one says whose stream it is.
            aggregate.apply(event.clone());
            let event_id = EventId(self.log.ids.next());
            let kind = event.event_type();
            let key_id = match aggregate.person() {
                Some(person) if !A::personal(&mut event).is_empty() => {
                    let key = self.log.vault.key(person).await?;
                    key.seal_fields::<A>(&mut event, |i| {
                        header(event_id, stream, version, &kind, i)
                    })?;
                    Some(person)
                }
                _ => None,
            };
            sealed.push(NewEvent {
                event_id,
                payload: payload_of::<A>(&event)?,
                kind,
                occurred_at,
                actor: envelope.actor.clone(),
                command_id,
                causation_id: envelope.causation_id,
                correlation_id: correlation_id.clone(),
                traceparent: envelope.traceparent.clone(),
                key_id,
            });
        }
        Ok(sealed)
    }
}

/// How one attempt ended without an effect.
enum Attempt {
    Stale { actual: u64 },
    Repeated(Handled),
    Failed(DispatchError),
}

impl From<Refusal> for Attempt {
    fn from(refusal: Refusal) -> Self {
        Self::Failed(refusal.into())
    }
}

impl From<LogError> for Attempt {
    fn from(error: LogError) -> Self {
        Self::Failed(error.into())
    }
}

fn payload_of<A: Decider>(event: &A::Event) -> Result<String, LogError> {
    let encode = |problem: String| LogError::Io { doing: "encode an event", problem };
    let tagged = serde_json::to_string(event).map_err(|e| encode(e.to_string()))?;
    let Tagged { data } = serde_json::from_str(&tagged).map_err(|e| encode(e.to_string()))?;
    Ok(data.get().to_owned())
}

fn repeat(mine: &Idempotency, handled: Handled) -> Result<Outcome, DispatchError> {
    if handled.fingerprint != mine.fingerprint {
        let message = "the idempotency key was used for another command";
        return Err(Refusal::conflict("IDEMPOTENCY_MISMATCH", message).into());
    }
    let Handled { stream, appended, .. } = handled;
    Ok(Outcome { stream, version: appended.version, position: appended.position, events: 0 })
}

fn stale(actual: u64) -> Refusal {
    let message = format!("it was changed meanwhile and is at version {actual}; look again");
    Refusal::conflict("STALE_VERSION", message)
}

fn refusal_of(reservations: &[Reserve], index: usize, holder: Option<StreamId>) -> Refusal {
    match (reservations.get(index), holder) {
        (Some(Reserve::Claim { taken, .. }), Some(holder)) => {
            taken.clone().with_existing(holder.id.to_string())
        }
        (Some(Reserve::Require { missing, .. }), _) => missing.clone(),
        (Some(Reserve::RequireNone { found, .. }), _) => found.clone(),
        _ => Refusal::conflict("STALE_VERSION", "a reservation changed meanwhile; try again"),
    }
}
