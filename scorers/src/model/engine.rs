//! The engine behind the port: what is asked of a model, in which order things are kept, and when it is given up.

use std::time::Duration;

use async_trait::async_trait;
use domain::application::Usage;
use domain::ids::DocumentId;
use domain::model_release::Release;
use domain::score::Grade;
use event_log::ports::Amount;
use serde_json::value::RawValue;

use super::answer::{self, Unusable};
use super::breaker::Breaker;
use super::client::{Client, Reply};
use super::prompt::{self, Message, PROMPT};
use super::quotes::Places;
use super::redact::redact;
use super::schema;
use super::settings::{ModelSettings, SettingsError};
use crate::worker::{Desk, Engine, EngineError, Exchange, Graded, Task};

/// Answers that a run may take: the first, and one that repairs it.
const ANSWERS: u32 = 2;

/// A language model that grades.
pub struct ModelEngine {
    settings: ModelSettings,
    client: Client,
    breaker: Breaker,
}

impl ModelEngine {
    /// # Errors
    /// When the settings cannot work.
    pub fn new(settings: ModelSettings) -> Result<Self, SettingsError> {
        settings.check()?;
        let client = Client::new(&settings)?;
        Ok(Self { settings, client, breaker: Breaker::default() })
    }

    /// The request, as it is sent.
    fn request(
        &self,
        messages: &[Message],
        schema: &RawValue,
    ) -> Result<Box<RawValue>, serde_json::Error> {
        #[derive(serde::Serialize)]
        struct Request<'a> {
            model: &'a str,
            messages: &'a [Message],
            response_format: Format<'a>,
            #[serde(skip_serializing_if = "Option::is_none")]
            temperature: Option<f64>,
            #[serde(skip_serializing_if = "Option::is_none")]
            seed: Option<i64>,
            #[serde(flatten)]
            most_tokens: std::collections::BTreeMap<&'static str, u32>,
            stream: bool,
        }
        #[derive(serde::Serialize)]
        struct Format<'a> {
            r#type: &'static str,
            json_schema: Named<'a>,
        }
        #[derive(serde::Serialize)]
        struct Named<'a> {
            name: &'static str,
            strict: bool,
            schema: &'a RawValue,
        }
        let settings = &self.settings;
        let most_tokens = (settings.provider.most_tokens(), settings.max_output_tokens);
        serde_json::value::to_raw_value(&Request {
            model: &settings.model,
            messages,
            response_format: Format {
                r#type: "json_schema",
                json_schema: Named { name: "grades", strict: true, schema },
            },
            temperature: settings.temperature,
            seed: settings.seed,
            most_tokens: [most_tokens].into(),
            stream: false,
        })
    }

    /// Asks the model, unless it may not be asked, and keeps what it answers.
    async fn ask(
        &self,
        request: &RawValue,
        n: u32,
        desk: &dyn Desk,
    ) -> Result<(Exchange, DocumentId), EngineError> {
        let release = self.settings.release().label();
        if let Some(after) = self.breaker.rest() {
            let waits_for = format!("{release} to be there again");
            return Err(EngineError::Later { after, waits_for });
        }
        let estimate = self.estimate(request);
        if let Some(account) = desk.book(estimate).await? {
            let detail = format!("the budget of {account} does not suffice");
            return Err(failed("BUDGET_SPENT", detail, true));
        }
        let reply = tokio::select! {
            reply = self.client.ask(request) => reply,
            () = desk.stopped() => {
                // What was booked stays booked: it may be paid.
                return Err(failed("SCORING_STOPPED", "the job's scoring was stopped".into(), true));
            }
        };
        let label = |outcome: &'static str| {
            metrics::counter!("hiresphere_model_calls_total", "release" => release.clone(), "outcome" => outcome)
                .increment(1);
        };
        match reply {
            Reply::Answered { body, took } => {
                self.breaker.answered();
                label("answered");
                let usage = self.usage(&body, took);
                let request = request.get().to_owned();
                let exchange = Exchange { release, request, status: 200, answer: body, usage };
                // Before anything else: what was paid for is not paid for again.
                let document = desk.keep(n, &exchange).await?;
                self.settle(&exchange, estimate, desk).await?;
                Ok((exchange, document))
            }
            Reply::Away { after, why, begun } => {
                let pause = self.breaker.failed(after);
                label("away");
                // An error, so that who waits at a terminal sees why; once for each pause, however many wait.
                let pause_ms = pause.as_millis() as u64;
                tracing::error!(release, why, pause_ms, "the model is away; its runs wait");
                if !begun {
                    desk.correct(estimate, Amount::default()).await?;
                }
                let waits_for = format!("{release}: {why}");
                Err(EngineError::Later { after: pause, waits_for })
            }
            Reply::Refused { status, body } => {
                self.breaker.answered();
                label("refused");
                desk.correct(estimate, Amount::default()).await?;
                let (request, usage) = (request.get().to_owned(), Usage::default());
                let exchange = Exchange { release, request, status, answer: body, usage };
                let document = desk.keep(n, &exchange).await?;
                Ok((exchange, document))
            }
        }
    }

    /// The most that a request is likely to cost: an English token is about four bytes, one of other scripts fewer.
    fn estimate(&self, request: &RawValue) -> Amount {
        let tokens_in = request.get().len() as u64 / 3 + 64;
        let tokens_out = u64::from(self.settings.max_output_tokens);
        let micro_usd = self.settings.cost(tokens_in, tokens_out);
        Amount { tokens: tokens_in + tokens_out, micro_usd }
    }

    fn usage(&self, body: &str, took: Duration) -> Usage {
        let tokens = answer::tokens(body);
        let (tokens_in, tokens_out) =
            tokens.map_or((0, 0), |t| (t.prompt_tokens, t.completion_tokens));
        let release = self.settings.release().label();
        for (kind, count) in [("in", tokens_in), ("out", tokens_out)] {
            metrics::counter!("hiresphere_model_tokens_total", "release" => release.clone(), "kind" => kind)
                .increment(count);
        }
        let cost_micro_usd = self.settings.cost(tokens_in, tokens_out);
        metrics::counter!("hiresphere_model_cost_micro_usd_total", "release" => release.clone())
            .increment(cost_micro_usd);
        metrics::histogram!("hiresphere_model_call_seconds", "release" => release).record(took);
        let latency_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        Usage { latency_ms, tokens_in, tokens_out, cost_micro_usd }
    }

    /// Puts what was spent in the place of what was booked; where the server does not say, the estimate stays.
    async fn settle(
        &self,
        exchange: &Exchange,
        estimate: Amount,
        desk: &dyn Desk,
    ) -> Result<(), EngineError> {
        let Usage { tokens_in, tokens_out, cost_micro_usd, .. } = exchange.usage;
        let spent = Amount { tokens: tokens_in + tokens_out, micro_usd: cost_micro_usd };
        if spent.tokens == 0 {
            return Ok(());
        }
        Ok(desk.correct(estimate, spent).await?)
    }
}

