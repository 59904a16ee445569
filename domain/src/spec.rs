//! Given/when/then for decisions: cqrs-es's test framework, with the actor and the time filled in.

use chrono::{TimeZone, Utc};
use cqrs_es::test::TestFramework;

use crate::actor::{Actor, ActorKind};
use crate::decide::{Decider, Decision, Issued, Reserve, Timestamp};
use crate::refusal::Refusal;

pub(crate) struct Given<A: Decider> {
    history: Vec<A::Event>,
    actor: Actor,
    at: Timestamp,
}

/// When commands are issued, unless told otherwise: 14 November 2023, 22:13:20 UTC.
pub(crate) fn now() -> Timestamp {
    Utc.timestamp_opt(1_700_000_000, 0).single().expect("a valid time")
}

/// What had happened before.
pub(crate) fn given<A: Decider>(history: impl IntoIterator<Item = A::Event>) -> Given<A> {
    let actor = Actor::new(ActorKind::Member, "recruiter");
    Given { history: history.into_iter().collect(), actor, at: now() }
}

pub(crate) struct Then<A: Decider> {
    history: Vec<A::Event>,
    result: Result<Decision<A::Event>, Refusal>,
}

impl<A> Given<A>
where
    A: Decider<Command = Issued<<A as Decider>::Order>>,
    <A as Decider>::Order: Clone,
{
    pub(crate) fn by(mut self, actor: Actor) -> Self {
        self.actor = actor;
        self
    }

    pub(crate) fn at(mut self, at: Timestamp) -> Self {
        self.at = at;
        self
    }

    pub(crate) fn when(self, order: A::Order) -> Then<A> {
        let issued = Issued { actor: self.actor, at: self.at, command: order };
        let framework = TestFramework::<A>::with(());
        let emitted = framework.given(self.history.clone()).when(issued.clone()).inspect_result();
        let mut aggregate = A::default();
        self.history.iter().cloned().for_each(|event| aggregate.apply(event));
        let result = aggregate.decide(issued);
        // The framework and a direct decision must be the same thing.
        assert_eq!(emitted, result.clone().map(|d| d.events));
        Then { history: self.history, result }
    }
}

impl<A: Decider> Then<A> {
    pub(crate) fn emits(self, expected: impl IntoIterator<Item = A::Event>) -> Self {
        let expected: Vec<_> = expected.into_iter().collect();
        assert_eq!(self.result.as_ref().map(|d| &d.events), Ok(&expected));
        self
    }

    pub(crate) fn changes_nothing(self) {
        self.emits([]);
    }

    #[track_caller]
    pub(crate) fn refused(self, code: &str) -> Refusal {
        match self.result {
            Ok(decision) => panic!("expected {code}, got {:?}", decision.events),
            Err(refusal) => {
                assert_eq!(refusal.code, code, "{refusal}");
                refusal
            }
        }
    }

    /// The refusal that the log answers when the reservation with this name cannot be had.
    #[track_caller]
    pub(crate) fn needs(self, name: &str, code: &str) -> Self {
        let decision = self.result.as_ref().expect("a decision");
        let found = decision.reservations.iter().find_map(|r| match r {
            Reserve::Claim { name: n, taken } if n == name => Some(taken),
            Reserve::Require { name: n, missing } if n == name => Some(missing),
            Reserve::RequireNone { prefix, found } if prefix == name => Some(found),
            _ => None,
        });
        let found = found.unwrap_or_else(|| panic!("no `{name}` in {:?}", decision.reservations));
        assert_eq!(found.code, code);
        self
    }

    #[track_caller]
    pub(crate) fn releases(self, name: &str) -> Self {
        let decision = self.result.as_ref().expect("a decision");
        let released = decision
            .reservations
            .iter()
            .any(|r| matches!(r, Reserve::Release { name: n } if n == name));
        assert!(released, "`{name}` is not released in {:?}", decision.reservations);
        self
    }

    /// The history including what was just decided.
    pub(crate) fn history(self) -> Vec<A::Event> {
        let mut history = self.history;
        history.extend(self.result.expect("a decision").events);
        history
    }
}
