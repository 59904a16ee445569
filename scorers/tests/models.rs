//! Grading by a model over a real log, a real client and a stand-in for the service: what is sent, what is kept, what is
//! paid, and every way in which it fails.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use domain::application::{Application, ApplicationEvent, RunOutcome, Usage};
use domain::ids::{ApplicationId, CandidateId};
use domain::job::JobCommand;
use domain::model_release::Release;
use domain::score::Points;
use domain::text::VisibleText;
use event_log::subscribe::{HandlerError, Subscription};
use event_log::{LogError, Recorded};
use scorers::model::{ModelEngine, ModelSettings, Provider};
use scorers::worker::{
    AskedOf, BaselineEngine, Budget, Budgets, Desk, Engine, EngineError, Exchange, Graded, Grader,
    Scorers, Task,
};
use serde_json::json;
use testkit::openai::{Answer, Asked, OpenAi};

mod bench;
use bench::{Bench, Here, RESUME, Work};

fn settings(base_url: &str) -> ModelSettings {
    // As `main` does.
    let _ = rustls::crypto::ring::default_provider().install_default();
    ModelSettings {
        base_url: Some(base_url.to_owned()),
        timeout_seconds: 1,
        ..ModelSettings::gpt_4o("sk-test".into())
    }
}

fn model(openai: &OpenAi) -> ModelEngine {
    ModelEngine::new(settings(&openai.base_url)).unwrap()
}

/// A folder, a bench in it, and a stand-in that answers by a script.
async fn scene(
    script: impl Fn(&Asked) -> Answer + Send + Sync + 'static,
) -> (tempfile::TempDir, Bench, OpenAi) {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::new(folder.path()).await;
    (folder, bench, OpenAi::start(script).await)
}

/// How the only run of an application ended: its total, or why there is none, what it cost and how many exchanges it kept.
async fn ended(
    bench: &Bench,
    application: ApplicationId,
) -> (Result<Points, String>, Usage, usize) {
    let ends = bench.events(application).await.into_iter().filter_map(|event| match event {
        ApplicationEvent::ScoreRecorded { total, usage, exchanges, .. } => {
            Some((Ok(total), usage, exchanges.len()))
        }
        ApplicationEvent::ScoreFailed { reason, usage, exchanges, .. } => {
            Some((Err(reason), usage, exchanges.len()))
        }
        _ => None,
    });
    let all: Vec<_> = ends.collect();
    assert_eq!(all.len(), 1, "{all:?}");
    all.into_iter().next().unwrap()
}

async fn kept(bench: &Bench, candidate: CandidateId, application: ApplicationId) -> Vec<Exchange> {
    let mut all = Vec::new();
    for event in bench.events(application).await {
        if let ApplicationEvent::ScoreRecorded { exchanges, .. }
        | ApplicationEvent::ScoreFailed { exchanges, .. } = event
        {
            for document in exchanges {
                let bytes = bench.log.documents.get(candidate, document).await.unwrap();
                all.push(serde_json::from_slice(&bytes).unwrap());
            }
        }
    }
    all
}

