//! The subscription: another system that is told of events, through a webhook or in Slack.
//!
//! Where it is told, and of what, is here; what it is told with (secrets, tokens) is not.

mod commands;
mod events;
#[cfg(test)]
mod tests;

pub use commands::*;
pub use events::*;

use serde::{Deserialize, Serialize};

use crate::decide::{Decider, Decision, Issued, aggregate};
use crate::ids::{CandidateId, StreamKind, SubscriptionId};
use crate::pii::PiiField;
use crate::refusal::{Fields, Refusal};

/// A subscription, folded from its stream.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// Its id, once created.
    pub id: Option<SubscriptionId>,
    /// What it is called.
    pub name: String,
    /// Which system.
    pub target: Option<Target>,
    /// What it is told of.
    pub filter: Filter,
    /// Why it is told of nothing, when it is.
    pub disabled: Option<DisabledBecause>,
    /// Which secret signs what it is told.
    pub generation: u32,
}

aggregate!(Subscription, SubscriptionEvent, SubscriptionCommand, "subscription");

impl Subscription {
    fn evolve(&mut self, event: SubscriptionEvent) {
        use SubscriptionEvent as E;
        match event {
            E::SubscriptionCreated { subscription, name, target, filter } => {
                (self.id, self.target) = (Some(subscription), Some(target));
                (self.name, self.filter, self.generation) = (name, filter, 1);
            }
            E::SubscriptionChanged { name, filter } => (self.name, self.filter) = (name, filter),
            E::SubscriptionDisabled { reason } => self.disabled = Some(reason),
            E::SubscriptionEnabled {} => self.disabled = None,
            E::SecretRotated { generation } => self.generation = generation,
            E::ReplayRequested { .. } => {}
        }
    }

    fn known(&self) -> Result<&Target, Refusal> {
        self.target.as_ref().ok_or_else(|| Refusal::not_found("subscription"))
    }
}

impl Decider for Subscription {
    const KIND: StreamKind = StreamKind::Subscription;
    type Order = SubscriptionCommand;

    fn decide(
        &self,
        issued: Issued<SubscriptionCommand>,
    ) -> Result<Decision<SubscriptionEvent>, Refusal> {
        use SubscriptionCommand as C;
        use SubscriptionEvent as E;
        match issued.command {
            C::CreateSubscription { subscription, name, target, filter } => {
                if self.id.is_some() {
                    return Err(Refusal::conflict("WRONG_STATE", "the subscription exists"));
                }
                check(&name, &target, &filter)?;
                Ok(Decision::of(E::SubscriptionCreated { subscription, name, target, filter }))
            }
            C::ChangeSubscription { name, filter } => {
                check(&name, self.known()?, &filter)?;
                if (&self.name, &self.filter) == (&name, &filter) {
                    return Ok(Decision::unchanged());
                }
                Ok(Decision::of(E::SubscriptionChanged { name, filter }))
            }
            C::DisableSubscription { reason } => {
                self.known()?;
                if self.disabled.is_some() {
                    return Ok(Decision::unchanged());
                }
                Ok(Decision::of(E::SubscriptionDisabled { reason }))
            }
            C::EnableSubscription {} => {
                self.known()?;
                if self.disabled.is_none() {
                    return Ok(Decision::unchanged());
                }
                Ok(Decision::of(E::SubscriptionEnabled {}))
            }
            C::RotateSecret {} => {
                if !matches!(self.known()?, Target::Webhook { .. }) {
                    let message = "only what a webhook is told is signed";
                    return Err(Refusal::conflict("NO_SECRET", message));
                }
                Ok(Decision::of(E::SecretRotated { generation: self.generation + 1 }))
            }
            C::RequestReplay { from, to } => {
                self.known()?;
                if self.disabled.is_some() {
                    let message = "the subscription is disabled; enable it first";
                    return Err(Refusal::conflict("DISABLED", message));
                }
                let mut fields = Fields::default();
                fields.check(from >= 1, "from", "is below 1, the first position");
                fields.check(from <= to, "from", "is behind `to`");
                fields.done()?;
                Ok(Decision::of(E::ReplayRequested { from, to }))
            }
        }
    }

    fn person(&self) -> Option<CandidateId> {
        None
    }

    fn personal(_: &mut SubscriptionEvent) -> Vec<&mut dyn PiiField> {
        vec![]
    }
}

fn check(name: &str, target: &Target, filter: &Filter) -> Result<(), Refusal> {
    let mut fields = Fields::default();
    fields.text(name, "name", 100);
    match target {
        Target::Webhook { url } => {
            if !is_safe(url) {
                let message = "events leave this system encrypted: the URL begins with https://";
                return Err(Refusal::invalid("NOT_HTTPS", message).on_field("target.url"));
            }
            fields.text(url, "target.url", 2_000);
            let authority = url.split('/').nth(2).unwrap_or_default();
            fields.check(
                !authority.contains('@'),
                "target.url",
                "holds a password; the signature is what proves who calls",
            );
            fields.check(!url.contains(['#', ' ']), "target.url", "is no URL that can be called");
            fields.check(
                filter.rules.is_empty(),
                "filter.rules",
                "is for Slack; a webhook is told `events`",
            );
            fields.check(filter.min_score.is_none(), "filter.min_score", "is for Slack");
            for (n, pattern) in filter.events.iter().enumerate() {
                let start = pattern.strip_suffix('*');
                let known = crate::wire_names()
                    .any(|kind| start.map_or(kind == pattern, |start| kind.starts_with(start)));
                fields.check(known, format!("filter.events[{n}]"), "is no type of event");
            }
        }
        Target::SlackHook { .. } | Target::SlackChannel { .. } => {
            fields.check(
                filter.events.is_empty(),
                "filter.events",
                "is for webhooks; Slack is told by `rules`",
            );
            let total = filter.min_score.is_none_or(|score| score <= 100);
            fields.check(total, "filter.min_score", "is above 100");
        }
    }
    if let Target::SlackChannel { channel, .. } = target {
        fields.text(channel, "target.channel", 80);
    }
    fields.done()
}

/// Whether what is sent there cannot be read on the way: by TLS, or because it does not leave the machine.
fn is_safe(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("http://") else { return url.starts_with("https://") };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    matches!(host, "localhost" | "127.0.0.1" | "::1")
}
