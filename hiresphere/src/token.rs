//! `hiresphere token`: members' tokens, issued, listed and revoked while the server runs.

use comfy_table::Table;
use web::access::Tokens;

use crate::cli::{PlaceArgs, TokenArgs, TokenCommand};
use crate::failure::Failure;
use crate::out;
use crate::rebuild::existing;
use crate::settings::Place;

pub(crate) async fn run(args: TokenArgs) -> Result<(), Failure> {
    match args.command {
        TokenCommand::Issue { role, name, place } => {
            let issued = tokens(&place).await?.issue(role, &name).await?;
            out::note(&format!("token {} for role {} (shown once):", issued.id, role.as_str()));
            out::print(&format!("{}\n", issued.token))
        }
        TokenCommand::List { place, json } => {
            let rows = tokens(&place).await?.list().await?;
            if json {
                return rows.iter().try_for_each(out::json_line);
            }
            let mut table = Table::new();
            table.set_header(["id", "role", "name", "issued", "revoked"]);
            for row in rows {
                let day = |t: chrono::DateTime<chrono::Utc>| t.format("%Y-%m-%d %H:%M").to_string();
                table.add_row([
                    row.id.to_string(),
                    row.role.as_str().to_owned(),
                    row.name,
                    day(row.issued_at),
                    row.revoked_at.map(day).unwrap_or_default(),
                ]);
            }
            out::print(&format!("{table}\n"))
        }
        TokenCommand::Revoke { id, place } => {
            if tokens(&place).await?.revoke(id).await? {
                return out::print(&format!("revoked {id}\n"));
            }
            let message = format!("no token {id} stands");
            Err(Failure::new("NOT_FOUND", message, "`hiresphere token list` shows them"))
        }
    }
}

/// The tokens of a log that is there.
async fn tokens(place: &PlaceArgs) -> Result<Tokens, Failure> {
    Ok(match existing(place)? {
        Place::Folder(data) => Tokens::open(&data).await?,
        Place::Servers(servers) => Tokens::connect(&servers.database_url).await?,
    })
}
