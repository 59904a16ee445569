//! Who is told of what: subscriptions of other systems, what members want to be told, and trying again what was given up.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::NaiveTime;
use domain::ids::{JobId, MemberId, SubscriptionId};
use domain::member::{Contact, EmailWhen, Member, MemberCommand, Preferences, Quiet};
use domain::notification::{Notification, NotificationCommand, Rule};
use domain::pii::Pii;
use domain::refusal::{Fields, Refusal};
use domain::subscription::{DisabledBecause, Filter, Subscription, SubscriptionCommand, Target};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use web::access::Caller;
use web::extract::{Command, Id};
use web::{Problem, Written};

use super::CommandApi;
use super::jobs::NoBody;

const HERE: &str = "/v1/notification-subscriptions";

pub(super) fn router() -> OpenApiRouter<CommandApi> {
    OpenApiRouter::new()
        .routes(routes!(create))
        .routes(routes!(change))
        .routes(routes!(disable))
        .routes(routes!(enable))
        .routes(routes!(rotate))
        .routes(routes!(replay))
        .routes(routes!(requeue))
        .routes(routes!(contact))
        .routes(routes!(preferences))
        .routes(routes!(read_inbox))
}

/// A system that is to be told of events.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SubscriptionBody {
    /// What it is called.
    #[schema(max_length = 100)]
    name: String,
    /// Which system.
    target: TargetBody,
    /// What it is told of; left out, everything.
    #[serde(default)]
    filter: FilterBody,
}

/// Which system, and how it is told.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
enum TargetBody {
    /// Events, each a POST that is signed by the scheme of Standard Webhooks.
    Webhook {
        /// Where to: https, or http on this machine.
        #[schema(max_length = 2000)]
        url: String,
    },
    /// Messages through the incoming webhook of the settings.
    SlackHook {
        /// Whether people are named.
        #[serde(default)]
        personal: bool,
    },
    /// Messages by the bot of the settings; those about an application are a thread.
    SlackChannel {
        /// The channel's id.
        #[schema(max_length = 80)]
        channel: String,
        /// Whether people are named.
        #[serde(default)]
        personal: bool,
    },
}

/// What is told of.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FilterBody {
    /// For a webhook: types of events, as `application.hired.v1` or `interview.*`. None are all.
    #[serde(default)]
    events: Vec<String>,
    /// For Slack: rules, as `scored` and `new_application`. None are all.
    #[serde(default)]
    rules: Vec<String>,
    /// Only what is about this job.
    #[serde(default)]
    job: Option<Uuid>,
    /// For Slack: scores from this total on.
    #[serde(default)]
    #[schema(maximum = 100)]
    min_score: Option<u8>,
}

/// A new name and filter.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SubscriptionChangeBody {
    /// What it is called.
    #[schema(max_length = 100)]
    name: String,
    /// What it is told of; left out, everything.
    #[serde(default)]
    filter: FilterBody,
}

/// Which events are told again.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReplayBody {
    /// The position of the first one.
    #[schema(minimum = 1, maximum = 9007199254740991u64)]
    from: u64,
    /// The position of the last one.
    #[schema(maximum = 9007199254740991u64)]
    to: u64,
}

/// A subscription that was written.
#[derive(Debug, Serialize, ToSchema)]
struct SubscriptionWritten {
    /// Its id.
    id: Uuid,
    /// Its version, for `If-Match`.
    version: u64,
    /// The position of its last event.
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<u64>,
    /// What signs what a webhook is told. Shown when it is made, and nowhere else.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

impl TryFrom<FilterBody> for Filter {
    type Error = Refusal;

