//! `hiresphere serve`: every role in one process, and the HTTP and WebSocket faces in front of them; and each role as
//! a process of its own.

mod api;
mod aside;
mod behind;
mod beside;
mod health;
mod http;
mod numbers;
mod roles;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use web::access::Tokens;
use web::limits::BodyTime;

pub(crate) use self::api::document;
use crate::cli::ServeArgs;
use crate::engine::Engine;
use crate::failure::Failure;
use crate::grading::Grading;
use crate::notifications;
use crate::settings::Place;
use crate::{out, readers};

/// A part of the system that a process can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Role {
    /// Commands and queries over HTTP. One role: they share paths, and a client has one address.
    Api,
    /// The live feed over WebSocket and SSE.
    LiveFeed,
    /// Gives positions.
    Sequencer,
    /// Carries events to the bus.
    Relay,
    /// Folds read models.
    Projections,
    /// Reads and scores.
    Scorers,
    /// Tells people.
    Notifier,
}

impl Role {
    pub(crate) const ALL: [Self; 7] = [
        Self::Api,
        Self::LiveFeed,
        Self::Sequencer,
        Self::Relay,
        Self::Projections,
        Self::Scorers,
        Self::Notifier,
    ];

    /// Its name, as on the command line and in health and metrics.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::LiveFeed => "live-feed",
            Self::Sequencer => "sequencer",
            Self::Relay => "relay",
            Self::Projections => "projections",
            Self::Scorers => "scorers",
            Self::Notifier => "notifier",
        }
    }

    /// Whether it opens what people said: the others see events sealed, and need no master key.
    fn opens(self) -> bool {
        !matches!(self, Self::Sequencer | Self::Relay)
    }
}

/// Everything that serves, ready to run.
pub(crate) struct Server {
    roles: Vec<Role>,
    pub(crate) engine: Arc<Engine>,
    hub: projections::live::Hub,
    guard: web::guard::Guard,
    /// The secret of the first admin token, when this start made it.
    pub(crate) first_token: Option<String>,
    pub(crate) address: SocketAddr,
    listener: TcpListener,
    tokens: Tokens,
    origins: Vec<String>,
    body_time: BodyTime,
    stop: watch::Sender<bool>,
}

/// Runs some roles; all of them are a whole system in one process.
pub(crate) async fn run(args: ServeArgs, roles: &[Role]) -> Result<(), Failure> {
    let place = args.place.place()?;
    let listener = listen(args.listen).await?;
    let whole = roles.len() == Role::ALL.len();
    if !whole && let Place::Folder(_) = place {
        let message = "a data folder belongs to one process, which has every role";
        let advice = "use `hiresphere serve`, or give --database-url and --nats-url";
        return Err(Failure::new("SETTINGS", message, advice));
    }
    if let Place::Servers(servers) = &place
        && !roles.iter().any(|role| role.opens())
    {
        return behind::run(servers, roles, listener).await;
    }
    let grading = Grading::of(&args.place, &args.grader)?;
    let notifications = notifications::settings(&args.place)?;
    let readers = if roles.contains(&Role::Scorers) {
        let (readers, warning) = readers::checked(&args.sandbox).await?;
        if let Some(warning) = warning {
            tracing::warn!("{warning}");
        }
        readers
    } else {
        readers::unchecked(&args.sandbox)?
    };
    let engine = match whole {
        true => Engine::open(&place, readers, grading, notifications).await?,
        false => {
            let grades = roles.contains(&Role::Scorers);
            Engine::join(&place, readers, grading, notifications, grades).await?
        }
    };
    let body_time = BodyTime(Duration::from_secs(args.body_seconds));
    let server = Server::new(engine, roles, listener, args.allow_origin, body_time).await?;
    if let Some(token) = &server.first_token {
        out::print(&format!(
            "This is the first start: an admin token was made. It is shown once and kept as a hash only.\n\n  \
             {token}\n\n"
        ))?;
    }
    let address = server.address;
    let what = if whole {
        format!("reference http://{address}/docs")
    } else {
        let names: Vec<_> = roles.iter().map(|role| role.name()).collect();
        format!("role {}", names.join(", "))
    };
    out::print(&format!("serving http://{address}   {what}   data {place}\n"))?;
    server.run(std::future::pending(), |_| {}).await
}

/// Takes the address.
pub(crate) async fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|e| {
        let message = format!("failed to listen on {address}: {e}");
        Failure::new("ADDRESS", message, "choose another address with --listen")
    })
}

impl Server {
    /// Makes everything ready; nothing runs yet.
    pub(crate) async fn new(
        engine: Engine,
        roles: &[Role],
        listener: TcpListener,
        origins: Vec<String>,
        body_time: BodyTime,
    ) -> Result<Self, Failure> {
        if engine.servers().is_none() {
            engine.prepare().await?;
        }
        let tokens = engine.tokens().await?;
        let whole = roles.len() == Role::ALL.len();
        // Of several processes none prints a secret into its log: `hiresphere token issue` makes the first one.
        let first = if whole { tokens.bootstrap().await? } else { None };
        let first_token = first.map(|issued| issued.token);
        let guard = web::guard::Guard::new(engine.dispatcher.clone(), tokens.clone());
        let hub = projections::live::Hub::new(engine.log.clone()).await?;
        let address = listener.local_addr().map_err(|e| Failure::io("listen", &e))?;
        let stop = watch::Sender::new(false);
        let (engine, roles) = (Arc::new(engine), roles.to_vec());
        Ok(Self {
            roles,
            engine,
            hub,
            guard,
            first_token,
            address,
            listener,
            tokens,
            origins,
            body_time,
            stop,
        })
    }

    /// Whether it is this, among others.
    fn is(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Serves until asked to end, by a signal or by `until`; then stops taking requests, finishes those under
    /// way and ends. `seen` is given every event that reached the read models.
    pub(crate) async fn run(
        self,
        until: impl Future<Output = ()>,
        seen: impl Fn(&event_log::Recorded) + Send + Sync + 'static,
    ) -> Result<(), Failure> {
        let health = health::Health::new(Some(self.engine.clone()), &self.roles);
        let router = api::router(&self, health.clone())?;
        let roles = roles::start(&self, &health, seen).await?;
        let serving = http::serve(self.listener, router, self.stop.subscribe());
        let names: Vec<_> = self.roles.iter().map(|role| role.name()).collect();
        tracing::info!(roles = names.join(","), address = %self.address, "serving");
        let ending = async {
            tokio::select! {
                () = crate::interrupted() => {}
                () = until => {}
            }
            tracing::info!("asked to end");
            health.ending();
            self.stop.send_replace(true);
        };
        let ((), ()) = tokio::join!(serving, ending);
        roles.end().await;
        tracing::info!("ended");
        Ok(())
    }
}