#[tokio::test]
async fn who_somebody_is_is_in_no_byte_that_is_sent_and_every_byte_is_kept() {
    let resume = "Rosalind Okonkwo\nrosalind@example.org | +44 20 7946 0958 | linkedin.com/in/rosok\n\
        12 Elm Street, Leeds LS1 4AP\nDate of birth: 1 May 1984\nNationality: Danish\n\n\
        Summary\nShe is a nurse, aged 41. Mrs Okonkwo leads by example.\n\n\
        Experience\nNurse, General Hospital  2015 - 2022\n- Cared for a ward of 28 patients\n\n\
        Education\nBSc Nursing, 2006\n\nRosalind Okonkwo, page 1\n";
    let (_folder, bench, openai) = scene(|asked| Answer::honest(asked, 3)).await;
    let (candidate, application) = bench.apply(resume.as_bytes(), false).await;
    bench.drain(&bench.work(model(&openai))).await;
    let asked = openai.asked();
    assert_eq!(asked.len(), 1);
    let sent = String::from_utf8(asked[0].body.to_vec()).unwrap();
    for who in [
        "Rosalind",
        "Okonkwo",
        "example.org",
        "7946",
        "rosok",
        "Elm Street",
        "LS1",
        "1984",
        "Danish",
        "She ",
        "41",
        "Mrs",
        "2006",
    ] {
        assert!(!sent.contains(who), "{who} was sent: {sent}");
    }
    for what in ["General Hospital", "2015 - 2022", "28 patients", "BSc Nursing"] {
        assert!(sent.contains(what), "{what} was not sent: {sent}");
    }
    let kept = kept(&bench, candidate, application).await;
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].request, sent, "what is kept is what was sent, to the last byte");
    assert_eq!(kept[0].release, "gpt-4o@1");
    assert!(kept[0].answer.contains("stand_in"));
    // The key is in its header, and nowhere else.
    assert_eq!(asked[0].headers["authorization"], "Bearer sk-test");
    assert!(!sent.contains("sk-test"));
    let (total, usage, _) = ended(&bench, application).await;
    assert_eq!(total, Ok(Points::from_tenths(600)));
    assert!(usage.tokens_in > 500 && usage.tokens_out > 50, "{usage:?}");
    let cost = usage.tokens_in as f64 * 2.5 + usage.tokens_out as f64 * 10.0;
    assert_eq!(usage.cost_micro_usd, cost.ceil() as u64);
}

#[tokio::test]
async fn every_point_has_a_quote_that_stands_where_it_says() {
    let (_folder, bench, openai) = scene(|asked| Answer::honest(asked, 4)).await;
    let (_, application) = bench.apply(RESUME.as_bytes(), false).await;
    bench.drain(&bench.work(model(&openai))).await;
    let text = VisibleText::new(RESUME.to_owned());
    let mut quoted = 0;
    for event in bench.events(application).await {
        let ApplicationEvent::ScoreRecorded { explanations, criteria, .. } = event else {
            continue;
        };
        let explanations = explanations.get().unwrap();
        for (criterion, explanation) in criteria.iter().zip(explanations) {
            assert_eq!(criterion.level.tenths(), 40);
            assert!(!explanation.evidence.is_empty());
            for quote in &explanation.evidence {
                assert!(text.holds(quote), "{quote:?}");
                quoted += 1;
            }
        }
    }
    assert!(quoted >= 4);
}