    fn try_from(FilterBody { events, rules, job, min_score }: FilterBody) -> Result<Self, Refusal> {
        let rules = named_rules("filter.rules", &rules)?;
        Ok(Self { events, rules, job: job.map(JobId), min_score })
    }
}

impl From<TargetBody> for Target {
    fn from(body: TargetBody) -> Self {
        match body {
            TargetBody::Webhook { url } => Self::Webhook { url },
            TargetBody::SlackHook { personal } => Self::SlackHook { personal },
            TargetBody::SlackChannel { channel, personal } => {
                Self::SlackChannel { channel, personal }
            }
        }
    }
}

fn named_rules(field: &str, names: &[String]) -> Result<Vec<Rule>, Refusal> {
    let mut fields = Fields::default();
    let mut rules = Vec::new();
    for (n, name) in names.iter().enumerate() {
        match name.parse() {
            Ok(rule) => rules.push(rule),
            Err(_) => fields.check(false, format!("{field}[{n}]"), "is no rule"),
        }
    }
    fields.done().map(|()| rules)
}

impl CommandApi {
    /// What was written, with the secret that signs from now on.
    fn subscription_written(
        &self,
        outcome: Written,
        generation: Option<u32>,
    ) -> SubscriptionWritten {
        let id = SubscriptionId(outcome.id);
        let secret = generation.map(|generation| self.beside.signing_secret(id, generation));
        let Written { id, version, position, .. } = outcome;
        SubscriptionWritten { id, version, position, secret }
    }

    async fn order_subscription(
        &self,
        id: Uuid,
        command: &Command<impl Sized>,
        order: SubscriptionCommand,
    ) -> Result<Written, Problem> {
        self.run::<Subscription>(command.envelope(id, order)?).await
    }
}

/// Tell a system of events
///
/// It is told of what happens from now on. A webhook's `secret` is in the answer and is shown nowhere else; a repeat under the same
/// `Idempotency-Key` shows it again. Refused: NOT_HTTPS, VALIDATION.
#[utoipa::path(post, path = "/v1/notification-subscriptions", tag = "notifications",
    operation_id = "createSubscription",
    request_body(content = SubscriptionBody, example = json!({
        "name": "payroll",
        "target": { "kind": "webhook", "url": "https://payroll.example.org/hires" },
        "filter": { "events": ["application.hired.v1", "application.hire_reversed.v1"] }
    })),
    responses((status = 201, body = SubscriptionWritten)))]
async fn create(
    State(api): State<CommandApi>,
    command: Command<SubscriptionBody>,
) -> Result<Response, Problem> {
    let SubscriptionBody { name, target, filter } = command.body.clone();
    let (target, filter) = (Target::from(target), Filter::try_from(filter)?);
    let webhook = matches!(target, Target::Webhook { .. });
    let done = match api.answered(&command.meta, &command.raw).await? {
        Some(before) => before,
        None => {
            let subscription = SubscriptionId(api.dispatcher.log().ids.next());
            let order =
                SubscriptionCommand::CreateSubscription { subscription, name, target, filter };
            api.order_subscription(subscription.0, &command, order).await?
        }
    };
    let location = format!("{HERE}/{}", done.id);
    let written = api.subscription_written(done, webhook.then_some(1));
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(written)).into_response())
}

/// Rename a subscription, or tell it of other events
///
/// Refused: VALIDATION.
#[utoipa::path(put, path = "/v1/notification-subscriptions/{subscription}", tag = "notifications",
    operation_id = "changeSubscription", params(("subscription" = Uuid, Path,)),
    request_body(content = SubscriptionChangeBody, example = json!({
        "name": "outstanding scores", "filter": { "rules": ["scored"], "min_score": 85 }
    })),
    responses((status = 200, body = Written)))]
async fn change(
    State(api): State<CommandApi>,
    Id(id): Id,
    command: Command<SubscriptionChangeBody>,
) -> Result<Written, Problem> {
    let SubscriptionChangeBody { name, filter } = command.body.clone();
    let filter = Filter::try_from(filter)?;
    let order = SubscriptionCommand::ChangeSubscription { name, filter };
    api.order_subscription(id, &command, order).await
}

/// Disable a subscription
///
/// It is told of nothing more; what waits for it is kept.
#[utoipa::path(post, path = "/v1/notification-subscriptions/{subscription}/disable", tag = "notifications",
    operation_id = "disableSubscription", params(("subscription" = Uuid, Path,)),
    responses((status = 200, body = Written)))]
async fn disable(
    State(api): State<CommandApi>,
    Id(id): Id,
    command: Command<NoBody>,
) -> Result<Written, Problem> {
    let order = SubscriptionCommand::DisableSubscription { reason: DisabledBecause::Asked };
    api.order_subscription(id, &command, order).await
}

