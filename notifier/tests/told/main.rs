//! The notifier against real ends: webhooks, Slack and a mail server on real ports, tables on both engines, and a clock that is
//! set by hand.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod email;
mod inbox;
mod slack;
mod webhooks;

use std::sync::{Arc, Mutex};

use chrono::{TimeDelta, TimeZone as _, Utc};
use command_api::open_job;
use domain::actor::{Actor, ActorKind};
use domain::application::{Application, ApplicationCommand, Submission};
use domain::candidate::{Candidate, CandidateCommand, Personal};
use domain::decide::{Decider, Timestamp};
use domain::ids::{ApplicationId, CandidateId, DocumentId, JobId, MemberId, SubscriptionId};
use domain::job::{Job, JobCommand, Posting, Stage, default_pipeline};
use domain::member::{Contact, Member, MemberCommand, Preferences};
use domain::pii::Pii;
use domain::subscription::{Filter, Subscription, SubscriptionCommand, Target};
use event_log::folder::Folder;
use event_log::ports::Clock;
use event_log::subscribe::Handler as _;
use event_log::{Dispatcher, Envelope};
use notifier::{
    Deliverer, DeliveryFilter, DeliveryRow, DeliveryState, Notifier, Settings, SlackSettings, Store,
};
use tempfile::TempDir;
use testkit::servers::Database;
use uuid::Uuid;

/// Runs a test with the notifier's tables on either engine.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {$(
        mod $name {
            #[tokio::test]
            async fn sqlite() {
                super::$name(crate::Tables::Sqlite).await;
            }

            #[tokio::test]
            async fn postgres() {
                super::$name(crate::Tables::Postgres).await;
            }
        }
    )*};
}
pub(crate) use on_both;

/// Where the notifier's tables are.
#[derive(Clone, Copy)]
pub(crate) enum Tables {
    Sqlite,
    Postgres,
}

/// A clock that is set by hand.
struct ByHand(Mutex<Timestamp>);

impl Clock for ByHand {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// A log with an open job, and a notifier beside it.
pub(crate) struct Scene {
    pub(crate) folders: Vec<TempDir>,
    _held: Folder,
    database: Option<Database>,
    clock: Arc<ByHand>,
    pub(crate) dispatcher: Dispatcher,
    pub(crate) job: JobId,
    pub(crate) store: Store,
    pub(crate) settings: Arc<Settings>,
    notifier: Notifier,
    /// Up to where events were taken in.
    at: u64,
}

pub(crate) fn recruiter() -> Actor {
    Actor::new(ActorKind::Member, "recruiter")
}

/// Settings with both ways into Slack, at a stand-in.
pub(crate) fn slack_at(ends: &testkit::ends::Ends) -> Settings {
    Settings {
        public_url: Some("https://hire.example.org/".into()),
        slack: SlackSettings {
            hook_url: Some(ends.slack_hook()),
            bot_token: Some(testkit::ends::BOT_TOKEN.into()),
            signing_secret: Some("shh".into()),
            api_url: Some(ends.slack_api()),
        },
        private_webhooks: true,
        ..Settings::default()
    }
}

impl Scene {
    pub(crate) async fn begin(tables: Tables, settings: Settings) -> Self {
        testkit::servers::tls();
        let folder = tempfile::tempdir().unwrap();
        let (held, mut log) = Folder::open(folder.path()).await.unwrap();
        let noon = Utc.with_ymd_and_hms(2027, 1, 14, 12, 0, 0).unwrap();
        let clock = Arc::new(ByHand(Mutex::new(noon)));
        log.clock = clock.clone();
        let dispatcher = log.dispatcher();
        command_api::setup(&dispatcher, &[], &recruiter()).await.unwrap();
        let posting = Posting { title: "Ward Nurse".into(), openings: 1, ..Posting::default() };
        let job = open_job(&dispatcher, posting, &recruiter()).await.unwrap();
        let database = match tables {
            Tables::Sqlite => None,
            Tables::Postgres => Some(Database::make().await),
        };
        let store = match &database {
            None => Store::open(folder.path()).await.unwrap(),
            Some(database) => Store::connect(database.url()).await.unwrap(),
        };
        let settings = Arc::new(settings);
        let notifier = Notifier::new(dispatcher.clone(), store.clone(), settings.clone(), vec![]);
        let (folders, _held) = (vec![folder], held);
        Self { folders, _held, database, clock, dispatcher, job, store, settings, notifier, at: 0 }
    }

    pub(crate) async fn tell<D: Decider>(&self, id: impl Into<Uuid>, order: D::Order)
    where
        D::Order: Clone,
    {
        self.tell_by::<D>(id, order, recruiter()).await;
    }

    pub(crate) async fn tell_by<D: Decider>(&self, id: impl Into<Uuid>, order: D::Order, by: Actor)
    where
        D::Order: Clone,
    {
        self.dispatcher.dispatch::<D>(Envelope::new(id, order, by)).await.unwrap();
    }

    pub(crate) fn pass(&self, time: TimeDelta) {
        *self.clock.0.lock().unwrap() += time;
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) async fn subscribe(&self, target: Target, filter: Filter) -> SubscriptionId {
        let subscription = SubscriptionId(self.dispatcher.log().ids.next());
        let name = "test".into();
        let order = SubscriptionCommand::CreateSubscription { subscription, name, target, filter };
        self.tell::<Subscription>(subscription, order).await;
        subscription
    }

