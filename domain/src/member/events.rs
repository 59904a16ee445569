//! Events of the member.

use chrono::NaiveTime;
use serde::{Deserialize, Serialize};

use crate::decide::wire_names;
use crate::ids::{JobId, MemberId};
use crate::notification::Rule;
use crate::pii::Pii;

/// Facts about somebody who works here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "type", content = "data")]
#[allow(missing_docs, reason = "each variant says what happened; fields carry the obvious")]
pub enum MemberEvent {
    /// They said how they can be reached.
    #[serde(rename = "member.contact_changed.v1")]
    ContactChanged { member: MemberId, contact: Pii<Contact> },
    /// They said what they want to be told, and when.
    #[serde(rename = "member.notification_preferences_changed.v1")]
    PreferencesChanged { member: MemberId, preferences: Preferences },
    /// They have read what they were told in the program, up to an event.
    #[serde(rename = "member.inbox_read.v1")]
    InboxRead {
        member: MemberId,
        /// The position of that event.
        up_to: u64,
    },
}

wire_names!(MemberEvent {
    ContactChanged => "member.contact_changed.v1",
    PreferencesChanged => "member.notification_preferences_changed.v1",
    InboxRead => "member.inbox_read.v1",
});

/// How somebody can be reached.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Contact {
    /// E-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Their id in Slack (`U0123456789`), by which a button that they click there is theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slack: Option<String>,
}

/// What somebody wants to be told, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Preferences {
    /// Rules that they follow for any application; what is for them in particular they are told anyway.
    #[serde(default)]
    pub follow: Vec<Rule>,
    /// Only of these jobs; none are all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub jobs: Vec<JobId>,
    /// Of scores, only those from this total on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_score: Option<u8>,
    /// By e-mail as well as in the program.
    #[serde(default)]
    pub email: EmailWhen,
    /// When they are not to be disturbed by e-mail; it comes at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet: Option<Quiet>,
    /// Their time zone (IANA), in which all times here are.
    #[serde(default = "utc")]
    pub time_zone: String,
}

fn utc() -> String {
    "UTC".to_owned()
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            follow: vec![],
            jobs: vec![],
            min_score: None,
            email: EmailWhen::default(),
            quiet: None,
            time_zone: utc(),
        }
    }
}

impl Preferences {
    /// Their time zone.
    pub fn zone(&self) -> chrono_tz::Tz {
        self.time_zone.parse().unwrap_or(chrono_tz::Tz::UTC)
    }
}

/// When somebody is sent e-mail.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum EmailWhen {
    /// Never.
    #[default]
    Never,
    /// At once, each notice a message of its own.
    Immediately,
    /// Once a day, everything in one message.
    Daily {
        /// The time of day, as `08:30:00`.
        at: NaiveTime,
    },
}

/// A time of day to be left alone, over midnight when it ends before it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Quiet {
    /// From then on.
    pub from: NaiveTime,
    /// Until then.
    pub to: NaiveTime,
}
