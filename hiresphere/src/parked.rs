//! `hiresphere parked`: what subscriptions could not handle, and what is to become of it.

use comfy_table::Table;
use event_log::ports::Parked;
use serde_json::{Value, json};

use crate::cli::{ParkedArgs, ParkedCommand};
use crate::engine::look;
use crate::failure::Failure;
use crate::out;
use crate::rebuild::existing;

pub(crate) async fn run(args: ParkedArgs) -> Result<(), Failure> {
    let log = look(&existing(&args.place)?).await?;
    let park = &log.subscriptions;
    match args.command {
        ParkedCommand::List { json } => list(&park.parked_everywhere().await?, json),
        ParkedCommand::Show { subscription, position, json } => {
            let parked = park.parked_at(&subscription, position).await?;
            let parked = parked.ok_or_else(|| unknown(&subscription, position))?;
            let found = log.store.read_all(position - 1, 1).await?;
            let event = found.first().map(|event| {
                json!({
                    "event_id": event.event_id,
                    "occurred_at": event.occurred_at,
                    "actor": event.actor,
                    "correlation_id": event.correlation_id,
                    "version": event.version,
                })
            });
            let mut row = row(&parked);
            row["event"] = event.unwrap_or_default();
            if json {
                return out::json_line(&row);
            }
            let text = serde_json::to_string_pretty(&row).unwrap_or_default();
            out::print(&format!("{text}\n"))
        }
        ParkedCommand::Requeue { subscription, position } => {
            if let Some(position) = position
                && park.parked_at(&subscription, position).await?.is_none()
            {
                return Err(unknown(&subscription, position));
            }
            let streams = park.ask_requeue(&subscription, position).await?;
            out::print(&format!(
                "asked `{subscription}` to try {streams} stream(s) again, each in order until an event fails\n"
            ))
        }
        ParkedCommand::Drop { subscription, position } => {
            if park.drop_parked(&subscription, position).await? {
                return out::print(&format!(
                    "dropped {position}: it counts as handled by `{subscription}`, and what waited behind it is \
                     tried\n"
                ));
            }
            Err(unknown(&subscription, position))
        }
    }
}

fn list(parked: &[Parked], json: bool) -> Result<(), Failure> {
    if json {
        return parked.iter().map(row).try_for_each(|row| out::json_line(&row));
    }
    if parked.is_empty() {
        return out::print("nothing is parked\n");
    }
    let mut table = Table::new();
    table.set_header(["subscription", "position", "type", "tries", "parked", "why"]);
    for one in parked {
        table.add_row([
            one.subscription.clone(),
            one.position.to_string(),
            one.kind.clone(),
            one.attempts.to_string(),
            one.parked_at.format("%Y-%m-%d %H:%M").to_string(),
            one.error.chars().take(60).collect(),
        ]);
    }
    out::print(&format!("{table}\n"))
}

fn row(parked: &Parked) -> Value {
    json!({
        "subscription": parked.subscription,
        "position": parked.position,
        "stream": parked.stream.to_string(),
        "type": parked.kind,
        "error": parked.error,
        "attempts": parked.attempts,
        "parked_at": parked.parked_at,
    })
}

fn unknown(subscription: &str, position: u64) -> Failure {
    let message = format!("event {position} is not parked in `{subscription}`");
    Failure::new("NOT_FOUND", message, "`hiresphere parked list` shows what is")
}
