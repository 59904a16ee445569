//! What can be asked of the notifier: what became of what was sent, who is told of what, and what somebody was told.

use axum::Extension;
use axum::Json;
use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ids::{ApplicationId, MemberId, NotificationId, SubscriptionId};
use domain::member::{Contact, Member, Preferences};
use event_log::Dispatcher;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use web::access::Caller;
use web::extract::Params;
use web::{Problem, Role};

use crate::known::Known;
use crate::store::{DeliveryFilter, DeliveryRow, DeliveryState, InboxRow, Store, SubscriptionRow};

/// Items on a page when the client does not say, and the most.
const USUAL: u32 = 50;
const MOST: u32 = 200;

/// What the endpoints need.
#[derive(Clone)]
pub struct NotificationApi {
    dispatcher: Dispatcher,
    store: Store,
}

impl NotificationApi {
    /// The endpoints over the notifier's tables.
    pub fn new(dispatcher: Dispatcher, store: Store) -> Self {
        Self { dispatcher, store }
    }
}

fn routes() -> OpenApiRouter<NotificationApi> {
    OpenApiRouter::new()
        .routes(routes!(deliveries))
        .routes(routes!(subscriptions))
        .routes(routes!(me))
        .routes(routes!(inbox))
}

/// Every endpoint that reads.
pub fn router(api: NotificationApi) -> OpenApiRouter {
    routes().with_state(api)
}

/// What the endpoints say of themselves.
pub fn document() -> OpenApi {
    routes().into_openapi()
}

/// The schemas of what they answer, by name.
pub fn schemas() -> Map<String, Value> {
    let settings = SchemaSettings::draft2020_12().for_serialize().with(|s| {
        s.definitions_path = "/components/schemas".into();
        s.meta_schema = None;
    });
    let mut generator = SchemaGenerator::new(settings);
    generator.subschema_for::<DeliveryPage>();
    generator.subschema_for::<SubscriptionList>();
    generator.subschema_for::<Me>();
    generator.subschema_for::<InboxPage>();
    generator.take_definitions(true)
}

/// A page of deliveries.
#[derive(Debug, Serialize, JsonSchema)]
struct DeliveryPage {
    /// The last event's first.
    items: Vec<DeliveryRow>,
    /// The cursor of the page behind it; none on the last one.
    next: Option<String>,
    /// How many deliveries there are in each state, whatever was asked for.
    counts: Vec<DeliveryCount>,
}

/// How many deliveries are in a state.
#[derive(Debug, Serialize, JsonSchema)]
struct DeliveryCount {
    /// The state.
    state: DeliveryState,
    /// How many.
    count: u64,
}

/// The subscriptions.
#[derive(Debug, Serialize, JsonSchema)]
struct SubscriptionList {
    /// The oldest first.
    items: Vec<SubscriptionRow>,
}

/// Who asks, as far as notifications go.
#[derive(Debug, Serialize, JsonSchema)]
struct Me {
    /// Their id.
    member: MemberId,
    /// What they may do.
    #[schemars(with = "String")]
    role: Role,
    /// How they are reached.
    contact: Contact,
    /// What they want to be told.
    preferences: Preferences,
    /// How much in their inbox was not read.
    unread: u64,
    /// Version of their stream: what a change expects.
    version: u64,
}

/// A page of what somebody was told.
#[derive(Debug, Serialize, JsonSchema)]
struct InboxPage {
    /// The last first.
    items: Vec<InboxRow>,
    /// The cursor of the page behind it; none on the last one.
    next: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DeliveryParams {
    state: Option<String>,
    subscription: Option<Uuid>,
    application: Option<Uuid>,
    cursor: Option<String>,
    limit: Option<u32>,
}

/// List what was sent, and what became of it
///
/// Every delivery of an event to a recipient through a channel, whatever its state. What was given up can be requeued.
#[utoipa::path(get, path = "/v1/notifications", tag = "notifications", operation_id = "listNotifications",
    params(
        ("state" = Option<String>, Query, description = "`queued`, `sending`, `sent`, `parked` or `dropped`.", example = "parked"),
        ("subscription" = Option<Uuid>, Query, description = "To this subscription."),
        ("application" = Option<Uuid>, Query, description = "About this application."),
        ("cursor" = Option<String>, Query, description = "`next` of the page before."),
        ("limit" = Option<u32>, Query, description = "Items on a page.", minimum = 1, maximum = 200),
    ),
    responses((status = 200, body = ref("#/components/schemas/DeliveryPage"))))]
