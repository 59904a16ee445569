//! The faces put together: every route, the guard before it, the document over it.

use std::sync::Arc;

use axum::response::IntoResponse as _;
use axum::routing::get;
use axum::{Json, Router, middleware};
use command_api::http::CommandApi;
use notifier::NotificationApi;
use projections::api::QueryApi;
use projections::live::Live;
use serde_json::Value;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{AllowOrigin, Any, CorsLayer, ExposeHeaders};
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::{Config, SwaggerUi};
use web::{Problem, guard, limits};

use super::beside::Roles;
use super::health::{self, Health};
use super::{Role, Server};
use crate::failure::Failure;

#[derive(utoipa::OpenApi)]
#[openapi(components(schemas(Problem)))]
struct Base;

/// The OpenAPI document, as it is served and as it stands in `schemas/`.
pub(crate) fn document() -> Result<Value, Failure> {
    let mut api = Base::openapi();
    api.merge(command_api::http::document());
    api.merge(projections::api::document());
    api.merge(projections::live::document());
    api.merge(notifier::document());
    api.merge(health::routes().into_openapi());
    let mut schemas = notifier::schemas();
    schemas.extend(projections::api::schemas());
    web::openapi::finish(&api, schemas).map_err(|e| Failure::new("OPENAPI", e, "this is a bug"))
}

/// Every route of the server.
pub(super) fn router(server: &Server, health: Health) -> Result<Router, Failure> {
    let engine = &server.engine;
    let mut open = OpenApiRouter::new().merge(health::routes().with_state(health));
    if server.is(Role::Api) {
        let queries = QueryApi::new(engine.log.clone(), engine.read.clone());
        let beside = Arc::new(Roles { engine: engine.clone(), queries: queries.clone() });
        let commands = CommandApi::new(engine.dispatcher.clone(), server.tokens.clone(), beside);
        open = open
            .merge(command_api::http::router(commands))
            .merge(projections::api::router(queries))
            .merge(notifier::router(NotificationApi::new(
                engine.dispatcher.clone(),
                engine.notices.clone(),
            )));
    }
    if server.is(Role::LiveFeed) {
        let stop = server.stop.subscribe();
        let (hub, guard) = (server.hub.clone(), server.guard.clone());
        let live = Live::new(hub, guard, &engine.log, server.origins.clone(), stop);
        open = open.merge(projections::live::router(live));
    }
    let routes: Router = open.into();
    let document = document()?;
    let served = document.clone();
    let docs = SwaggerUi::new("/docs")
        .config(Config::from("/openapi.json").try_it_out_enabled(true).persist_authorization(true));
    let router = routes
        .route("/openapi.json", get(move || async move { Json(served) }))
        .merge(Router::from(docs))
        .method_not_allowed_fallback(limits::no_such_method)
        .layer(middleware::from_fn_with_state(server.guard.clone(), guard::check))
        .fallback(limits::no_such_page)
        .layer(middleware::from_fn_with_state(server.body_time, limits::bound))
        .layer(CatchPanicLayer::custom(|_: Box<dyn std::any::Any + Send>| {
            tracing::error!("a request panicked");
            let detail = "the server failed; its log says why";
            let status = axum::http::StatusCode::INTERNAL_SERVER_ERROR;
            Problem::new(status, "INTERNAL", detail).into_response()
        }))
        .layer(middleware::from_fn(guard::name));
    Ok(match cors(&server.origins)? {
        Some(cors) => router.layer(cors),
        None => router,
    })
}

/// Pages of other origins may use the API when they were named at start.
fn cors(origins: &[String]) -> Result<Option<CorsLayer>, Failure> {
    if origins.is_empty() {
        return Ok(None);
    }
    let mut values = Vec::new();
    for origin in origins {
        let value = origin.parse().map_err(|_| {
            let message = format!("`{origin}` is not an origin");
            Failure::new(
                "ORIGIN",
                message,
                "give scheme, host and port: https://hiring.example.org",
            )
        })?;
        values.push(value);
    }
    // By name: a browser does not take `*` for a token.
    let asked = [
        "authorization",
        "content-type",
        "idempotency-key",
        "if-match",
        "if-none-match",
        "last-event-id",
        "prefer",
        "traceparent",
        "x-request-id",
    ]
    .map(axum::http::HeaderName::from_static);
    let expose = ["etag", "location", "retry-after", "x-request-id"]
        .map(axum::http::HeaderName::from_static);
    Ok(Some(
        CorsLayer::new()
            .allow_origin(AllowOrigin::list(values))
            .allow_methods(Any)
            .allow_headers(asked)
            .expose_headers(ExposeHeaders::list(expose)),
    ))
}
