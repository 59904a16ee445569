//! `hiresphere serve`: every role in one process, and the HTTP and WebSocket faces in front of them.

mod api;
mod beside;
mod health;
mod http;
mod roles;

use std::net::SocketAddr;
use std::path::Path;
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
use crate::out;

/// Everything that serves, ready to run.
pub(crate) struct Server {
    pub(crate) engine: Arc<Engine>,
    pub(crate) hub: projections::live::Hub,
    pub(crate) guard: web::guard::Guard,
    /// The secret of the first admin token, when this start made it.
    pub(crate) first_token: Option<String>,
    pub(crate) address: SocketAddr,
    listener: TcpListener,
    tokens: Tokens,
    origins: Vec<String>,
    body_time: BodyTime,
    stop: watch::Sender<bool>,
}

pub(crate) async fn run(args: ServeArgs) -> Result<(), Failure> {
    let listener = listen(args.listen).await?;
    let engine = Engine::open(&args.data.data).await?;
    let body_time = BodyTime(Duration::from_secs(args.body_seconds));
    let server =
        Server::new(engine, &args.data.data, listener, args.allow_origin, body_time).await?;
    if let Some(token) = &server.first_token {
        out::print(&format!(
            "This is the first start: an admin token was made. It is shown once and kept as a hash only.\n\n  \
             {token}\n\n"
        ))?;
    }
    out::print(&format!(
        "serving http://{0}   reference http://{0}/docs   data {1}\n",
        server.address,
        args.data.data.display()
    ))?;
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
        data: &Path,
        listener: TcpListener,
        origins: Vec<String>,
        body_time: BodyTime,
    ) -> Result<Self, Failure> {
        let tokens = Tokens::open(data).await?;
        let first_token = tokens.bootstrap().await?.map(|issued| issued.token);
        let guard = web::guard::Guard::new(engine.dispatcher.clone(), tokens.clone());
        let hub = projections::live::Hub::new(engine.log.clone()).await?;
        let address = listener.local_addr().map_err(|e| Failure::io("listen", &e))?;
        let stop = watch::Sender::new(false);
        let engine = Arc::new(engine);
        Ok(Self {
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

    /// Serves until asked to end, by a signal or by `until`; then stops taking requests, finishes those under
    /// way and ends. `seen` is given every event that reached the read models.
    pub(crate) async fn run(
        self,
        until: impl Future<Output = ()>,
        seen: impl Fn(&event_log::Recorded) + Send + Sync + 'static,
    ) -> Result<(), Failure> {
        let health = health::Health::new(self.engine.clone());
        let router = api::router(&self, health.clone())?;
        let roles = roles::start(&self, &health, seen);
        let serving = http::serve(self.listener, router, self.stop.subscribe());
        let ending = async {
            tokio::select! {
                () = crate::interrupted() => {}
                () = until => {}
            }
            health.ending();
            self.stop.send_replace(true);
        };
        let ((), ()) = tokio::join!(serving, ending);
        roles.end().await;
        Ok(())
    }
}