#[tokio::test]
async fn what_cannot_be_used_is_repaired_once_or_fails_with_its_reason() {
    let text = |text: &str, finish| Answer::SaysText(text.to_owned(), finish);
    // What is said at first; whether a repair then mends it; how it ends; how often the model is asked.
    let obedient = |asked: &Asked| Answer::all(asked, 5, &["the best candidate ever, 100 of 100"]);
    type Said = Box<dyn Fn(&Asked) -> Answer + Send + Sync>;
    let cases: Vec<(Said, bool, Result<(), &str>, usize)> = vec![
        (Box::new(obedient), false, Err("QUOTE_NOT_FOUND"), 2),
        (Box::new(obedient), true, Ok(()), 2),
        (Box::new(|asked| Answer::all(asked, 2, &[])), false, Err("QUOTE_NOT_FOUND"), 2),
        (
            Box::new(move |_| text("{\"skills\": {\"quotes\": [\"Nur", "length")),
            false,
            Err("ANSWER_TRUNCATED"),
            2,
        ),
        (Box::new(move |_| text("{\"skills\": {\"quotes\": [\"Nur", "stop")), true, Ok(()), 2),
        (
            Box::new(move |_| text("A strong 95 out of 100!", "stop")),
            false,
            Err("ANSWER_NOT_JSON"),
            2,
        ),
        (Box::new(|_| Answer::Says(json!({ "total": 100 }))), false, Err("ANSWER_SCHEMA"), 2),
        (Box::new(|_| Answer::Raw("<html>502</html>".into())), false, Err("ANSWER_NOT_JSON"), 2),
        (Box::new(|_| Answer::Raw("{}".into())), true, Ok(()), 2),
        (
            Box::new(|_| Answer::Refuses("I cannot help with that.".into())),
            false,
            Err("MODEL_REFUSED"),
            1,
        ),
        (Box::new(move |_| text("", "content_filter")), false, Err("CONTENT_FILTERED"), 1),
        (
            Box::new(|_| {
                Answer::Fails(400, None, "invalid_request_error", "context_length_exceeded")
            }),
            false,
            Err("MODEL_REQUEST_INVALID"),
            1,
        ),
    ];
    for (i, (said, mended, end, times)) in cases.into_iter().enumerate() {
        let script = move |asked: &Asked| {
            if mended && asked.repairs() { Answer::honest(asked, 3) } else { said(asked) }
        };
        let (_folder, bench, openai) = scene(script).await;
        let (candidate, application) = bench.apply(RESUME.as_bytes(), false).await;
        bench.drain(&bench.work(model(&openai))).await;
        assert_eq!(openai.asked().len(), times, "case {i}");
        let (total, _, exchanges) = ended(&bench, application).await;
        let expected = end.map(|()| Points::from_tenths(600)).map_err(str::to_owned);
        assert_eq!(total, expected, "case {i}");
        assert_eq!(exchanges, times, "case {i}: every request and answer is kept");
        assert_eq!(kept(&bench, candidate, application).await.len(), times);
    }
}

#[tokio::test]
async fn a_service_that_is_away_delays_a_run_and_fails_none() {
    // Each kind of trouble once, in the order of the requests; then it answers.
    let script = |asked: &Asked| match asked.n {
        0 => Answer::Hangs,
        1 => Answer::Breaks,
        2 => Answer::Fails(500, None, "server_error", "internal_error"),
        3 => Answer::Fails(429, Some("1".into()), "requests", "rate_limit_exceeded"),
        4 => Answer::Fails(401, Some("0".into()), "invalid_request_error", "invalid_api_key"),
        _ => Answer::honest(asked, 3),
    };
    let (_folder, bench, openai) = scene(script).await;
    let (_, application) = bench.apply(RESUME.as_bytes(), false).await;
    let work = bench.work(model(&openai));
    Subscription::new(bench.log.clone(), work.scorers.clone(), 4).drain().await.unwrap();
    let event = asked_for(&bench, application).await;
    let mut waited = 0;
    let begun = Instant::now();
    // As the subscription does, without its patience: the pauses are said, and kept by the engine itself.
    while bench.runs(application).await == [RunOutcome::Requested] {
        match work.handle(&event).await {
            Ok(()) => {}
            Err(HandlerError::Later { after, .. }) => {
                waited += 1;
                assert!(after <= Duration::from_secs(90), "{after:?}");
                // Asked in vain while it rests: nothing is sent.
                let before = openai.asked().len();
                assert!(matches!(work.handle(&event).await, Err(HandlerError::Later { .. })));
                assert_eq!(openai.asked().len(), before);
                tokio::time::sleep(after).await;
            }
            Err(other) => panic!("{other}"),
        }
        assert!(begun.elapsed() < Duration::from_secs(120));
    }
    assert!(waited >= 5);
    assert_eq!(openai.asked().len(), 6);
    assert_eq!(ended(&bench, application).await.0, Ok(Points::from_tenths(600)));
}

/// The event by which a score was asked for.
async fn asked_for(bench: &Bench, application: ApplicationId) -> Recorded {
    let events = bench.log.store.read_stream(application.stream(), 0).await.unwrap();
    let asked = |e: &Recorded| e.kind == "application.score_requested.v1";
    events.into_iter().rfind(asked).expect("a score was asked for")
}

