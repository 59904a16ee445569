//! Ids in paths: what is not an id names nothing, so it is a 404.

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use uuid::Uuid;

use crate::problem::Problem;

/// The one id of a path.
#[derive(Debug, Clone, Copy)]
pub struct Id(pub Uuid);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|_| Problem::not_found("page"))?;
        one(&mut params.iter()).map(Self)
    }
}

/// The two ids of a path, in their order.
#[derive(Debug, Clone, Copy)]
pub struct Ids(pub Uuid, pub Uuid);

impl<S: Send + Sync> FromRequestParts<S> for Ids {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|_| Problem::not_found("page"))?;
        let mut named = params.iter();
        Ok(Self(one(&mut named)?, one(&mut named)?))
    }
}

fn one<'a>(named: &mut impl Iterator<Item = (&'a str, &'a str)>) -> Result<Uuid, Problem> {
    let (name, text) = named.next().ok_or_else(|| Problem::not_found("page"))?;
    // Only the usual form: another spelling of the same id is another address.
    let id = Uuid::parse_str(text).ok().filter(|_| text.len() == 36);
    id.ok_or_else(|| Problem::not_found(name))
}
