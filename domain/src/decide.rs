//! How an aggregate decides: a command goes in, events and reservations or a refusal come out.
//!
//! [`Decider`] is what every aggregate implements; the macro `aggregate!` ties it to cqrs-es's `Aggregate`,
//! whose test framework runs the given/when/then specifications.

use chrono::{DateTime, Utc};

use crate::actor::Actor;
use crate::ids::{CandidateId, StreamKind};
use crate::pii::PiiField;
use crate::refusal::Refusal;

/// A moment, in UTC.
pub type Timestamp = DateTime<Utc>;

/// A command together with what deciding needs and may not fetch: who, and when.
#[derive(Debug, Clone)]
pub struct Issued<C> {
    /// Who issued it.
    pub actor: Actor,
    /// When.
    pub at: Timestamp,
    /// The command.
    pub command: C,
}

/// What was decided.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision<E> {
    /// In order. Empty when the command asks for what is already so.
    pub events: Vec<E>,
    /// Checked and written in the append transaction.
    pub reservations: Vec<Reserve>,
}

impl<E> Decision<E> {
    /// One event, no reservation.
    pub fn of(event: E) -> Self {
        Self { events: vec![event], reservations: vec![] }
    }

    /// It is already so.
    pub fn unchanged() -> Self {
        Self { events: vec![], reservations: vec![] }
    }

    /// Adds a reservation.
    #[must_use]
    pub fn reserve(mut self, reserve: Reserve) -> Self {
        self.reservations.push(reserve);
        self
    }
}

/// What a decision needs beyond its own stream. Names are `kind:part:part`; the log holds each name
/// at most once and knows which stream owns it.
#[derive(Debug, Clone, PartialEq)]
pub enum Reserve {
    /// Take a name; refused when another stream holds it. The refusal is given the holder's id.
    Claim {
        /// The name.
        name: String,
        /// What to answer when it is taken.
        taken: Refusal,
    },
    /// Give a name back. Not held is fine.
    Release {
        /// The name.
        name: String,
    },
    /// Give back every name that this stream holds.
    ReleaseOwned,
    /// A name must be held by somebody.
    Require {
        /// The name.
        name: String,
        /// What to answer when nobody holds it.
        missing: Refusal,
    },
    /// No name with this prefix may be held.
    RequireNone {
        /// The prefix.
        prefix: String,
        /// What to answer when there is one.
        found: Refusal,
    },
}

/// The names of reservations, in one place.
pub mod names {
    use crate::decide::Timestamp;
    use crate::ids::{
        ApplicationId, CandidateId, DocumentId, InterviewId, JobId, MemberId, OfferId,
    };

    /// Held while a job accepts applications.
    pub fn open_job(job: JobId) -> String {
        format!("open-job:{job}")
    }
    /// Held for ever by a published rubric version.
    pub fn rubric(name: &str, version: u32) -> String {
        format!("rubric:{name}@{version}")
    }
    /// Every version of a rubric.
    pub fn rubric_versions(name: &str) -> String {
        format!("rubric:{name}@")
    }
    /// Held for ever by a registered model release.
    pub fn model_release(name: &str, version: &str) -> String {
        format!("model-release:{name}@{version}")
    }
    /// Held while a stage of that kind is in the job's pipeline.
    pub fn stage(job: JobId, stage: &str, kind: &str) -> String {
        format!("stage:{job}:{stage}:{kind}")
    }
    /// Held while an application stands in a stage.
    pub fn in_stage(job: JobId, stage: &str, application: ApplicationId) -> String {
        format!("{}{application}", in_stage_prefix(job, stage))
    }
    /// Every application in a stage.
    pub fn in_stage_prefix(job: JobId, stage: &str) -> String {
        format!("in-stage:{job}:{stage}:")
    }
    /// Held by the one application of a candidate to a job, until it is withdrawn.
    pub fn applied(candidate: CandidateId, job: JobId) -> String {
        format!("{}{job}", applied_prefix(candidate))
    }
    /// Every application of a candidate.
    pub fn applied_prefix(candidate: CandidateId) -> String {
        format!("applied:{candidate}:")
    }
    /// Held while an application to the job is active.
    pub fn active_in_job(job: JobId, application: ApplicationId) -> String {
        format!("{}{application}", active_in_job_prefix(job))
    }
    /// Every active application to a job.
    pub fn active_in_job_prefix(job: JobId) -> String {
        format!("active-in-job:{job}:")
    }
    /// Held while an application of the candidate is active.
    pub fn active_of(candidate: CandidateId, application: ApplicationId) -> String {
        format!("{}{application}", active_of_prefix(candidate))
    }
    /// Every active application of a candidate.
    pub fn active_of_prefix(candidate: CandidateId) -> String {
        format!("active-of:{candidate}:")
    }
    /// Held by a candidate from the request for erasure until it is complete.
    pub fn erasing(candidate: CandidateId) -> String {
        format!("{ERASING}{candidate}")
    }
    /// Every erasure under way.
    pub const ERASING: &str = "erasing:";
    /// Held by a candidate whose resume could be read.
    pub fn readable(document: DocumentId) -> String {
        format!("readable:{document}")
    }
    /// Held by a job for each of its openings: 1, 2, 3...
    pub fn opening(job: JobId, number: u32) -> String {
        format!("opening:{job}:{number}:")
    }
    /// Held by the application that fills an opening.
    pub fn filled(job: JobId, number: u32) -> String {
        format!("{}{number}:", filled_prefix(job))
    }
    /// Every opening that is filled.
    pub fn filled_prefix(job: JobId) -> String {
        format!("filled:{job}:")
    }
    /// Held by the offer that is being made on an application.
    pub fn open_offer(application: ApplicationId) -> String {
        format!("{OPEN_OFFERS}{application}")
    }
    /// Every offer that is being made.
    pub const OPEN_OFFERS: &str = "open-offer:";
    /// Held by an offer that was accepted.
    pub fn accepted_offer(application: ApplicationId, offer: OfferId) -> String {
        format!("accepted-offer:{application}:{offer}")
    }
    /// Held by the application on which somebody was hired with an offer.
    pub fn hired_on(offer: OfferId) -> String {
        format!("hired-on:{offer}")
    }
    /// Held by an interview while it is to come.
    pub fn interview(application: ApplicationId, interview: InterviewId) -> String {
        format!("{}{interview}", interviews_prefix(application))
    }
    /// Every interview to come of an application.
    pub fn interviews_prefix(application: ApplicationId) -> String {
        format!("interview:{application}:")
    }
    /// Held by the interview for which somebody is taken, at these five minutes.
    pub fn busy_member(member: MemberId, at: Timestamp) -> String {
        format!("busy:{member}:{}", at.timestamp())
    }
    /// Likewise for a candidate.
    pub fn busy_candidate(candidate: CandidateId, at: Timestamp) -> String {
        format!("busy:{candidate}:{}", at.timestamp())
    }
    /// Held by the interview that a scorecard came out of, for the stage that the interview was for.
    pub fn scorecard(
        application: ApplicationId,
        stage: &str,
        interview: InterviewId,
        member: MemberId,
    ) -> String {
        format!("{}{interview}:{member}", scorecards_prefix(application, stage))
    }
    /// Every scorecard for a stage.
    pub fn scorecards_prefix(application: ApplicationId, stage: &str) -> String {
        format!("scorecard:{application}:{stage}:")
    }
    /// Held by the member with an id in Slack (by its keyed blind index).
    pub fn slack_user(blind: &str) -> String {
        format!("slack-user:{blind}")
    }
    /// Held by the candidate who registered with an e-mail address (by its keyed blind index).
    pub fn email(blind: &str) -> String {
        format!("email:{blind}")
    }
}

