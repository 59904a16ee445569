//! Members' tokens: issue, list, revoke. Credentials are not events; what is done with them is.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::refusal::Refusal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::access::{Issued, TokenRow};
use web::extract::{Command, Id};
use web::{Problem, Role};

use super::CommandApi;

pub(super) fn router() -> OpenApiRouter<CommandApi> {
    OpenApiRouter::new().routes(routes!(list_tokens, issue_token)).routes(routes!(revoke_token))
}

/// Every token; never a secret.
#[derive(Debug, Serialize, ToSchema)]
struct TokenList {
    /// Oldest first.
    items: Vec<TokenRow>,
}

/// List the tokens
#[utoipa::path(get, path = "/v1/tokens", tag = "tokens", operation_id = "listTokens",
    responses((status = 200, body = TokenList)))]
async fn list_tokens(State(api): State<CommandApi>) -> Result<Json<TokenList>, Problem> {
    Ok(Json(TokenList { items: api.tokens.list().await? }))
}

/// A token to be.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TokenBody {
    /// What it may do.
    role: Role,
    /// What it is for, in words.
    #[serde(default)]
    #[schema(max_length = 200)]
    name: Option<String>,
}

/// Issue a token
///
/// The answer is the only time its secret is shown. A repeat under the same `Idempotency-Key` issues none and cannot
/// show the secret again: ALREADY_ISSUED (names the token).
#[utoipa::path(post, path = "/v1/tokens", tag = "tokens", operation_id = "issueToken",
    request_body(content = TokenBody,
        example = json!({ "role": "recruiter", "name": "careers page" })),
    responses((status = 201, body = Issued)))]
async fn issue_token(
    State(api): State<CommandApi>,
    command: Command<TokenBody>,
) -> Result<(StatusCode, Json<Issued>), Problem> {
    let name = command.body.name.as_deref().unwrap_or("issued over HTTP");
    if name.chars().count() > 200 {
        return Err(Problem::field("name", "is longer than 200 characters"));
    }
    let key = command.meta.scoped_key();
    match api.tokens.issue_once(command.body.role, name, key.as_deref()).await? {
        Ok(issued) => Ok((StatusCode::CREATED, Json(issued))),
        Err(known) => {
            let message = "a token was issued under this key, and its secret is shown once";
            let refusal = Refusal::conflict("ALREADY_ISSUED", message);
            Err(refusal.with_existing(known.to_string()).into())
        }
    }
}

/// Revoke a token
///
/// Requests with it are 401 from now on, and live connections end within a second.
#[utoipa::path(delete, path = "/v1/tokens/{token}", tag = "tokens", operation_id = "revokeToken",
    params(("token" = uuid::Uuid, Path,)), responses((status = 204)))]
async fn revoke_token(State(api): State<CommandApi>, Id(token): Id) -> Result<StatusCode, Problem> {
    if !api.tokens.list().await?.iter().any(|t| t.id == token) {
        return Err(Problem::not_found("token"));
    }
    api.tokens.revoke(token).await?;
    Ok(StatusCode::NO_CONTENT)
}
