//! `hiresphere migrate`: the tables, roles and rights of the distributed engine.

use event_log::distributed;

use crate::cli::MigrateArgs;
use crate::engine::make_tables;
use crate::failure::Failure;
use crate::out;
use crate::settings::Place;

pub(crate) async fn run(args: MigrateArgs) -> Result<(), Failure> {
    let Place::Servers(servers) = args.place.place()? else {
        let message = "there is nothing to migrate: a data folder brings itself up to date";
        return Err(Failure::new("SETTINGS", message, "give --database-url"));
    };
    let done: Vec<distributed::Migrated> = make_tables(&servers).await?;
    if args.json {
        let rows = done.iter().map(|m| {
            serde_json::json!({ "schema": m.schema, "version": m.version, "applied": m.applied })
        });
        return out::json_line(&serde_json::json!({ "schemas": rows.collect::<Vec<_>>() }));
    }
    for migrated in done {
        let what = match migrated.applied.as_slice() {
            [] => "up to date".to_owned(),
            applied => format!("applied {}", applied.join(", ")),
        };
        out::print(&format!("{}: version {}, {what}\n", migrated.schema, migrated.version))?;
    }
    Ok(())
}