    /// Somebody applies.
    pub(crate) async fn apply(&self, name: &str, email: Option<&str>) -> ApplicationId {
        let log = self.dispatcher.log();
        let candidate = CandidateId(log.ids.next());
        let personal = Personal {
            name: Some(name.into()),
            email: email.map(str::to_owned),
            ..Personal::default()
        };
        let register = CandidateCommand::RegisterCandidate {
            candidate,
            personal: Pii::new(personal),
            source: "test".into(),
            email_index: None,
        };
        self.tell::<Candidate>(candidate, register).await;
        let document = DocumentId(log.ids.next());
        let attach = CandidateCommand::AttachResume {
            document,
            resume_digest: document.to_string(),
            bytes: 3,
            file: Pii::new("cv.txt".into()),
        };
        self.tell::<Candidate>(candidate, attach).await;
        let application = ApplicationId(log.ids.next());
        let submission = Submission {
            application,
            candidate,
            job: self.job,
            document,
            answers: Pii::new(vec![]),
            source: "test".into(),
            ai_notice_version: 1,
            ai_opt_out: false,
            transferred_from: None,
        };
        self.tell::<Application>(application, ApplicationCommand::SubmitApplication(submission))
            .await;
        application
    }

    pub(crate) async fn withdraw(&self, application: ApplicationId) {
        let order = ApplicationCommand::Withdraw { reason: Pii::new(None) };
        self.tell::<Application>(application, order).await;
    }

    pub(crate) async fn candidate_of(&self, application: ApplicationId) -> CandidateId {
        let (state, _) = self.dispatcher.load::<Application>(application.0).await.unwrap();
        state.candidate.unwrap()
    }

    pub(crate) async fn prefer(&self, member: MemberId, email: &str, preferences: Preferences) {
        let contact = Pii::new(Contact { email: Some(email.into()), slack: None });
        let contact = MemberCommand::ChangeContact { member, contact, slack_index: None };
        self.tell::<Member>(member, contact).await;
        let preferences = MemberCommand::ChangePreferences { member, preferences };
        self.tell::<Member>(member, preferences).await;
    }

    /// Lets applications stay in the first stage for so many days.
    pub(crate) async fn allow_days(&self, days: u32) {
        let mut stages = default_pipeline();
        stages[0] = Stage { sla_days: Some(days), ..stages[0].clone() };
        self.tell::<Job>(self.job, JobCommand::DefinePipeline { stages }).await;
    }

    /// Takes in what is new, each event twice.
    pub(crate) async fn take_in(&mut self) {
        for event in self.dispatcher.log().store.read_all(self.at, 1_000).await.unwrap() {
            self.at = event.position;
            if self.notifier.wants(&event.kind) {
                self.notifier.handle(&event).await.unwrap();
                self.notifier.handle(&event).await.unwrap();
            }
        }
        while self.notifier.remind().await.unwrap() > 0 {}
    }

    /// Delivers events that were delivered before.
    pub(crate) async fn take_in_again(&self, events: &[event_log::Recorded]) {
        for event in events.iter().filter(|event| self.notifier.wants(&event.kind)) {
            self.notifier.handle(event).await.unwrap();
        }
    }

    pub(crate) fn deliverer(&self) -> Deliverer {
        let (store, settings) = (self.store.clone(), self.settings.clone());
        Deliverer::new(self.dispatcher.clone(), store, settings).unwrap()
    }

    /// Takes in what is new and sends what is due, until there is nothing more to do, and answers how many messages there were.
    pub(crate) async fn go_on(&mut self) -> u64 {
        let deliverer = self.deliverer();
        let mut sent = 0;
        loop {
            let before = self.at;
            self.take_in().await;
            sent += deliverer.drain().await.unwrap();
            if self.at == before {
                return sent;
            }
        }
    }

    pub(crate) async fn deliveries(&self, state: DeliveryState) -> Vec<DeliveryRow> {
        let filter = DeliveryFilter { state: Some(state), ..DeliveryFilter::default() };
        let mut rows = self.store.deliveries(&filter, None, 1_000).await.unwrap();
        rows.reverse();
        rows
    }

    /// The wire names of the events behind a position.
    pub(crate) async fn recorded(&self, kind: &str) -> Vec<event_log::Recorded> {
        let events = self.dispatcher.log().store.read_all(0, 1_000).await.unwrap();
        events.into_iter().filter(|event| event.kind == kind).collect()
    }

    /// Tables that are new, beside the same log, whose events were handled before.
    pub(crate) async fn lose_tables(&mut self) {
        let subscriptions = &self.dispatcher.log().subscriptions;
        subscriptions.advance("notifier", 0, self.at).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        self.store = match &self.database {
            None => Store::open(folder.path()).await.unwrap(),
            Some(_) => {
                let database = Database::make().await;
                let store = Store::connect(database.url()).await.unwrap();
                self.database = Some(database);
                store
            }
        };
        self.folders.push(folder);
        let (store, settings) = (self.store.clone(), self.settings.clone());
        self.notifier = Notifier::new(self.dispatcher.clone(), store, settings, vec![]);
    }
}
