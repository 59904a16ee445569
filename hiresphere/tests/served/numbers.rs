//! `/metrics`: exactly the numbers of `deploy/metrics.txt`, and that they say what is so.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use testkit::ends::{Ends, Reply};
use testkit::openai::{Answer, OpenAi};

use crate::client::Api;
use crate::feed::Feed;
use crate::scene::{AMARA, NOBODY, open_job, scored};
use crate::server::Server;

/// Longer than it takes to come to the end of a short log.
const PATIENCE: Duration = Duration::from_secs(30);
const ASK_EVERY: Duration = Duration::from_millis(50);

/// What a number is: its type and its labels.
type Kind = (String, BTreeSet<String>);

/// The list that dashboards and alerts are held to.
fn listed() -> BTreeMap<String, Kind> {
    include_str!("../../../deploy/metrics.txt")
        .lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
        .map(|line| {
            let mut words = line.split_whitespace();
            let (name, kind) = (words.next().expect("a name"), words.next().expect("a type"));
            let labels = words.next().unwrap_or_default().split(',').filter(|l| !l.is_empty());
            (name.to_owned(), (kind.to_owned(), labels.map(str::to_owned).collect()))
        })
        .collect()
}

/// What a server tells.
struct Told {
    kinds: BTreeMap<String, Kind>,
    /// By name with labels, as it stands there.
    values: BTreeMap<String, f64>,
}

async fn told(api: &Api) -> Told {
    let answer = api.get("/metrics").await;
    answer.status(200);
    assert!(answer.header("content-type").starts_with("text/plain; version=0.0.4"));
    let text = String::from_utf8(answer.bytes).expect("UTF-8");
    let (mut kinds, mut values) = (BTreeMap::<String, Kind>::new(), BTreeMap::new());
    let mut current = String::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').expect("a name and a type");
            current = name.to_owned();
            kinds.insert(current.clone(), (kind.to_owned(), BTreeSet::new()));
        } else if !line.starts_with('#') {
            let (series, value) = line.rsplit_once(' ').expect("a series and a value");
            let (name, labels) = series.split_once('{').unwrap_or((series, ""));
            let part = name.strip_prefix(&current).expect("it is under its type");
            assert!(["", "_bucket", "_sum", "_count"].contains(&part), "{line}");
            // No value of a label has a comma or a quote in it.
            for label in labels.trim_end_matches('}').split(',').filter(|l| !l.is_empty()) {
                let (label, _) = label.split_once('=').expect("a label and its value");
                if !(label == "le" && part == "_bucket") {
                    kinds.get_mut(&current).expect("a type").1.insert(label.to_owned());
                }
            }
            values.insert(series.to_owned(), value.parse().expect("a number"));
        }
    }
    Told { kinds, values }
}

impl Told {
    #[track_caller]
    fn value(&self, series: &str) -> f64 {
        *self.values.get(series).unwrap_or_else(|| panic!("no {series} in {:#?}", self.values))
    }
}