async fn deliveries(
    State(api): State<NotificationApi>,
    Params(params): Params<DeliveryParams>,
) -> Result<Json<DeliveryPage>, Problem> {
    let DeliveryParams { state, subscription, application, cursor, limit } = params;
    let state = state.map(|state| state.parse::<DeliveryState>()).transpose();
    let state = state.map_err(|problem| Params::<()>::refuse("state", &problem))?;
    let filter = DeliveryFilter {
        state,
        subscription: subscription.map(SubscriptionId),
        application: application.map(ApplicationId),
    };
    let (before, limit) = (read::<(u64, NotificationId)>(cursor)?, most(limit)?);
    let items = api.store.deliveries(&filter, before, limit + 1).await?;
    let (items, next) = page(items, limit, |row| (row.position, row.notification))?;
    let counts = api.store.counts().await?;
    let counts = counts.into_iter().map(|(state, count)| DeliveryCount { state, count }).collect();
    Ok(Json(DeliveryPage { items, next, counts }))
}

/// List the subscriptions
///
/// Systems that are told of events, through webhooks and in Slack; never a secret.
#[utoipa::path(get, path = "/v1/notification-subscriptions", tag = "notifications", operation_id = "listSubscriptions",
    responses((status = 200, body = ref("#/components/schemas/SubscriptionList"))))]
async fn subscriptions(
    State(api): State<NotificationApi>,
) -> Result<Json<SubscriptionList>, Problem> {
    Ok(Json(SubscriptionList { items: api.store.subscriptions().await? }))
}

/// Look at oneself
///
/// How one is reached, what one wants to be told, and how much there is to read.
#[utoipa::path(get, path = "/v1/me", tag = "notifications", operation_id = "getMe",
    responses((status = 200, body = ref("#/components/schemas/Me"))))]
async fn me(
    State(api): State<NotificationApi>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Me>, Problem> {
    let (member, role) = myself(&caller)?;
    let (state, version) = api.dispatcher.load::<Member>(member.0).await?;
    let contact = Known::new(api.dispatcher.clone()).contact(member).await?;
    let unread = api.store.unread(member).await?;
    let preferences = state.preferences;
    Ok(Json(Me { member, role, contact, preferences, unread, version }))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct InboxParams {
    #[serde(default)]
    unread: bool,
    cursor: Option<String>,
    limit: Option<u32>,
}

/// List what one was told
#[utoipa::path(get, path = "/v1/me/inbox", tag = "notifications", operation_id = "listInbox",
    params(
        ("unread" = Option<bool>, Query, description = "Only what was not read."),
        ("cursor" = Option<String>, Query, description = "`next` of the page before."),
        ("limit" = Option<u32>, Query, description = "Items on a page.", minimum = 1, maximum = 200),
    ),
    responses((status = 200, body = ref("#/components/schemas/InboxPage"))))]
async fn inbox(
    State(api): State<NotificationApi>,
    Extension(caller): Extension<Caller>,
    Params(params): Params<InboxParams>,
) -> Result<Json<InboxPage>, Problem> {
    let (member, _) = myself(&caller)?;
    let (before, limit) = (read::<(u64, String)>(params.cursor)?, most(params.limit)?);
    let items = api.store.inbox(member, before, params.unread, limit + 1).await?;
    let (items, next) = page(items, limit, |row| (row.position, row.rule.as_str()))?;
    Ok(Json(InboxPage { items, next }))
}

fn myself(caller: &Caller) -> Result<(MemberId, Role), Problem> {
    match caller {
        Caller::Member { token, role } => Ok((MemberId(*token), *role)),
        Caller::Anonymous | Caller::Applicant { .. } => {
            Err(Problem::unauthenticated("this is for whoever works here"))
        }
    }
}

fn most(limit: Option<u32>) -> Result<u32, Problem> {
    match limit {
        None => Ok(USUAL),
        Some(limit) if (1..=MOST).contains(&limit) => Ok(limit),
        Some(_) => Err(Params::<()>::refuse("limit", &format!("is 1 to {MOST}"))),
    }
}

/// A page's items, and its cursor when one more was found.
fn page<T, K: Serialize>(
    mut items: Vec<T>,
    limit: u32,
    key: impl Fn(&T) -> K,
) -> Result<(Vec<T>, Option<String>), Problem> {
    let more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let last = items.last().filter(|_| more);
    let encode = |last: &T| serde_json::to_vec(&key(last)).map(|key| URL_SAFE_NO_PAD.encode(key));
    let damaged = |_| Params::<()>::refuse("cursor", "cannot be written");
    let next = last.map(encode).transpose().map_err(damaged)?;
    Ok((items, next))
}

fn read<K: DeserializeOwned>(cursor: Option<String>) -> Result<Option<K>, Problem> {
    let Some(cursor) = cursor else { return Ok(None) };
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    let key = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let damaged = || Params::<()>::refuse("cursor", "is damaged; begin with the first page");
    key.map(Some).ok_or_else(damaged)
}
