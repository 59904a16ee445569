//! When somebody may be sent e-mail: the arithmetic of quiet hours and digests, in their own time zone.

use chrono::{NaiveDateTime, NaiveTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;

use super::{EmailWhen, Preferences};
use crate::decide::Timestamp;

impl Preferences {
    /// When a notice that comes now is sent by e-mail, and whether with others in one message; `None` is never.
    pub fn email_at(&self, now: Timestamp) -> Option<(Timestamp, bool)> {
        match self.email {
            EmailWhen::Never => None,
            EmailWhen::Immediately => Some((self.undisturbed(now), false)),
            EmailWhen::Daily { at } => Some((self.undisturbed(next(at, self.zone(), now)), true)),
        }
    }

    /// This time, or the end of the quiet hours that it is in.
    fn undisturbed(&self, at: Timestamp) -> Timestamp {
        let Some(quiet) = self.quiet else { return at };
        let clock = at.with_timezone(&self.zone()).time();
        let within = if quiet.from < quiet.to {
            quiet.from <= clock && clock < quiet.to
        } else {
            quiet.from <= clock || clock < quiet.to
        };
        if within { next(quiet.to, self.zone(), at) } else { at }
    }
}

/// The next time after `now` that a clock there shows `time`.
fn next(time: NaiveTime, zone: Tz, now: Timestamp) -> Timestamp {
    let today = now.with_timezone(&zone).date_naive();
    let days = (0..3).filter_map(|days| today.checked_add_signed(TimeDelta::days(days)));
    let mut at = days.filter_map(|day| on_clock(day.and_time(time), zone));
    at.find(|at| *at > now).unwrap_or(now)
}

/// A clock's time as a moment; one that a clock skips in spring is the hour after, one that it shows twice the first.
fn on_clock(local: NaiveDateTime, zone: Tz) -> Option<Timestamp> {
    let found = zone.from_local_datetime(&local).earliest().or_else(|| {
        zone.from_local_datetime(&local.checked_add_signed(TimeDelta::hours(1))?).earliest()
    });
    found.map(|at| at.with_timezone(&Utc))
}
