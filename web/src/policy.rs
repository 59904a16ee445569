//! Each route's rule, in one table: the place where full identity plugs in.
//!
//! A route that is not in the table is closed to everybody, and a test holds the table against the
//! routes. The order is: who are you (401), may your role do this (403), and only then everything else.

use axum::http::Method;

use crate::access::{Caller, Role};
use crate::problem::Problem;

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Anybody, without saying who they are.
    Public,
    /// Whoever works here, but for interviewers.
    Members,
    /// Whoever works here; interviewers, for interviews that they hold.
    Panel,
    /// Whoever works here, for what is their own.
    Staff,
    /// Whoever may be on a panel.
    Interviewers,
    /// Whoever works here, but for interviewers, and the applicant of the application that the path names.
    MembersAndApplicant,
    /// Whoever works here, and any applicant; the endpoint shows each what they may see.
    Everybody,
    /// Recruiters and admins.
    Recruiters,
    /// Recruiters and admins, and the applicant of the application that the path names.
    RecruitersAndApplicant,
    /// Admins.
    Admins,
}

impl Rule {
    /// Whether the route needs nobody to say who they are.
    pub fn is_public(self) -> bool {
        self == Self::Public
    }

    /// Whether it is a write, which no auditor may do.
    fn is_write(self, method: &Method) -> bool {
        *method != Method::GET
            && matches!(
                self,
                Self::Recruiters | Self::RecruitersAndApplicant | Self::Interviewers | Self::Admins
            )
    }

    /// Says who may, in words, for the document.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Public => "anybody",
            Self::Members => "admin, recruiter, auditor",
            Self::Panel => "admin, recruiter, auditor; interviewers, for interviews that they hold",
            Self::Staff => "admin, recruiter, interviewer, auditor",
            Self::Interviewers => "admin, recruiter, interviewer",
            Self::MembersAndApplicant => {
                "admin, recruiter, auditor; the applicant of the application"
            }
            Self::Everybody => "admin, recruiter, auditor; applicants, for their own application",
            Self::Recruiters => "admin, recruiter",
            Self::RecruitersAndApplicant => "admin, recruiter; the applicant of the application",
            Self::Admins => "admin",
        }
    }
}

const GET: Method = Method::GET;
const POST: Method = Method::POST;
const PUT: Method = Method::PUT;
const DELETE: Method = Method::DELETE;