/// Enable a subscription again
///
/// What has waited for it is sent now; what happened while it was disabled can be told by a replay.
#[utoipa::path(post, path = "/v1/notification-subscriptions/{subscription}/enable", tag = "notifications",
    operation_id = "enableSubscription", params(("subscription" = Uuid, Path,)),
    responses((status = 200, body = Written)))]
async fn enable(
    State(api): State<CommandApi>,
    Id(id): Id,
    command: Command<NoBody>,
) -> Result<Written, Problem> {
    api.order_subscription(id, &command, SubscriptionCommand::EnableSubscription {}).await
}

/// Sign with another secret
///
/// The new one is in the answer. For a day, what is sent is signed with both. Refused: NO_SECRET.
#[utoipa::path(post, path = "/v1/notification-subscriptions/{subscription}/rotate-secret", tag = "notifications",
    operation_id = "rotateSecret", params(("subscription" = Uuid, Path,)),
    responses((status = 200, body = SubscriptionWritten)))]
async fn rotate(
    State(api): State<CommandApi>,
    Id(id): Id,
    command: Command<NoBody>,
) -> Result<Json<SubscriptionWritten>, Problem> {
    let order = SubscriptionCommand::RotateSecret {};
    let done = api.order_subscription(id, &command, order).await?;
    let (state, _) = api.dispatcher.load::<Subscription>(id).await?;
    Ok(Json(api.subscription_written(done, Some(state.generation))))
}

/// Tell a subscription again of events of the past
///
/// Under ids of their own: what was told before is told once more. Refused: DISABLED, VALIDATION.
#[utoipa::path(post, path = "/v1/notification-subscriptions/{subscription}/replay", tag = "notifications",
    operation_id = "replaySubscription", params(("subscription" = Uuid, Path,)),
    request_body(content = ReplayBody, example = json!({ "from": 1, "to": 250 })),
    responses((status = 202, body = Written)))]
async fn replay(
    State(api): State<CommandApi>,
    Id(id): Id,
    command: Command<ReplayBody>,
) -> Result<Written, Problem> {
    let ReplayBody { from, to } = command.body;
    let order = SubscriptionCommand::RequestReplay { from, to };
    let done = api.order_subscription(id, &command, order).await?;
    Ok(done.accepted(format!("/v1/notifications?subscription={id}")))
}

/// Try again what was given up
///
/// Refused: ALREADY_SENT.
#[utoipa::path(post, path = "/v1/notifications/{notification}/requeue", tag = "notifications",
    operation_id = "requeueNotification", params(("notification" = Uuid, Path,)),
    responses((status = 202, body = Written)))]
async fn requeue(
    State(api): State<CommandApi>,
    Id(id): Id,
    command: Command<NoBody>,
) -> Result<Written, Problem> {
    let order = NotificationCommand::RequeueNotification {};
    let done = api.run::<Notification>(command.envelope(id, order)?).await?;
    Ok(done.accepted("/v1/notifications".to_owned()))
}

/// How somebody is reached.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MemberContactBody {
    /// E-mail address.
    #[serde(default)]
    #[schema(max_length = 254)]
    email: Option<String>,
    /// Their id in Slack, by which a button that they click there is theirs.
    #[serde(default)]
    #[schema(max_length = 32)]
    slack: Option<String>,
}

/// Say how one is reached
///
/// Kept sealed. Refused: SLACK_TAKEN, VALIDATION.
#[utoipa::path(put, path = "/v1/me/contact", tag = "notifications", operation_id = "changeContact",
    request_body(content = MemberContactBody,
        example = json!({ "email": "ann@example.org", "slack": "U0123456789" })),
    responses((status = 200, body = Written)))]
async fn contact(
    State(api): State<CommandApi>,
    command: Command<MemberContactBody>,
) -> Result<Written, Problem> {
    let MemberContactBody { email, slack } = command.body.clone();
    let slack_index = slack.as_ref().map(|slack| api.slack_index(slack));
    let member = myself(&command.meta.caller)?;
    let contact = Pii::new(Contact { email, slack });
    let order = MemberCommand::ChangeContact { member, contact, slack_index };
    api.run::<Member>(command.envelope(member.0, order)?).await
}