/// A command as numbers and traces name it: by what it is, never by what it says.
pub trait Named {
    /// Its name.
    fn name(&self) -> &'static str;
}

/// Names an enum of commands after its variants.
macro_rules! named {
    ($command:ident { $($variant:ident),* $(,)? }) => {
        impl $crate::decide::Named for $command {
            fn name(&self) -> &'static str {
                match self { $(Self::$variant { .. } => stringify!($variant)),* }
            }
        }
    };
}
pub(crate) use named;

/// An aggregate: folds its events, decides its commands.
pub trait Decider: cqrs_es::Aggregate<Error = Refusal, Services = ()> {
    /// The kind of its streams.
    const KIND: StreamKind;
    /// Its commands.
    type Order: Named + Send + Sync;

    /// Decides. Pure: the same state, command, actor and time give the same answer.
    ///
    /// # Errors
    /// A typed refusal.
    fn decide(&self, issued: Issued<Self::Order>) -> Result<Decision<Self::Event>, Refusal>;

    /// The person whose key seals this stream's personal data.
    fn person(&self) -> Option<CandidateId>;

    /// The personal fields of an event, always in the same order.
    fn personal(event: &mut Self::Event) -> Vec<&mut dyn PiiField>;
}

/// Ties a [`Decider`] to cqrs-es's `Aggregate`. The aggregate has `fn evolve(&mut self, event)`.
macro_rules! aggregate {
    ($aggregate:ident, $event:ident, $command:ident, $name:literal) => {
        impl cqrs_es::Aggregate for $aggregate {
            const TYPE: &'static str = $name;
            type Command = $crate::decide::Issued<$command>;
            type Event = $event;
            type Error = $crate::refusal::Refusal;
            type Services = ();

            async fn handle(
                &mut self,
                command: Self::Command,
                _services: &(),
                sink: &cqrs_es::event_sink::EventSink<Self>,
            ) -> Result<(), Self::Error> {
                for event in $crate::decide::Decider::decide(self, command)?.events {
                    sink.write(event, self).await;
                }
                Ok(())
            }

            fn apply(&mut self, event: Self::Event) {
                self.evolve(event);
            }
        }
    };
}
pub(crate) use aggregate;

/// Gives an event enum its wire names. They are also in the enum's serde tags; a test holds the two
/// together.
macro_rules! wire_names {
    ($event:ident { $($variant:ident => $name:literal),* $(,)? }) => {
        impl $event {
            /// Every wire name of this stream's events: `noun.verb.vN`.
            pub const WIRE_NAMES: &'static [&'static str] = &[$($name),*];

            /// The event's wire name.
            pub fn wire_name(&self) -> &'static str {
                match self { $(Self::$variant { .. } => $name),* }
            }
        }

        impl cqrs_es::DomainEvent for $event {
            fn event_type(&self) -> String {
                self.wire_name().into()
            }
            fn event_version(&self) -> String {
                $crate::decide::schema_version(self.wire_name()).to_string()
            }
        }
    };
}
pub(crate) use wire_names;

/// The number behind `.v` of a wire name; 0 when there is none.
pub fn schema_version(wire_name: &str) -> u32 {
    wire_name.rsplit_once(".v").and_then(|(_, v)| v.parse().ok()).unwrap_or(0)
}
