//! The roles behind the log, as processes of their own: they see events sealed and hold no key, and what they serve is
//! their health.

use axum::{Router, middleware};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::health::{self, Health};
use super::numbers::Sources;
use super::{Role, http};
use crate::backstage::{relay, sequence};
use crate::engine::sealed_log;
use crate::failure::Failure;
use crate::out;
use crate::settings::Servers;

pub(super) async fn run(
    servers: &Servers,
    roles: &[Role],
    listener: TcpListener,
) -> Result<(), Failure> {
    let health = Health::new(None, roles);
    let stop = watch::Sender::new(false);
    let names: Vec<_> = roles.iter().map(|role| role.name()).collect();
    let address = listener.local_addr().map_err(|e| Failure::io("listen", &e))?;
    out::print(&format!("serving http://{address}   role {}\n", names.join(", ")))?;
    tracing::info!(roles = names.join(","), %address, "serving");
    let router: Router = health::routes().with_state(health.clone()).into();
    let router = router.layer(middleware::from_fn(web::guard::name));
    let serving = http::serve(listener, router, stop.subscribe());
    let ending = async {
        crate::interrupted().await;
        tracing::info!("asked to end");
        health.ending();
        stop.send_replace(true);
    };
    let sequencing = async {
        if roles.contains(&Role::Sequencer) {
            let told = |failed: Option<&event_log::LogError>| {
                health.failing("sequencer", failed.map(event_log::LogError::code));
            };
            // A relay beside it sees more.
            let begun = |order| {
                if !roles.contains(&Role::Relay) {
                    health.watch(Sources::Order(order));
                }
            };
            sequence(&servers.database_url, stop.subscribe(), told, begun).await;
        }
    };
    let relaying = async {
        if roles.contains(&Role::Relay) {
            let (store, bus) = sealed_log(servers).await?;
            health.watch(Sources::sealed(&store));
            let told = |failed: Option<&event_log::LogError>| {
                health.failing("relay", failed.map(event_log::LogError::code));
            };
            relay(store, bus, stop.subscribe(), told).await;
        }
        Ok::<_, Failure>(())
    };
    let ((), (), (), relayed) = tokio::join!(serving, ending, sequencing, relaying);
    relayed
}