#[async_trait]
impl Engine for ModelEngine {
    fn release(&self) -> Release {
        self.settings.release()
    }

    fn prompt_version(&self) -> String {
        PROMPT.into()
    }

    fn at_once(&self) -> usize {
        self.settings.calls_at_once
    }

    async fn grade(&self, task: Task<'_>, desk: &dyn Desk) -> Result<Graded, EngineError> {
        let redacted = redact(task.text, task.profile);
        let places = Places::new(task.text, &redacted);
        let unasked = |e: serde_json::Error| failed("MODEL_REQUEST_INVALID", e.to_string(), false);
        let schema = schema::answer(task.rubric, self.settings.provider.bounds_lengths());
        let schema = RawValue::from_string(schema).map_err(unasked)?;
        let mut messages = prompt::messages(task.job, task.rubric, &redacted, task.as_of);
        let mut usage = Usage::default();
        let mut exchanges = Vec::new();
        let ended = |reason: &str, detail: String, usage: Usage, exchanges: Vec<DocumentId>| {
            let reason = reason.to_owned();
            EngineError::Failed { reason, detail, retryable: true, usage, exchanges }
        };
        for n in 0..ANSWERS {
            let request = self.request(&messages, &schema).map_err(unasked)?;
            let kept = desk.kept(n).await?;
            let (exchange, document) = match kept {
                Some(kept) => kept,
                None => match self.ask(&request, n, desk).await {
                    Ok(asked) => asked,
                    Err(error) => return Err(error.after(usage, exchanges)),
                },
            };
            usage += exchange.usage;
            exchanges.push(document);
            if exchange.status != 200 {
                let reason = "MODEL_REQUEST_INVALID".to_owned();
                let detail = format!("the request was refused with status {}", exchange.status);
                return Err(EngineError::Failed {
                    reason,
                    detail,
                    retryable: false,
                    usage,
                    exchanges,
                });
            }
            match answer::read(&exchange.answer, task.rubric, &places) {
                Ok(grades) => return Ok(Graded { grades, usage, exchanges }),
                Err(Unusable::Declined(reason)) => {
                    let detail = "the model declined to answer".to_owned();
                    return Err(ended(reason, detail, usage, exchanges));
                }
                Err(Unusable::Broken { code, .. }) if n + 1 == ANSWERS => {
                    let detail = "the answer cannot be used, nor its repair".to_owned();
                    return Err(ended(code, detail, usage, exchanges));
                }
                Err(Unusable::Broken { content, problems, .. }) => {
                    messages.extend(prompt::repair(&content, &problems));
                }
            }
        }
        // The last round answers in every case.
        Err(ended("ANSWER_EMPTY", String::new(), usage, exchanges))
    }
}

/// The grades of an answer that was kept, as they were made of it when it came; or why there are none.
///
/// # Errors
/// The code of what is wrong with it.
pub fn grades_of(task: &Task<'_>, answer: &str) -> Result<Vec<Grade>, String> {
    let redacted = redact(task.text, task.profile);
    let places = Places::new(task.text, &redacted);
    answer::read(answer, task.rubric, &places).map_err(|unusable| match unusable {
        Unusable::Declined(code) | Unusable::Broken { code, .. } => code.to_owned(),
    })
}

fn failed(reason: &str, detail: String, retryable: bool) -> EngineError {
    EngineError::Failed {
        reason: reason.into(),
        detail,
        retryable,
        usage: Usage::default(),
        exchanges: vec![],
    }
}