/// A model whose process dies as soon as its answer is kept.
struct Dies(ModelEngine);

#[async_trait]
impl Engine for Dies {
    fn release(&self) -> Release {
        self.0.release()
    }

    fn prompt_version(&self) -> String {
        self.0.prompt_version()
    }

    fn at_once(&self) -> usize {
        1
    }

    async fn grade(&self, task: Task<'_>, desk: &dyn Desk) -> Result<Graded, EngineError> {
        self.0.grade(task, desk).await?;
        Err(LogError::Io { doing: "live", problem: "killed".into() }.into())
    }
}

#[tokio::test]
async fn an_answer_that_was_received_is_not_paid_again() {
    // Broken at first, so that there is a second answer to keep.
    let script = |asked: &Asked| {
        if asked.repairs() { Answer::honest(asked, 3) } else { Answer::Says(json!({})) }
    };
    let (_folder, bench, openai) = scene(script).await;
    let (_, application) = bench.apply(RESUME.as_bytes(), false).await;
    let dies = bench.work(Dies(model(&openai)));
    Subscription::new(bench.log.clone(), dies.scorers.clone(), 4).drain().await.unwrap();
    let event = asked_for(&bench, application).await;
    for _ in 0..3 {
        assert!(dies.handle(&event).await.is_err());
    }
    assert_eq!(openai.asked().len(), 2);
    assert_eq!(bench.runs(application).await, [RunOutcome::Requested]);
    let work = bench.work(model(&openai));
    for _ in 0..3 {
        work.handle(&event).await.unwrap();
    }
    assert_eq!(openai.asked().len(), 2, "nothing was paid twice");
    let (total, usage, exchanges) = ended(&bench, application).await;
    assert_eq!((total, exchanges), (Ok(Points::from_tenths(600)), 2));
    let booked = bench.log.ledger.booked(&format!("job:{}", bench.job)).await.unwrap();
    assert_eq!(booked.tokens, usage.tokens_in + usage.tokens_out);
    assert_eq!(booked.micro_usd, usage.cost_micro_usd);
}

#[tokio::test]
async fn a_budget_refuses_before_the_spend() {
    let (_folder, bench, openai) = scene(|asked| Answer::honest(asked, 3)).await;
    // Enough for one run's estimate, not for two runs.
    for (per_job, per_day) in [(Some(5_000), None), (None, Some(0.05))] {
        let budgets = Budgets {
            per_job: Budget { tokens: per_job, usd: None },
            per_day: Budget { tokens: None, usd: per_day },
            ..Budgets::default()
        };
        let before = openai.asked().len();
        let work = bench.work_within(Arc::new(model(&openai)), budgets);
        let mut reasons = Vec::new();
        for n in 0..12 {
            let resume = RESUME.replace("28", &format!("{}", 20 + n));
            let (_, application) = bench.apply(resume.as_bytes(), false).await;
            bench.drain(&work).await;
            reasons.push(ended(&bench, application).await.0);
        }
        let refused = Err("BUDGET_SPENT".to_owned());
        assert!(reasons[0].is_ok(), "{reasons:?}");
        assert_eq!(reasons.last(), Some(&refused));
        let paid = reasons.iter().filter(|r| r.is_ok()).count();
        assert_eq!(openai.asked().len() - before, paid, "what is refused is not sent");
        let account = match per_job {
            Some(_) => format!("job:{}", bench.job),
            None => format!("day:{}", bench.log.clock.now().date_naive()),
        };
        let booked = bench.log.ledger.booked(&account).await.unwrap();
        assert!(per_job.is_none_or(|most| booked.tokens <= most));
        assert!(per_day.is_none_or(|most| booked.micro_usd as f64 <= most * 1e6));
        // The next round begins with what this one spent on the day; give it room.
        if per_job.is_some() {
            assert!(booked.micro_usd < 30_000, "{booked:?}");
        }
    }
}

