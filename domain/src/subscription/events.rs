//! Events of the subscription.

use serde::{Deserialize, Serialize};

use crate::decide::wire_names;
use crate::ids::{JobId, SubscriptionId};
use crate::notification::Rule;

/// Facts about a subscription.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "type", content = "data")]
#[allow(missing_docs, reason = "each variant says what happened; fields carry the obvious")]
pub enum SubscriptionEvent {
    /// A system is told of events from here on.
    #[serde(rename = "subscription.created.v1")]
    SubscriptionCreated {
        subscription: SubscriptionId,
        name: String,
        target: Target,
        filter: Filter,
    },
    /// It has another name, or is told of other events.
    #[serde(rename = "subscription.changed.v1")]
    SubscriptionChanged { name: String, filter: Filter },
    /// It is told of nothing, until it is enabled again.
    #[serde(rename = "subscription.disabled.v1")]
    SubscriptionDisabled { reason: DisabledBecause },
    /// It is told of events again.
    #[serde(rename = "subscription.enabled.v1")]
    SubscriptionEnabled {},
    /// What it is told is signed with another secret.
    #[serde(rename = "subscription.secret_rotated.v1")]
    SecretRotated {
        /// Which secret: 1, 2, 3...
        generation: u32,
    },
    /// It is told again of events of the past.
    #[serde(rename = "subscription.replay_requested.v1")]
    ReplayRequested {
        /// The position of the first event.
        from: u64,
        /// The position of the last event.
        to: u64,
    },
}

wire_names!(SubscriptionEvent {
    SubscriptionCreated => "subscription.created.v1",
    SubscriptionChanged => "subscription.changed.v1",
    SubscriptionDisabled => "subscription.disabled.v1",
    SubscriptionEnabled => "subscription.enabled.v1",
    SecretRotated => "subscription.secret_rotated.v1",
    ReplayRequested => "subscription.replay_requested.v1",
});

/// Which system is told, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Target {
    /// Events, each a signed POST to this URL.
    Webhook {
        /// Where to.
        url: String,
    },
    /// Messages to the channel of the incoming webhook that is in the settings.
    SlackHook {
        /// Whether people are named.
        personal: bool,
    },
    /// Messages to a channel, by the bot that is in the settings; those about an application are a thread.
    SlackChannel {
        /// The channel's id: `C0123456789`.
        channel: String,
        /// Whether people are named.
        personal: bool,
    },
}

/// What is told of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Filter {
    /// For a webhook: types of events, as `application.hired.v1` or `interview.*`. None are all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<String>,
    /// For Slack: rules. None are all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
    /// Only what is about this job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<JobId>,
    /// For Slack: scores from this total on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_score: Option<u8>,
}

/// Why a subscription was disabled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DisabledBecause {
    /// Somebody asked.
    Asked,
    /// Nothing got through for a day.
    Failing,
    /// It said that it is gone for good.
    Gone,
}

impl Filter {
    /// Whether a type of event is meant.
    pub fn wants_event(&self, kind: &str) -> bool {
        let meant = |pattern: &String| match pattern.strip_suffix('*') {
            Some(start) => kind.starts_with(start),
            None => pattern == kind,
        };
        self.events.is_empty() || self.events.iter().any(meant)
    }

    /// Whether a rule is meant.
    pub fn wants_rule(&self, rule: Rule) -> bool {
        self.rules.is_empty() || self.rules.contains(&rule)
    }
}