/// Every route and its rule.
pub const RULES: &[(Method, &str, Rule)] = &[
    (GET, "/healthz", Rule::Public),
    (GET, "/readyz", Rule::Public),
    (GET, "/metrics", Rule::Public),
    (GET, "/openapi.json", Rule::Public),
    (GET, "/docs", Rule::Public),
    (GET, "/docs/", Rule::Public),
    (GET, "/docs/{*rest}", Rule::Public),
    // Jobs
    (GET, "/v1/open-jobs", Rule::Public),
    (GET, "/v1/open-jobs/{job}", Rule::Public),
    (GET, "/v1/jobs", Rule::Members),
    (POST, "/v1/jobs", Rule::Recruiters),
    (GET, "/v1/jobs/{job}", Rule::Members),
    (PUT, "/v1/jobs/{job}", Rule::Recruiters),
    (PUT, "/v1/jobs/{job}/pipeline", Rule::Recruiters),
    (PUT, "/v1/jobs/{job}/rubric", Rule::Recruiters),
    (POST, "/v1/jobs/{job}/publish", Rule::Recruiters),
    (POST, "/v1/jobs/{job}/pause", Rule::Recruiters),
    (POST, "/v1/jobs/{job}/reopen", Rule::Recruiters),
    (POST, "/v1/jobs/{job}/scoring/stop", Rule::Recruiters),
    (POST, "/v1/jobs/{job}/scoring/resume", Rule::Recruiters),
    (POST, "/v1/jobs/{job}/close", Rule::Recruiters),
    (POST, "/v1/jobs/{job}/decisions", Rule::Recruiters),
    (GET, "/v1/jobs/{job}/pool", Rule::Members),
    (GET, "/v1/jobs/{job}/counters", Rule::Members),
    (POST, "/v1/jobs/{job}/applications", Rule::Public),
    // Applications
    (GET, "/v1/applications/{application}", Rule::MembersAndApplicant),
    (GET, "/v1/applications/{application}/timeline", Rule::MembersAndApplicant),
    (GET, "/v1/applications/{application}/resume", Rule::Members),
    (GET, "/v1/applications/{application}/resume/text", Rule::Members),
    (GET, "/v1/applications/{application}/decisions", Rule::Members),
    (GET, "/v1/applications/{application}/decisions/{position}", Rule::Members),
    (POST, "/v1/applications/{application}/shortlist", Rule::Recruiters),
    (POST, "/v1/applications/{application}/unshortlist", Rule::Recruiters),
    (POST, "/v1/applications/{application}/reject", Rule::Recruiters),
    (POST, "/v1/applications/{application}/unreject", Rule::Recruiters),
    (POST, "/v1/applications/{application}/move", Rule::Recruiters),
    (POST, "/v1/applications/{application}/hold", Rule::Recruiters),
    (POST, "/v1/applications/{application}/unhold", Rule::Recruiters),
    (POST, "/v1/applications/{application}/transfer", Rule::Recruiters),
    (POST, "/v1/applications/{application}/hire", Rule::Recruiters),
    (POST, "/v1/applications/{application}/unhire", Rule::Recruiters),
    (POST, "/v1/applications/{application}/score/override", Rule::Recruiters),
    (POST, "/v1/applications/{application}/score/dispute", Rule::RecruitersAndApplicant),
    (POST, "/v1/applications/{application}/notes", Rule::Recruiters),
    (POST, "/v1/applications/{application}/score", Rule::Recruiters),
    (PUT, "/v1/applications/{application}/score/shown", Rule::Recruiters),
    (PUT, "/v1/applications/{application}/resume", Rule::Recruiters),
    (POST, "/v1/applications/{application}/withdraw", Rule::RecruitersAndApplicant),
    // Interviews
    (POST, "/v1/applications/{application}/interviews", Rule::Recruiters),
    (GET, "/v1/applications/{application}/interviews", Rule::MembersAndApplicant),
    (
        GET,
        "/v1/applications/{application}/interviews/{interview}/calendar",
        Rule::MembersAndApplicant,
    ),
    (GET, "/v1/applications/{application}/scorecards", Rule::Panel),
    (GET, "/v1/interviews", Rule::Panel),
    (GET, "/v1/interviews/{interview}", Rule::Panel),
    (POST, "/v1/interviews/{interview}/reschedule", Rule::Recruiters),
    (PUT, "/v1/interviews/{interview}/panel", Rule::Recruiters),
    (POST, "/v1/interviews/{interview}/cancel", Rule::Recruiters),
    (POST, "/v1/interviews/{interview}/complete", Rule::Recruiters),
    (POST, "/v1/interviews/{interview}/no-show", Rule::Recruiters),
    (POST, "/v1/interviews/{interview}/scorecard", Rule::Interviewers),
    (PUT, "/v1/interviews/{interview}/scorecard", Rule::Interviewers),
    // Offers
    (POST, "/v1/applications/{application}/offers", Rule::Recruiters),
    (GET, "/v1/applications/{application}/offers", Rule::MembersAndApplicant),
    (PUT, "/v1/applications/{application}/offers/{offer}", Rule::Recruiters),
    (POST, "/v1/applications/{application}/offers/{offer}/approve", Rule::Recruiters),
    (POST, "/v1/applications/{application}/offers/{offer}/send", Rule::Recruiters),
    (POST, "/v1/applications/{application}/offers/{offer}/accept", Rule::RecruitersAndApplicant),
    (POST, "/v1/applications/{application}/offers/{offer}/decline", Rule::RecruitersAndApplicant),
    (POST, "/v1/applications/{application}/offers/{offer}/rescind", Rule::Recruiters),
    // Candidates
    (GET, "/v1/candidates", Rule::Members),
    (POST, "/v1/candidates", Rule::Recruiters),
    (GET, "/v1/candidates/{candidate}", Rule::Members),
    (POST, "/v1/candidates/{candidate}/resumes", Rule::Recruiters),
    (POST, "/v1/candidates/{candidate}/applications", Rule::Recruiters),
    (POST, "/v1/candidates/{candidate}/corrections", Rule::Recruiters),
    (POST, "/v1/candidates/{candidate}/duplicates", Rule::Recruiters),
    (POST, "/v1/candidates/{candidate}/erasure", Rule::Admins),
    // Rubrics, releases, tokens
    (GET, "/v1/rubrics", Rule::Members),
    (POST, "/v1/rubrics", Rule::Admins),
    (POST, "/v1/rubrics/{rubric}/retire", Rule::Admins),
    (GET, "/v1/model-releases", Rule::Members),
    (POST, "/v1/model-releases", Rule::Admins),
    (GET, "/v1/tokens", Rule::Admins),
    (POST, "/v1/tokens", Rule::Admins),
    (DELETE, "/v1/tokens/{token}", Rule::Admins),
    // Notifications
    (GET, "/v1/notifications", Rule::Members),
    (POST, "/v1/notifications/{notification}/requeue", Rule::Recruiters),
    (GET, "/v1/notification-subscriptions", Rule::Members),
    (POST, "/v1/notification-subscriptions", Rule::Admins),
    (PUT, "/v1/notification-subscriptions/{subscription}", Rule::Admins),
    (POST, "/v1/notification-subscriptions/{subscription}/disable", Rule::Admins),
    (POST, "/v1/notification-subscriptions/{subscription}/enable", Rule::Admins),
    (POST, "/v1/notification-subscriptions/{subscription}/rotate-secret", Rule::Admins),
    (POST, "/v1/notification-subscriptions/{subscription}/replay", Rule::Admins),
    (GET, "/v1/me", Rule::Staff),
    (PUT, "/v1/me/contact", Rule::Interviewers),
    (PUT, "/v1/me/notification-preferences", Rule::Interviewers),
    (GET, "/v1/me/inbox", Rule::Staff),
    (POST, "/v1/me/inbox/read", Rule::Interviewers),
    // Signed by Slack, which has no token of ours.
    (POST, "/v1/slack/interactions", Rule::Public),
    // Live feed
    (POST, "/v1/live/tickets", Rule::Everybody),
    (GET, "/v1/live", Rule::Everybody),
];

