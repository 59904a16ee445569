//! A write: who, under which idempotency key, against which version, and the body.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use domain::actor::Actor;
use event_log::{Envelope, Vault};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::access::Caller;
use crate::guard::RequestId;
use crate::limits::body_problem;
use crate::problem::{Problem, ProblemField};

const IDEMPOTENCY_KEY: &str = "idempotency-key";
const LONGEST_KEY: usize = 255;

/// What every write carries beside its body.
#[derive(Debug, Clone)]
pub struct Meta {
    /// Who writes.
    pub caller: Caller,
    /// Their idempotency key, if they gave one.
    pub key: Option<String>,
    /// The version they saw (`If-Match`).
    pub if_match: Option<u64>,
    /// Names the request in the events that it leads to.
    pub request: String,
    /// W3C trace context.
    pub traceparent: Option<String>,
    /// Method and path.
    route: String,
}

impl<S: Send + Sync> FromRequestParts<S> for Meta {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let caller = parts.extensions.get::<Caller>().copied().unwrap_or(Caller::Anonymous);
        let request = parts.extensions.get::<RequestId>().map(|r| r.0.clone()).unwrap_or_default();
        Ok(Self {
            caller,
            key: idempotency_key(&parts.headers)?,
            if_match: if_match(&parts.headers)?,
            request,
            traceparent: traceparent(&parts.headers),
            route: format!("{} {}", parts.method, parts.uri.path()),
        })
    }
}

impl Meta {
    /// Who writes, as events name them. Public endpoints name their caller themselves.
    ///
    /// # Errors
    /// 401.
    pub fn actor(&self) -> Result<Actor, Problem> {
        self.caller.actor().ok_or_else(|| Problem::unauthenticated("say who you are"))
    }

    /// The caller's idempotency key as the log keeps it: one caller's keys are apart from another's.
    pub fn scoped_key(&self) -> Option<String> {
        self.key.as_ref().map(|key| format!("http:{}:{key}", self.caller.scope()))
    }

    /// The key as the log keeps it for whoever has no name here, but says `who` they are: one stranger's keys
    /// are apart from another's, and neither key nor name can be told from it.
    pub fn strangers_key(&self, vault: &Vault, who: &str) -> Option<String> {
        let key = self.key.as_ref()?;
        let blind = vault.blind("strangers-key", format!("{key}\n{who}").as_bytes());
        Some(format!("http:stranger:{blind}"))
    }

    /// What tells a repeat from another command under the same key.
    pub fn fingerprint(&self, body: &[u8]) -> Vec<u8> {
        [self.route.as_bytes(), b"\n", body].concat()
    }

    /// A command on its way.
    pub fn envelope<C>(&self, id: Uuid, command: C, actor: Actor, body: &[u8]) -> Envelope<C> {
        let mut envelope = Envelope::new(id, command, actor);
        envelope.idempotency_key = self.scoped_key();
        envelope.body = self.fingerprint(body);
        envelope.expected_version = self.if_match;
        envelope.correlation_id = Some(self.request.clone());
        envelope.traceparent.clone_from(&self.traceparent);
        envelope
    }
}

/// A write with a JSON body. No body is an empty object.
#[derive(Debug, Clone)]
pub struct Command<T> {
    /// What every write carries.
    pub meta: Meta,
    /// The body.
    pub body: T,
    /// The body as it came.
    pub raw: Bytes,
}

impl<T> Command<T> {
    /// A command of the caller on its way.
    ///
    /// # Errors
    /// 401.
    pub fn envelope<C>(&self, id: Uuid, command: C) -> Result<Envelope<C>, Problem> {
        Ok(self.meta.envelope(id, command, self.meta.actor()?, &self.raw))
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Command<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let meta = Meta::from_request_parts(&mut parts, state).await?;
        let typed = parts.headers.get(header::CONTENT_TYPE).is_some();
        let json = is_json(&parts.headers);
        let request = Request::from_parts(parts, body);
        let raw = Bytes::from_request(request, state).await.map_err(|e| body_problem(&e))?;
        if raw.is_empty() && !typed {
            let body = decode(b"{}")?;
            return Ok(Self { meta, body, raw });
        }
        if !json {
            let detail = "send JSON: Content-Type: application/json";
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "UNSUPPORTED_MEDIA_TYPE",
                detail,
            ));
        }
        // Where a body may be left out, null says the same.
        let nothing = raw.is_empty() || raw.trim_ascii() == b"null";
        let body = decode(if nothing { b"{}" } else { &raw })?;
        Ok(Self { meta, body, raw })
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let text = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let media = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    media == "application/json" || (media.starts_with("application/") && media.ends_with("+json"))
}

