//! The crash matrix: what is done to whom, and what holds meanwhile.

use std::future::Future;
use std::time::Duration;

use futures::StreamExt as _;
use testkit::servers::Torn;
use tokio::task::JoinHandle;

use super::cluster::Cluster;
use super::matrix::Load;

/// How long anything may take before it counts as stuck.
const PATIENCE: Duration = Duration::from_secs(120);
/// An hour, by which clocks are off.
const HOUR: i64 = 3_600;

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// SIGKILL of a role's process, and up again.
    Kill(&'static str),
    /// SIGSTOP of the one of a role that is at work; another takes over, then it wakes up.
    FreezeHolder(&'static str),
    /// SIGSTOP of a role's process; it goes on once everybody else has done what there was to do.
    Freeze(&'static str),
    /// SIGSTOP of a scorer that works on something.
    FreezeAtWork,
    KillPostgres,
    FreezePostgres,
    /// No bus for a while (`HIRESPHERE_BUS_AWAY_SECONDS`).
    KillBus,
    FreezeBus,
    WipeBus,
    TearBus(Torn),
    /// What the bus delivers comes late, out of order and twice.
    Meddle,
    /// Every process' clock is off, each another way.
    Clocks,
    /// They jump: who was ahead is behind.
    ClocksJump,
}

/// All of it, in the order in which it is done.
pub(crate) const MATRIX: [Fault; 24] = [
    Fault::Kill("sequencer"),
    Fault::FreezeHolder("sequencer"),
    Fault::Kill("scorers"),
    Fault::WipeBus,
    Fault::FreezeHolder("relay"),
    Fault::Kill("relay"),
    Fault::Clocks,
    Fault::FreezeHolder("projections"),
    Fault::Kill("projections"),
    Fault::KillPostgres,
    Fault::Freeze("notifier"),
    Fault::Kill("notifier"),
    Fault::TearBus(Torn::Messages),
    Fault::ClocksJump,
    Fault::Freeze("live-feed"),
    Fault::Kill("live-feed"),
    Fault::Meddle,
    Fault::FreezeAtWork,
    Fault::Freeze("api"),
    Fault::Kill("api"),
    Fault::FreezeBus,
    Fault::TearBus(Torn::Everything),
    Fault::FreezePostgres,
    Fault::KillBus,
];

/// Asks again until it is so.
pub(crate) async fn soon<F: Future<Output = bool>>(what: &str, mut so: impl FnMut() -> F) {
    let waiting = async {
        while !so().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, waiting).await.is_ok(), "waited in vain for {what}");
}

/// Does it while people apply, and mends it.
pub(crate) async fn strike(cluster: &mut Cluster, fault: Fault, load: &mut Load) {
    match fault {
        Fault::Kill(role) => cluster.kill(role, 0).await,
        Fault::FreezeHolder(role) => {
            let holder = holder(cluster, role).await;
            cluster.signal(role, holder, "-STOP");
            // Nobody but the one that stands by can do its work.
            load.apply_more();
            load.is_scored(&cluster.servers, 0).await;
            if role == "projections" {
                load.is_shown().await;
            }
            cluster.signal(role, holder, "-CONT");
        }
        Fault::Freeze(role) => {
            cluster.signal(role, 0, "-STOP");
            match role {
                // What was accepted is worked off, and more cannot come in.
                "api" => load.what_came_in_is_scored(&cluster.servers).await,
                _ => {
                    load.apply_more();
                    load.is_scored(&cluster.servers, 0).await;
                }
            }
            cluster.signal(role, 0, "-CONT");
        }
        Fault::FreezeAtWork => freeze_at_work(cluster, load).await,
        Fault::KillPostgres => {
            cluster.postgres.kill();
            cluster.postgres.restart();
            cluster.postgres.ready().await;
        }
        Fault::FreezePostgres => {
            cluster.postgres.freeze_all();
            let asked = sqlx::PgPool::connect(&cluster.servers.url);
            let asked = tokio::time::timeout(Duration::from_secs(1), asked).await;
            assert!(asked.is_err(), "it is frozen");
            cluster.postgres.thaw();
        }
        Fault::KillBus => {
            cluster.servers.nats.kill();
            load.while_away(&cluster.servers).await;
            cluster.servers.nats.restart();
        }
        Fault::FreezeBus => {
            cluster.servers.nats.freeze();
            load.apply_more();
            load.is_scored(&cluster.servers, 0).await;
            cluster.servers.nats.thaw();
        }
        Fault::WipeBus => cluster.servers.nats.wipe(),
        Fault::TearBus(what) => {
            assert!(cluster.servers.nats.tear(what) > 0, "the bus held something");
        }
        Fault::Meddle => {
            let meddler = Meddler(tokio::spawn(meddle(cluster.servers.nats.url())));
            load.apply_more();
            load.is_scored(&cluster.servers, 0).await;
            assert!(!meddler.0.is_finished(), "it meddled all the time");
        }
        Fault::Clocks => cluster.set_clocks(off),
        Fault::ClocksJump => cluster.set_clocks(|role, n| -off(role, n)),
    }
}

/// By how much the clock of a process is off: one of a pair is ahead, the other behind; roles differ.
fn off(role: &str, n: usize) -> i64 {
    let hours = i64::try_from(role.len() % 3).expect("few") + 1;
    if n == 0 { hours * HOUR } else { -hours * HOUR }
}

async fn holder(cluster: &Cluster, role: &str) -> usize {
    let found = std::cell::Cell::new(None);
    soon("somebody at work", || async {
        found.set(cluster.at_work(role).await);
        found.get().is_some()
    })
    .await;
    found.get().expect("somebody")
}

/// Freezes the first scorer so that it holds a claim: while it is frozen, the other one finishes everything but that.
async fn freeze_at_work(cluster: &mut Cluster, load: &mut Load) {
    let held = "SELECT count(*) FROM hiresphere.claims WHERE holder IS NOT NULL AND until > now() \
                AND subscription <> 'notifier'";
    let mut caught = 0;
    for _ in 0..50 {
        load.apply_more();
        let servers = &cluster.servers;
        soon("work", || async { servers.count(held).await > 0 }).await;
        cluster.signal("scorers", 0, "-STOP");
        // What the frozen one holds, if anything, is all that is left.
        let still = std::cell::Cell::new(0);
        soon("the other scorer to finish", || async {
            let (before, open) = (servers.count(held).await, load.open(servers).await);
            still.set(before);
            open <= before && servers.count(held).await == before
        })
        .await;
        caught = still.get();
        if caught > 0 && load.takes_over() {
            // Its claim runs out after half a minute, and the other one does it; then it wakes up.
            load.is_scored(servers, 0).await;
        }
        cluster.signal("scorers", 0, "-CONT");
        if caught > 0 {
            break;
        }
    }
    assert!(caught > 0, "it was never caught at work");
}

/// Ends with whoever watches.
struct Meddler(JoinHandle<()>);

impl Drop for Meddler {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Takes deliveries from the consumers and gives them back late and in another order, and deletes the consumers, so that
/// they begin anew behind their checkpoints.
async fn meddle(url: String) {
    use async_nats::jetstream::{self, AckKind};
    let client = async_nats::connect(url).await.expect("a bus");
    let context = jetstream::new(client);
    loop {
        let Ok(stream) = context.get_stream("hiresphere").await else { continue };
        let names: Vec<_> = stream.consumer_names().collect().await;
        for name in names.into_iter().flatten() {
            let consumer = stream.get_consumer::<jetstream::consumer::pull::Config>(&name).await;
            let Ok(consumer) = consumer else { continue };
            let taken = consumer.fetch().max_messages(5).expires(Duration::from_millis(100));
            let Ok(taken) = taken.messages().await else { continue };
            let mut taken: Vec<_> = taken.collect::<Vec<_>>().await.into_iter().flatten().collect();
            taken.reverse();
            for (n, message) in (1..).zip(taken) {
                let late = Duration::from_millis(150 / n);
                let _ = message.ack_with(AckKind::Nak(Some(late))).await;
            }
            if consumer.cached_info().config.durable_name.is_some() {
                let _ = stream.delete_consumer(&name).await;
            }
        }
    }
}