#[tokio::test]
async fn a_stopped_job_gives_up_within_a_second_and_goes_on_when_it_is_resumed() {
    let script = |asked: &Asked| Answer::Holds(Box::new(Answer::honest(asked, 3)));
    let (_folder, bench, openai) = scene(script).await;
    let (_, application) = bench.apply(RESUME.as_bytes(), false).await;
    let engine = ModelSettings { timeout_seconds: 60, ..settings(&openai.base_url) };
    let work = bench.work(ModelEngine::new(engine).unwrap());
    Subscription::new(bench.log.clone(), work.scorers.clone(), 4).drain().await.unwrap();
    let event = asked_for(&bench, application).await;
    let stopping = async {
        while openai.asked().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        bench.order(JobCommand::StopScoring { reason: "odd answers".into() }).await;
        Instant::now()
    };
    let (handled, stopped_at) = tokio::join!(work.handle(&event), stopping);
    handled.unwrap();
    assert!(stopped_at.elapsed() < Duration::from_secs(1), "{:?}", stopped_at.elapsed());
    assert_eq!(ended(&bench, application).await.0, Err("SCORING_STOPPED".into()));
    // Meanwhile nothing is asked for, of nobody.
    let (_, later) = bench.apply(RESUME.replace("28", "31").as_bytes(), false).await;
    bench.drain(&work).await;
    assert!(bench.runs(later).await.is_empty());
    assert_eq!(openai.asked().len(), 1);
    openai.let_go();
    bench.order(JobCommand::ResumeScoring {}).await;
    bench.drain(&work).await;
    for application in [application, later] {
        assert_eq!(bench.runs(application).await, [RunOutcome::Recorded]);
    }
    assert_eq!(openai.asked().len(), 3);
}

#[tokio::test]
async fn a_shadow_is_scored_beside_and_one_that_is_away_holds_up_nobody() {
    let script = |_: &Asked| Answer::Fails(503, Some("3600".into()), "server_error", "overloaded");
    let (_folder, bench, openai) = scene(script).await;
    let shadow: Arc<dyn Engine> = Arc::new(model(&openai));
    let shown: Arc<dyn Engine> = Arc::new(BaselineEngine);
    let asked_of = [(&shown, false), (&shadow, true)].map(|(engine, shadow)| AskedOf {
        release: engine.release().label(),
        prompt_version: engine.prompt_version(),
        shadow,
    });
    let dispatcher = bench.log.dispatcher();
    let scorers = Arc::new(Scorers::new(dispatcher.clone(), Arc::new(Here), asked_of.into()));
    let grader = |engine| Arc::new(Grader::new(dispatcher.clone(), engine, Budgets::default()));
    let (work, beside) = (
        Work { scorers: scorers.clone(), grader: grader(shown) },
        Work { scorers, grader: grader(shadow) },
    );
    let mut applications = Vec::new();
    for n in 0..3 {
        let resume = RESUME.replace("28", &format!("{}", 20 + n));
        applications.push(bench.apply(resume.as_bytes(), false).await.1);
    }
    bench.drain(&work).await;
    for application in &applications {
        let event = asked_for(&bench, *application).await;
        assert!(matches!(beside.handle(&event).await, Err(HandlerError::Later { .. })));
        assert_eq!(bench.runs(*application).await, [RunOutcome::Recorded, RunOutcome::Requested]);
        let (state, _) = bench.log.dispatcher().load::<Application>(application.0).await.unwrap();
        assert_eq!(state.shown.as_ref(), Some(&state.runs[0].id));
        assert!(state.runs[1].shadow);
    }
    assert_eq!(openai.asked().len(), 1, "the others waited without asking");
}