/// JSON to input: not JSON is a 400, JSON of another shape a 422 that names the field.
pub(super) fn decode<T: DeserializeOwned>(raw: &[u8]) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_slice(raw);
    let body = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let error = error.into_inner();
        if error.is_data() { shape(&path, &error.to_string()) } else { invalid(&error.to_string()) }
    })?;
    json.end().map_err(|e| invalid(&e.to_string()))?;
    Ok(body)
}

fn invalid(problem: &str) -> Problem {
    Problem::bad_request("INVALID_JSON", format!("the body is not JSON: {problem}"))
}

fn shape(path: &str, problem: &str) -> Problem {
    // Without the place in the text, which the path names better.
    let problem = problem.split(" at line ").next().unwrap_or(problem).to_owned();
    // serde names an unknown or missing field in its words only.
    let named = problem.split('`').nth(1);
    let field = match (path, named) {
        (".", Some(name)) => name.to_owned(),
        (path, Some(name)) if problem.starts_with("missing field") => format!("{path}.{name}"),
        (path, _) => path.to_owned(),
    };
    let mut this = Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "VALIDATION",
        format!("`{field}`: {problem}"),
    );
    this.fields.push(ProblemField { field, problem });
    this
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    let key = value.to_str().ok().map(|key| key.trim().trim_matches('"'));
    match key {
        Some(key) if !key.is_empty() && key.len() <= LONGEST_KEY => Ok(Some(key.to_owned())),
        _ => {
            let detail = format!("Idempotency-Key is 1 to {LONGEST_KEY} visible ASCII characters");
            Err(Problem::bad_request("BAD_IDEMPOTENCY_KEY", detail))
        }
    }
}

/// The version that `If-Match` names; `*` and no header match any. The tag of a read begins with the version
/// and goes on with the position that it was read at, which a write does not ask for.
fn if_match(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let tag = text.strip_prefix("W/").unwrap_or(text);
    let tag = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
    let version = tag.and_then(|tag| match tag.split_once('-') {
        None => tag.parse().ok(),
        Some((version, position)) => position.parse::<u64>().ok().and(version.parse().ok()),
    });
    version.map(Some).ok_or_else(|| {
        let detail =
            "If-Match is an ETag that this API gave for one thing, such as \"3\" or \"3-17\"";
        Problem::bad_request("BAD_IF_MATCH", detail)
    })
}

/// A trace context of the right shape; another one is nobody's.
pub(crate) fn traceparent(headers: &HeaderMap) -> Option<String> {
    let text = headers.get("traceparent")?.to_str().ok()?;
    let parts: Vec<&str> = text.split('-').collect();
    let hex = |part: &str, len: usize| {
        part.len() == len && part.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    let [version, trace, parent, flags] = parts.as_slice() else { return None };
    (hex(version, 2) && hex(trace, 32) && hex(parent, 16) && hex(flags, 2)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only its shape counts")]
    struct Body {
        title: String,
        #[serde(default)]
        stages: Vec<Stage>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only its shape counts")]
    struct Stage {
        days: u32,
    }

    #[test]
    fn a_body_of_another_shape_names_the_field() {
        let fault = |text: &str| {
            let problem = decode::<Body>(text.as_bytes()).unwrap_err();
            (problem.status, problem.fields.first().map(|f| f.field.clone()))
        };
        assert_eq!(fault("{"), (400, None));
        assert_eq!(fault(r#"{"title":"a"} x"#), (400, None));
        assert_eq!(fault("{}"), (422, Some("title".into())));
        assert_eq!(fault(r#"{"title":1}"#), (422, Some("title".into())));
        assert_eq!(fault(r#"{"title":"a","tilte":1}"#), (422, Some("tilte".into())));
        let stages = r#"{"title":"a","stages":[{"days":1},{}]}"#;
        assert_eq!(fault(stages), (422, Some("stages[1].days".into())));
        let stages = r#"{"title":"a","stages":[{"days":"x"}]}"#;
        assert_eq!(fault(stages), (422, Some("stages[0].days".into())));
    }

    #[test]
    fn headers_are_read_strictly() {
        let with = |name: &'static str, value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().unwrap());
            headers
        };
        assert_eq!(if_match(&with("if-match", "\"7\"")), Ok(Some(7)));
        assert_eq!(if_match(&with("if-match", "\"7-130\"")), Ok(Some(7)));
        assert_eq!(if_match(&with("if-match", "*")), Ok(None));
        for wrong in ["seven", "7", "\"7-\"", "\"-7\"", "W/\"page-41\"", "\"1\", \"2\""] {
            assert!(if_match(&with("if-match", wrong)).is_err(), "{wrong}");
        }
        assert!(idempotency_key(&with("idempotency-key", &"k".repeat(256))).is_err());
        let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert_eq!(traceparent(&with("traceparent", good)).as_deref(), Some(good));
        assert_eq!(traceparent(&with("traceparent", "zz-1-2-3")), None);
    }
}
