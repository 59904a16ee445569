//! Giving commands at a steady rate, whatever becomes of them: a client that is not answered does not hold up the next.

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::actor::{Actor, ActorKind};
use domain::application::{Application, ApplicationCommand, Visibility};
use domain::ids::EventId;
use domain::pii::Pii;
use event_log::distributed::{self, Settings};
use event_log::{Dispatcher, Envelope, master_key};
use tokio::time::Instant;
use uuid::Uuid;

use crate::load::Asker;
use crate::roles::{MASTER_KEY, Servers};

const NOTE: &str =
    "Spoke on the phone: knows the field, asks good questions, and could begin in March.";

/// A command that was given.
pub(crate) struct Given {
    /// Just before.
    pub(crate) sent: DateTime<Utc>,
    /// When it was committed, as far as that is known.
    pub(crate) committed: Option<DateTime<Utc>>,
    pub(crate) answered: DateTime<Utc>,
    /// The event that it led to: its stream, and its version there.
    pub(crate) event: (Uuid, u64),
}

/// Begins something at a steady rate; late ones follow at once. Answers what came of each.
pub(crate) async fn steadily<T: Send + 'static, F>(
    rate: u32,
    lasts: u32,
    begin: impl Fn(usize) -> F,
) -> Vec<T>
where
    F: Future<Output = T> + Send + 'static,
{
    let start = Instant::now();
    let mut running = Vec::new();
    for n in 0..rate * lasts {
        tokio::time::sleep_until(start + Duration::from_secs(1) * n / rate).await;
        running.push(tokio::spawn(begin(n as usize)));
    }
    let mut done = Vec::new();
    for one in running {
        done.push(one.await.expect("it ends"));
    }
    done
}

/// Notes to applications in turns, over HTTP: each is answered when it has its position.
pub(crate) async fn over_http(
    api: &Asker,
    applications: &[Uuid],
    rate: u32,
    lasts: u32,
) -> Vec<Given> {
    steadily(rate, lasts, |n| {
        let (api, application) = (api.clone(), applications[n % applications.len()]);
        async move {
            let body = serde_json::json!({ "text": NOTE });
            let path = format!("/v1/applications/{application}/notes");
            let sent = Utc::now();
            let told = api.ask(|http, url| http.post(format!("{url}{path}")).json(&body)).await;
            let answered = Utc::now();
            let (status, answer) = told;
            assert!(status.is_success(), "{answer}");
            let version = answer["version"].as_u64().expect("a version");
            Given { sent, committed: None, answered, event: (application, version) }
        }
    })
    .await
}

/// The log's dispatcher in this process: what HTTP adds is left out, and the moment of the commit is known.
pub(crate) struct InProcess {
    dispatcher: Dispatcher,
}

impl InProcess {
    pub(crate) async fn open(servers: &Servers) -> Self {
        let settings = Settings {
            database_url: servers.url.clone(),
            keys_url: None,
            documents_url: servers.documents(),
            master: master_key::parse(MASTER_KEY).expect("a key"),
        };
        let (log, _) = distributed::open(&settings).await.expect("a log");
        // It answers when the command is committed.
        Self { dispatcher: log.dispatcher().impatient() }
    }

    pub(crate) async fn drive(&self, applications: &[Uuid], rate: u32, lasts: u32) -> Vec<Given> {
        steadily(rate, lasts, |n| {
            let dispatcher = self.dispatcher.clone();
            let application = applications[n % applications.len()];
            async move {
                let note = EventId(dispatcher.log().ids.next());
                let text = Pii::new(NOTE.to_owned());
                let order = ApplicationCommand::AddNote {
                    note,
                    visibility: Visibility::Team,
                    text,
                    mentions: vec![],
                };
                let actor = Actor::new(ActorKind::Member, "bench");
                let sent = Utc::now();
                let told = dispatcher
                    .dispatch::<Application>(Envelope::new(application, order, actor))
                    .await
                    .expect("a command");
                let now = Utc::now();
                let event = (application, told.version);
                Given { sent, committed: Some(now), answered: now, event }
            }
        })
        .await
    }
}