/// What one wants to be told, and when.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PreferencesBody {
    /// Rules that one follows for any application, as `scored`; what is for oneself in particular is told anyway.
    #[serde(default)]
    follow: Vec<String>,
    /// Only of these jobs; none are all.
    #[serde(default)]
    #[schema(max_items = 1000)]
    jobs: Vec<Uuid>,
    /// Of scores, only those from this total on.
    #[serde(default)]
    #[schema(maximum = 100)]
    min_score: Option<u8>,
    /// By e-mail as well as in the program.
    #[serde(default)]
    email: EmailWhenBody,
    /// When one is not to be disturbed by e-mail; it comes at the end.
    #[serde(default)]
    quiet: Option<QuietBody>,
    /// One's time zone (IANA), in which all times here are.
    #[serde(default = "utc")]
    #[schema(max_length = 64)]
    time_zone: String,
}

/// When e-mail is sent.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
enum EmailWhenBody {
    /// Never.
    #[default]
    Never,
    /// At once, each notice a message of its own.
    Immediately,
    /// Once a day, everything in one message.
    Daily {
        /// The time of day.
        #[schema(value_type = String, example = "08:30:00")]
        at: NaiveTime,
    },
}

/// A time of day to be left alone, over midnight when it ends before it begins.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct QuietBody {
    /// From then on.
    #[schema(value_type = String, example = "19:00:00")]
    from: NaiveTime,
    /// Until then.
    #[schema(value_type = String, example = "07:00:00")]
    to: NaiveTime,
}

fn utc() -> String {
    "UTC".to_owned()
}

/// Say what one wants to be told
///
/// Refused: VALIDATION.
#[utoipa::path(put, path = "/v1/me/notification-preferences", tag = "notifications",
    operation_id = "changePreferences",
    request_body(content = PreferencesBody, example = json!({
        "follow": ["new_application", "scored"], "min_score": 80,
        "email": { "kind": "daily", "at": "08:30:00" },
        "quiet": { "from": "19:00:00", "to": "07:00:00" }, "time_zone": "Europe/Berlin"
    })),
    responses((status = 200, body = Written)))]
async fn preferences(
    State(api): State<CommandApi>,
    command: Command<PreferencesBody>,
) -> Result<Written, Problem> {
    let body = command.body.clone();
    let member = myself(&command.meta.caller)?;
    let preferences = Preferences {
        follow: named_rules("follow", &body.follow)?,
        jobs: body.jobs.into_iter().map(JobId).collect(),
        min_score: body.min_score,
        email: match body.email {
            EmailWhenBody::Never => EmailWhen::Never,
            EmailWhenBody::Immediately => EmailWhen::Immediately,
            EmailWhenBody::Daily { at } => EmailWhen::Daily { at },
        },
        quiet: body.quiet.map(|QuietBody { from, to }| Quiet { from, to }),
        time_zone: body.time_zone,
    };
    let order = MemberCommand::ChangePreferences { member, preferences };
    api.run::<Member>(command.envelope(member.0, order)?).await
}

/// What was read.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct InboxReadBody {
    /// The position of the last notice that was read.
    #[schema(maximum = 9007199254740991u64)]
    up_to: u64,
}

/// Note what one has read
#[utoipa::path(post, path = "/v1/me/inbox/read", tag = "notifications", operation_id = "readInbox",
    request_body(content = InboxReadBody, example = json!({ "up_to": 250 })),
    responses((status = 200, body = Written)))]
async fn read_inbox(
    State(api): State<CommandApi>,
    command: Command<InboxReadBody>,
) -> Result<Written, Problem> {
    let member = myself(&command.meta.caller)?;
    let order = MemberCommand::ReadInbox { member, up_to: command.body.up_to };
    api.run::<Member>(command.envelope(member.0, order)?).await
}

fn myself(caller: &Caller) -> Result<MemberId, Problem> {
    match caller {
        Caller::Member { token, .. } => Ok(MemberId(*token)),
        Caller::Anonymous | Caller::Applicant { .. } => {
            Err(Problem::unauthenticated("this is for whoever works here"))
        }
    }
}