/// The rule of a route; `HEAD` is `GET`.
pub fn rule(method: &Method, path: &str) -> Option<Rule> {
    let method = if *method == Method::HEAD { &Method::GET } else { method };
    RULES.iter().find(|(m, p, _)| m == method && *p == path).map(|(.., rule)| *rule)
}

/// Whether any method of this path has a rule.
pub fn known(path: &str) -> bool {
    RULES.iter().any(|(_, p, _)| *p == path)
}

/// Decides. `named` is the application that the path names, as it stands there.
///
/// # Errors
/// 401 UNAUTHENTICATED, 403 FORBIDDEN or AUDITOR_READ_ONLY, 404 for an application that is not the
/// applicant's.
pub fn decide(
    rule: Rule,
    method: &Method,
    caller: &Caller,
    named: Option<&str>,
) -> Result<(), Problem> {
    if rule.is_public() {
        return Ok(());
    }
    let forbidden = || {
        let detail = format!("this is for: {}", rule.in_words());
        Problem::new(axum::http::StatusCode::FORBIDDEN, "FORBIDDEN", detail)
    };
    match caller {
        Caller::Anonymous => {
            Err(Problem::unauthenticated("say who you are: Authorization: Bearer TOKEN"))
        }
        Caller::Member { role: Role::Auditor, .. } if rule.is_write(method) => {
            let detail = "an auditor reads everything and writes nothing";
            Err(Problem::new(axum::http::StatusCode::FORBIDDEN, "AUDITOR_READ_ONLY", detail))
        }
        Caller::Member { role, .. } => match rule {
            Rule::Admins if *role != Role::Admin => Err(forbidden()),
            Rule::Panel | Rule::Staff | Rule::Interviewers | Rule::Everybody => Ok(()),
            _ if *role == Role::Interviewer => Err(forbidden()),
            _ => Ok(()),
        },
        Caller::Applicant { application, .. } => match rule {
            Rule::MembersAndApplicant | Rule::RecruitersAndApplicant => {
                let own = named.is_some_and(|id| id.parse() == Ok(*application));
                // Somebody else's application is no application.
                if own { Ok(()) } else { Err(Problem::not_found("application")) }
            }
            Rule::Everybody => Ok(()),
            _ => Err(forbidden()),
        },
    }
}

