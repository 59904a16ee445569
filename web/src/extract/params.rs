//! Query parameters; an unknown one is an error, so that a mistyped filter never shows everything.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::problem::{Problem, ProblemField};

/// The parameters of a query. `T` denies unknown fields.
#[derive(Debug, Clone)]
pub struct Params<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        let pairs = serde_urlencoded::Deserializer::new(form_pairs(query));
        serde_path_to_error::deserialize(pairs).map(Self).map_err(|error| {
            let field = error.path().to_string();
            let problem = error.into_inner().to_string();
            bad_parameter(&field, &problem)
        })
    }
}

fn form_pairs(query: &str) -> form_urlencoded::Parse<'_> {
    form_urlencoded::parse(query.as_bytes())
}

/// 400 BAD_PARAMETER about one parameter.
fn bad_parameter(field: &str, problem: &str) -> Problem {
    // serde names an unknown or missing field in its words only.
    let named = problem.split('`').nth(1).filter(|_| field == ".").unwrap_or(field);
    let mut this = Problem::bad_request("BAD_PARAMETER", format!("parameter `{named}`: {problem}"));
    this.fields.push(ProblemField { field: named.to_owned(), problem: problem.to_owned() });
    this
}

impl<T> Params<T> {
    /// 400 about a parameter whose value makes no sense.
    pub fn refuse(field: &str, problem: &str) -> Problem {
        bad_parameter(field, problem)
    }
}