#[tokio::test]
async fn what_is_told_is_the_list_and_is_so() {
    // A model in shadow, so that it has something to tell, too.
    let openai = OpenAi::start(|asked| Answer::honest(asked, 3)).await;
    let settings = tempfile::tempdir().expect("a folder");
    let file = |name: &str| settings.path().join(name).display().to_string();
    let config = format!(
        "grading:\n  shadow: [house]\n  releases:\n    - {{ name: house, version: \"1\", model: m, \
         base_url: \"{}\", api_key_file: \"{}\" }}\nnotifications: {{ private_webhooks: true }}\n",
        openai.base_url,
        file("key")
    );
    std::fs::write(file("key"), "sk-test\n").expect("a file");
    std::fs::write(file("hiresphere.yaml"), config).expect("a file");
    let server = Server::with(&["--config", &file("hiresphere.yaml")]);
    let (admin, nobody) = (server.admin(), server.anonymous());
    let before = told(&nobody).await;
    assert_eq!(before.value("hiresphere_live_connections"), 0.0);
    // Somebody to be told, likewise.
    let ends = Ends::start(|_| Reply::Well).await;
    let hook = json!({ "name": "hook", "target": { "kind": "webhook", "url": ends.url },
        "filter": { "events": ["application.submitted.v1"] } });
    admin.post("/v1/notification-subscriptions", hook).await.status(201);
    let (job, _) = open_job(&admin, "Engineer").await;
    let (_, position) = scored(&server, &job, &AMARA).await;
    let feed = Feed::open(&server, &server.token, "").await;
    admin.request(Method::GET, &format!("/v1/jobs/{NOBODY}")).send().await.expect("an answer");
    let strange = Method::from_bytes(b"BREW").expect("a method");
    nobody.request(strange, "/no/such/page").send().await.expect("an answer");

    // Everybody comes to the end of the log by themselves.
    let arriving = async {
        loop {
            let now = told(&nobody).await;
            let head = now.value("hiresphere_log_head_position");
            let behind = now.values.iter().any(|(series, at)| {
                series.starts_with("hiresphere_subscription_position") && *at < head
            });
            let sent = "hiresphere_notifications_total{channel=\"webhook\",outcome=\"sent\"}";
            if !behind && head >= position as f64 && now.values.contains_key(sent) {
                break now;
            }
            tokio::time::sleep(ASK_EVERY).await;
        }
    };
    let told = tokio::time::timeout(PATIENCE, arriving).await.expect("the end of the log");
    assert_eq!(told.kinds, listed(), "told (left) and listed (right)");

    let head = told.value("hiresphere_log_head_position");
    assert_eq!(told.value("hiresphere_relay_position"), head, "there is no bus to fill");
    assert_eq!(told.value("hiresphere_unsequenced_events"), 0.0);
    assert_eq!(told.value("hiresphere_unsequenced_oldest_seconds"), 0.0);
    let subscriptions =
        ["scorers", "workflow", "grader-baseline-v1", "grader-house-v1", "notifier", "projections"];
    for name in subscriptions {
        let of = |what: &str| told.value(&format!("hiresphere_{what}{{subscription=\"{name}\"}}"));
        assert_eq!((of("subscription_position"), of("subscription_lag_seconds")), (head, 0.0));
    }
    assert_eq!(told.value("hiresphere_parked_events{subscription=\"scorers\"}"), 0.0);
    for role in ["sequencer", "relay", "projections"] {
        assert_eq!(told.value(&format!("hiresphere_lease_held{{role=\"{role}\"}}")), 1.0);
    }
    let roles = told.values.keys().filter(|s| s.starts_with("hiresphere_role_failing")).count();
    assert_eq!(roles, 7);
    assert_eq!(told.value("hiresphere_role_failing{role=\"scorers\"}"), 0.0);
    assert_eq!(told.value("hiresphere_live_connections"), 1.0);
    let steps = [("read", 1.0), ("wait", 1.0), ("profile", 1.0), ("grade", 2.0), ("record", 4.0)];
    for (step, times) in steps {
        let of = format!("hiresphere_resume_step_seconds_count{{step=\"{step}\"}}");
        assert_eq!(told.value(&of), times, "{step}");
    }
    assert_eq!(told.value("hiresphere_resumes_read_total{outcome=\"text\"}"), 1.0);
    for release in ["baseline@1", "house@1"] {
        let of = format!("hiresphere_score_run_seconds_count{{release=\"{release}\"}}");
        assert_eq!(told.value(&of), 1.0);
    }
    let answered = "hiresphere_model_calls_total{release=\"house@1\",outcome=\"answered\"}";
    assert_eq!(told.value(answered), 1.0);
    assert!(told.value("hiresphere_model_tokens_total{release=\"house@1\",kind=\"in\"}") > 100.0);
    let submitted = "hiresphere_commands_total{command=\"SubmitApplication\",outcome=\"accepted\"}";
    assert_eq!(told.value(submitted), 1.0);
    let asked = "hiresphere_http_request_seconds_count";
    let job = "route=\"/v1/jobs/{job}\",method=\"GET\",status=\"404\"";
    assert_eq!(told.value(&format!("{asked}{{{job}}}")), 1.0);
    let strange = "route=\"none\",method=\"other\",status=\"404\"";
    assert_eq!(told.value(&format!("{asked}{{{strange}}}")), 1.0, "what strangers make up");
    drop(feed);
}