#[tokio::test]
async fn azure_is_asked_as_azure_wants_it() {
    let (_folder, bench, openai) = scene(|asked| Answer::honest(asked, 3)).await;
    let (_, application) = bench.apply(RESUME.as_bytes(), false).await;
    let azure = ModelSettings {
        provider: Provider::Azure,
        model: "our-gpt-4o".into(),
        base_url: Some(openai.base_url.trim_end_matches("/v1").to_owned()),
        api_version: Some("2024-10-21".into()),
        ..settings(&openai.base_url)
    };
    bench.drain(&bench.work(ModelEngine::new(azure).unwrap())).await;
    assert_eq!(bench.runs(application).await, [RunOutcome::Recorded]);
    let asked = &openai.asked()[0];
    assert_eq!(asked.uri, "/openai/deployments/our-gpt-4o/chat/completions?api-version=2024-10-21");
    assert_eq!(asked.headers["api-key"], "sk-test");
    assert!(asked.headers.get("authorization").is_none());
}

#[tokio::test]
async fn a_local_server_is_asked_in_words_that_it_knows() {
    let (_folder, bench, openai) = scene(|asked| Answer::honest(asked, 3)).await;
    let (_, application) = bench.apply(RESUME.as_bytes(), false).await;
    let local = ModelSettings {
        provider: Provider::Compatible,
        model: "llama3".into(),
        temperature: None,
        usd_per_million_tokens: None,
        ..settings(&openai.base_url)
    };
    bench.drain(&bench.work(ModelEngine::new(local).unwrap())).await;
    assert_eq!(ended(&bench, application).await.1.cost_micro_usd, 0);
    let asked = &openai.asked()[0].json;
    assert_eq!(asked["max_tokens"], 2000);
    assert!(asked.get("max_completion_tokens").is_none() && asked.get("temperature").is_none());
    let sent = asked["response_format"]["json_schema"]["schema"].to_string();
    assert!(sent.contains("maxLength"), "lengths are bounded where they can be");
}

/// Only beside a real model: `scripts/llama.sh cargo nextest run -p hiresphere-scorers a_real_model`.
#[tokio::test]
async fn a_real_model_is_asked_checked_and_kept_like_any_other() {
    let Ok(base_url) = std::env::var("HIRESPHERE_LLAMA_URL") else {
        eprintln!("skipped: there is no model; scripts/llama.sh starts one");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::new(folder.path()).await;
    let (candidate, application) = bench.apply(RESUME.as_bytes(), false).await;
    let real = ModelSettings {
        name: "smollm2".into(),
        provider: Provider::Compatible,
        model: "SmolLM2-135M-Instruct".into(),
        api_key: String::new(),
        max_output_tokens: 1_500,
        timeout_seconds: 280,
        usd_per_million_tokens: None,
        ..settings(&base_url)
    };
    bench.drain(&bench.work(ModelEngine::new(real).unwrap())).await;
    let (total, usage, exchanges) = ended(&bench, application).await;
    let kept = kept(&bench, candidate, application).await;
    assert!((1..=2).contains(&exchanges) && kept.len() == exchanges);
    assert!(usage.tokens_in > 500 && usage.tokens_out > 20, "{usage:?}");
    // What it says is its own; that it kept to the schema, or was found out, is ours.
    let known = ["QUOTE_NOT_FOUND", "ANSWER_TRUNCATED", "ANSWER_SCHEMA", "ANSWER_LANGUAGE"];
    match total {
        Ok(ref total) => assert!(*total <= Points::from_tenths(1_000)),
        Err(ref reason) => assert!(known.contains(&reason.as_str()), "{reason}: {:?}", kept.last()),
    }
    for exchange in &kept {
        let answer: serde_json::Value = serde_json::from_str(&exchange.answer).unwrap();
        let choice = &answer["choices"][0];
        let said = choice["message"]["content"].as_str().unwrap();
        let grades = serde_json::from_str::<serde_json::Value>(said);
        if choice["finish_reason"] == "stop" {
            let grades = grades.expect("a grammar leaves no other choice");
            assert!(grades["skills"]["level"].as_u64() <= Some(5), "{said}");
        }
    }
    println!("{total:?} {usage:?}");
}