#[cfg(test)]
mod tests {
    use domain::ids::{ApplicationId, CandidateId};
    use uuid::Uuid;

    use super::*;

    fn member(role: Role) -> Caller {
        Caller::Member { token: Uuid::from_u128(1), role }
    }

    fn code(rule: Rule, method: &Method, caller: &Caller) -> Option<String> {
        decide(rule, method, caller, None).err().map(|p| p.code)
    }

    #[test]
    fn no_route_has_two_rules_and_none_is_open_by_chance() {
        for (i, (method, path, rule)) in RULES.iter().enumerate() {
            assert!(
                !RULES[..i].iter().any(|(m, p, _)| m == method && p == path),
                "{method} {path}"
            );
            let open =
                ["/healthz", "/readyz", "/metrics", "/openapi.json", "/docs", "/v1/open-jobs"];
            let open = open.iter().any(|o| path.starts_with(o));
            let open =
                open || path.ends_with("{job}/applications") || path.starts_with("/v1/slack/");
            assert_eq!(rule.is_public(), open, "{path}");
        }
    }

    #[test]
    fn an_auditor_reads_and_never_writes() {
        for (method, path, rule) in RULES.iter().filter(|(.., r)| !r.is_public()) {
            let answer = code(*rule, method, &member(Role::Auditor));
            let ticket = *path == "/v1/live/tickets"; // changes nothing
            if *method == GET && *rule != Rule::Admins || ticket {
                assert_eq!(answer, None, "{method} {path}");
            } else if *method != GET {
                assert_eq!(answer.as_deref(), Some("AUDITOR_READ_ONLY"), "{method} {path}");
            }
            assert_eq!(code(*rule, method, &Caller::Anonymous).as_deref(), Some("UNAUTHENTICATED"));
            assert_eq!(code(*rule, method, &member(Role::Admin)), None);
        }
    }

    #[test]
    fn an_applicant_has_their_own_application_and_nothing_else() {
        let (mine, other) = (Uuid::from_u128(2), Uuid::from_u128(3));
        let me = Caller::Applicant {
            application: ApplicationId(mine),
            candidate: CandidateId(Uuid::from_u128(4)),
        };
        let ask = |rule, id: Uuid| decide(rule, &GET, &me, Some(&id.to_string()));
        assert!(ask(Rule::MembersAndApplicant, mine).is_ok());
        assert_eq!(ask(Rule::MembersAndApplicant, other).map_err(|p| p.status), Err(404));
        assert_eq!(ask(Rule::Members, mine).map_err(|p| p.status), Err(403));
        assert_eq!(ask(Rule::Recruiters, mine).map_err(|p| p.status), Err(403));
    }
}
