//! Who may: the table of rules, tried on every route.

use reqwest::Method;
use serde_json::json;
use web::policy::{RULES, Rule};

use crate::client::{Answer, Api, send};
use crate::feed::Feed;
use crate::scene::{AMARA, NOBODY, applied, form, hand_in, open_job, sample, token};
use crate::server::Server;

/// A path with ids that name nothing, or are no ids at all.
fn path(template: &str, id: &str) -> String {
    let parts = template.split('/').map(|part| if part.starts_with('{') { id } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// A request that is wrong in every way: its body, its headers, its parameters.
async fn wrong(api: &Api, method: &Method, template: &str, id: &str) -> Answer {
    let path = format!("{}?no=such", path(template, id));
    let request = api.request(method.clone(), &path).header("content-type", "text/nonsense");
    let request = request.header("if-match", "nonsense").header("idempotency-key", "");
    send(request.body("{\"never\": ended")).await
}

#[tokio::test]
async fn who_may_is_asked_before_anything_else() {
    let server = Server::start();
    let admin = server.admin();
    let (_, auditor) = token(&admin, "auditor").await;
    let (_, recruiter) = token(&admin, "recruiter").await;
    let (job, _) = open_job(&admin, "Engineer").await;
    let form = form(&AMARA, sample(AMARA.file));
    let mine = applied(&hand_in(&server.anonymous(), &job, form).await);
    let callers = [
        ("nobody", server.anonymous()),
        ("stranger", server.bearer("hst_made-up")),
        ("forger", server.bearer(&format!("{}0", &mine.token[..mine.token.len() - 1]))),
        ("auditor", server.bearer(&auditor)),
        ("recruiter", server.bearer(&recruiter)),
        ("applicant", server.bearer(&mine.token)),
    ];
    let head = server.anonymous().get("/readyz").await.ok()["head"].clone();
    let closed = RULES.iter().filter(|(.., rule)| !rule.is_public());
    for (method, template, rule) in closed {
        for id in [NOBODY, "no-id"] {
            for (who, api) in &callers {
                let answer = wrong(api, method, template, id).await;
                let read = *method == Method::GET;
                let expected = match (*who, *rule) {
                    ("nobody" | "stranger" | "forger", _) => Some((401, "UNAUTHENTICATED")),
                    ("auditor", Rule::Everybody | Rule::Members | Rule::MembersAndApplicant) => {
                        None
                    }
                    ("auditor", _) if !read => Some((403, "AUDITOR_READ_ONLY")),
                    ("auditor" | "recruiter", Rule::Admins) => Some((403, "FORBIDDEN")),
                    ("auditor" | "recruiter", _) | (_, Rule::Everybody) => None,
                    (_, Rule::MembersAndApplicant | Rule::RecruitersAndApplicant) => {
                        Some((404, "NOT_FOUND"))
                    }
                    _ => Some((403, "FORBIDDEN")),
                };
                match expected {
                    Some((status, code)) => drop(answer.refused(status, code)),
                    // Whoever may is told what else is wrong.
                    None => assert!(
                        (200..300).contains(&answer.status)
                            || [400, 404, 415, 422, 426].contains(&answer.status),
                        "{who} {method} {template}: {} {}",
                        answer.status,
                        answer.body
                    ),
                }
            }
        }
    }
    // None of it left a trace, and nobody who may not was let onto the feed.
    assert!(server.anonymous().get("/readyz").await.ok()["head"].as_u64() >= head.as_u64());
    for headers in [
        vec![],
        vec![("authorization", "Bearer hst_made-up")],
        vec![("authorization", "Basic YTpi")],
    ] {
        let refused = Feed::try_open(&server, "after=no&type=no", &headers).await;
        let (status, problem) = refused.err().expect("nobody follows");
        assert_eq!((status, &problem["code"]), (401, &json!("UNAUTHENTICATED")));
    }
    // A role in the middle: a recruiter's work, and an auditor's.
    server.bearer(&recruiter).post("/v1/jobs", crate::scene::posting("Cook")).await.status(201);
    for path in ["/v1/jobs", "/v1/candidates", "/v1/rubrics", "/v1/model-releases", &mine.url] {
        server.bearer(&auditor).get(path).await.ok();
    }
    server.bearer(&auditor).get("/v1/tokens").await.refused(403, "FORBIDDEN");
    crate::feed::ticket(&server.bearer(&auditor)).await.status(201);
}

#[tokio::test]
async fn who_asks_for_what_is_open_needs_no_token_that_stands() {
    let server = Server::start();
    let admin = server.admin();
    let (id, secret) = token(&admin, "recruiter").await;
    admin.delete(&format!("/v1/tokens/{id}")).await.status(204);
    let revoked = server.bearer(&secret);
    revoked.get("/v1/jobs").await.refused(401, "UNAUTHENTICATED");
    // Somebody who says who they are and is not is told so, rather than taken for nobody.
    revoked.get("/v1/open-jobs").await.refused(401, "UNAUTHENTICATED");
    for value in ["", "Bearer", "Bearer ", "bearer  hst_x y", "Token x"] {
        let request = server.anonymous().request(Method::GET, "/v1/jobs");
        let answer = send(request.header("authorization", value)).await;
        answer.refused(401, "UNAUTHENTICATED");
    }
}
