//! The guard: says who calls and whether they may, before anything else of a request is looked at.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::application::Application;
use domain::ids::ApplicationId;
use event_log::{Dispatcher, trace};
use tracing::Instrument as _;
use tracing::field::Empty;
use uuid::Uuid;

use crate::access::{ApplicantTokens, Caller, Tokens};
use crate::extract::traceparent;
use crate::policy;
use crate::problem::Problem;

/// The header that names a request, in answers and in the events that it leads to.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Names a request.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

/// Knows callers by their tokens.
#[derive(Clone)]
pub struct Guard {
    dispatcher: Dispatcher,
    tokens: Tokens,
    applicants: ApplicantTokens,
}

impl Guard {
    /// A guard that knows these tokens.
    pub fn new(dispatcher: Dispatcher, tokens: Tokens) -> Self {
        let applicants = ApplicantTokens::new(dispatcher.log().vault.clone());
        Self { dispatcher, tokens, applicants }
    }

    /// Members' tokens.
    pub fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// Whoever the `Authorization` header names.
    ///
    /// # Errors
    /// 401 for a header that names nobody, 500.
    pub async fn caller(&self, headers: &HeaderMap) -> Result<Caller, Problem> {
        let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(Caller::Anonymous) };
        let unknown = || Problem::unauthenticated("the token is unknown or was revoked");
        let text = value.to_str().map_err(|_| unknown())?;
        let (scheme, token) = text.split_once(' ').ok_or_else(unknown)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(unknown());
        }
        self.bearer(token.trim()).await?.ok_or_else(unknown)
    }

    /// Whoever holds a bearer token.
    ///
    /// # Errors
    /// 500.
    pub async fn bearer(&self, token: &str) -> Result<Option<Caller>, Problem> {
        if let Some((token, role)) = self.tokens.verify(token).await? {
            return Ok(Some(Caller::Member { token, role }));
        }
        match self.applicants.application(token) {
            Some(application) => self.applicant(application).await,
            None => Ok(None),
        }
    }

    /// Whether a caller is still who they were.
    ///
    /// # Errors
    /// 500.
    pub async fn stands(&self, caller: &Caller) -> Result<bool, Problem> {
        match caller {
            Caller::Anonymous => Ok(true),
            Caller::Member { token, .. } => Ok(self.tokens.stands(*token).await?),
            Caller::Applicant { application, .. } => {
                Ok(self.applicant(*application).await?.is_some())
            }
        }
    }

    async fn applicant(&self, application: ApplicationId) -> Result<Option<Caller>, Problem> {
        let (state, _) = self.dispatcher.load::<Application>(application.0).await?;
        let Some(candidate) = state.candidate else { return Ok(None) };
        // Whose data is gone is nobody any more.
        let live = self.dispatcher.log().vault.key_if_live(candidate).await?.is_some();
        Ok(live.then_some(Caller::Applicant { application, candidate }))
    }
}

/// The outermost middleware: names the request and counts it, whatever becomes of it.
pub async fn name(matched: Option<MatchedPath>, mut request: Request, next: Next) -> Response {
    let id = request_id(request.headers());
    let header = HeaderValue::from_str(&id.0);
    let (begun, method) = (Instant::now(), method_of(&request));
    // By template, and of known methods: what strangers make up must not make up numbers.
    let route = matched.map_or_else(|| "none".to_owned(), |path| path.as_str().to_owned());
    let span = tracing::info_span!(
        "request",
        otel.name = format_args!("{method} {route}"),
        otel.kind = "server",
        http.request.method = method,
        http.route = route,
        http.response.status_code = Empty,
        request = id.0,
        trace_id = Empty,
    );
    trace::go_on(&span, traceparent(request.headers()).as_deref());
    request.extensions_mut().insert(id);
    let mut response = next.run(request).instrument(span.clone()).await;
    span.record("http.response.status_code", response.status().as_u16());
    let status = response.status().as_str().to_owned();
    metrics::histogram!("hiresphere_http_request_seconds",
        "route" => route, "method" => method, "status" => status)
    .record(begun.elapsed());
    if let Ok(header) = header {
        response.headers_mut().insert(REQUEST_ID, header);
    }
    response
}

fn method_of(request: &Request) -> &'static str {
    match *request.method() {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        Method::PATCH => "PATCH",
        _ => "other",
    }
}

/// The middleware: caller, rule.
pub async fn check(
    State(guard): State<Guard>,
    matched: Option<MatchedPath>,
    mut request: Request,
    next: Next,
) -> Response {
    match admit(&guard, matched.as_ref(), &mut request).await {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

async fn admit(
    guard: &Guard,
    matched: Option<&MatchedPath>,
    request: &mut Request,
) -> Result<(), Problem> {
    let method = request.method().clone();
    let path = matched.map_or("", MatchedPath::as_str);
    // The live feed's clients cannot set headers: it reads their one-time tickets itself.
    let ticket = path == "/v1/live" && request.uri().query().is_some_and(has_ticket);
    match policy::rule(&method, path) {
        Some(rule) if ticket => {
            debug_assert_eq!(rule, policy::Rule::Everybody);
            request.extensions_mut().insert(Caller::Anonymous);
        }
        Some(rule) => {
            let caller = guard.caller(request.headers()).await?;
            policy::decide(rule, &method, &caller, named_application(path, request.uri().path()))?;
            request.extensions_mut().insert(caller);
        }
        // Another method than those of the path: the router says which there are.
        None if policy::known(path) => {}
        None => return Err(Problem::not_found("page")),
    }
    Ok(())
}

fn has_ticket(query: &str) -> bool {
    query.split('&').any(|pair| pair.starts_with("ticket="))
}

/// The id that a path gives for `{application}`.
fn named_application<'a>(template: &str, path: &'a str) -> Option<&'a str> {
    let at = template.split('/').position(|part| part == "{application}")?;
    path.split('/').nth(at)
}

/// What the client calls the request, when that is short and plain; otherwise a new name.
fn request_id(headers: &HeaderMap) -> RequestId {
    let given = headers.get(REQUEST_ID).and_then(|v| v.to_str().ok());
    let plain = |id: &&str| {
        (1..=64).contains(&id.len())
            && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    RequestId(given.filter(plain).map_or_else(|| Uuid::now_v7().to_string(), str::to_owned))
}
