//! The scorers over a real log: what a test needs to hand resumes in and to see what became of them.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
#![allow(dead_code, reason = "not every test needs everything")]

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use domain::actor::{Actor, ActorKind};
use domain::application::{
    Application, ApplicationCommand, ApplicationEvent, RunOutcome, Submission,
};
use domain::candidate::{Candidate, CandidateCommand, Personal};
use domain::ids::{ApplicationId, CandidateId, DocumentId, JobId, RubricId};
use domain::job::{Job, JobCommand, Posting, Requirement};
use domain::pii::Pii;
use domain::rubric::{Rubric, RubricCommand, RubricHistory};
use domain::score::Points;
use event_log::folder::Folder;
use event_log::subscribe::{Handler, HandlerError, Subscription};
use event_log::{Envelope, Log, Recorded};
use scorers::reading::sandbox::Unavailable;
use scorers::reading::{Limits, Reading, read};
use scorers::worker::{AskedOf, Budgets, Engine, Grader, Reader, Scorers};

pub(crate) const RESUME: &str = "Ada Lovelace\nada@example.org\n\nExperience\n\nNurse, General Hospital  2015 - 2022\n\
    - Cared for a ward of 28 patients and trained six students\n\nEducation\n\nBSc Nursing, 2014\n";

/// Reads in this process: the files are the test's own.
pub(crate) struct Here;

#[async_trait]
impl Reader for Here {
    async fn read(&self, bytes: &[u8]) -> Result<Reading, Unavailable> {
        Ok(read(bytes, &Limits::default()))
    }
}

pub(crate) struct Bench {
    _folder: Folder,
    pub(crate) log: Log,
    pub(crate) job: JobId,
}

pub(crate) fn recruiter() -> Actor {
    Actor::new(ActorKind::Member, "recruiter")
}

impl Bench {
    pub(crate) async fn new(path: &Path) -> Self {
        let (folder, log) = Folder::open(path).await.unwrap();
        let dispatcher = log.dispatcher();
        let (rubric, job) = (RubricId(log.ids.next()), JobId(log.ids.next()));
        let publish = RubricCommand::PublishRubric { id: rubric, rubric: Rubric::default_v1() };
        let envelope = Envelope::new(rubric, publish, recruiter());
        dispatcher.dispatch::<RubricHistory>(envelope).await.unwrap();
        let posting = Posting {
            title: "Nurse".into(),
            openings: 1,
            description: "Care for patients on a ward.".into(),
            requirements: vec![Requirement { text: "Nursing".into(), must_have: true }],
            ..Posting::default()
        };
        for command in [
            JobCommand::DraftJob { job, posting },
            JobCommand::BindRubric { rubric: "default".into(), version: 1 },
            JobCommand::PublishJob { valid_through: None, ai_notice_version: 1 },
        ] {
            dispatcher.dispatch::<Job>(Envelope::new(job, command, recruiter())).await.unwrap();
        }
        Self { _folder: folder, log, job }
    }

    pub(crate) async fn apply(
        &self,
        resume: &[u8],
        ai_opt_out: bool,
    ) -> (CandidateId, ApplicationId) {
        let dispatcher = self.log.dispatcher();
        let candidate = CandidateId(self.log.ids.next());
        let application = ApplicationId(self.log.ids.next());
        let register = CandidateCommand::RegisterCandidate {
            candidate,
            personal: Pii::new(Personal::default()),
            source: "test".into(),
            email_index: None,
        };
        let envelope = Envelope::new(candidate, register, recruiter());
        dispatcher.dispatch::<Candidate>(envelope).await.unwrap();
        let document = self.attach(candidate, resume).await;
        let submission = Submission {
            application,
            candidate,
            job: self.job,
            document,
            answers: Pii::new(vec![]),
            source: "test".into(),
            ai_notice_version: 1,
            ai_opt_out,
            transferred_from: None,
        };
        let submit = ApplicationCommand::SubmitApplication(submission);
        let envelope = Envelope::new(application, submit, recruiter());
        dispatcher.dispatch::<Application>(envelope).await.unwrap();
        (candidate, application)
    }

    pub(crate) async fn attach(&self, candidate: CandidateId, resume: &[u8]) -> DocumentId {
        let document = DocumentId(self.log.ids.next());
        self.log.documents.put(candidate, document, resume).await.unwrap();
        let attach = CandidateCommand::AttachResume {
            document,
            resume_digest: self.log.vault.key(candidate).await.unwrap().digest(resume),
            bytes: resume.len() as u64,
            file: Pii::new("resume".into()),
        };
        let envelope = Envelope::new(candidate, attach, recruiter());
        self.log.dispatcher().dispatch::<Candidate>(envelope).await.unwrap();
        document
    }

    pub(crate) async fn replace(&self, application: ApplicationId, document: DocumentId) {
        let command = ApplicationCommand::ReplaceResume { document };
        let envelope = Envelope::new(application, command, recruiter());
        self.log.dispatcher().dispatch::<Application>(envelope).await.unwrap();
    }

    /// Everybody who works on a resume, with this engine to grade.
    pub(crate) fn work(&self, engine: impl Engine + 'static) -> Work {
        self.work_within(Arc::new(engine), Budgets::default())
    }

    /// Likewise, within budgets.
    pub(crate) fn work_within(&self, engine: Arc<dyn Engine>, budgets: Budgets) -> Work {
        let asked_of = AskedOf {
            release: engine.release().label(),
            prompt_version: engine.prompt_version(),
            shadow: false,
        };
        let dispatcher = self.log.dispatcher();
        Work {
            scorers: Arc::new(Scorers::new(dispatcher.clone(), Arc::new(Here), vec![asked_of])),
            grader: Arc::new(Grader::new(dispatcher, engine, budgets)),
        }
    }

    /// Works until nothing is left to do.
    pub(crate) async fn drain(&self, work: &Work) {
        loop {
            let (log, at_once) = (&self.log, 4);
            let read = Subscription::new(log.clone(), work.scorers.clone(), at_once)
                .drain()
                .await
                .unwrap();
            let graded =
                Subscription::new(log.clone(), work.grader.clone(), at_once).drain().await.unwrap();
            assert_eq!((read.parked, graded.parked), (0, 0));
            if (read.handled, graded.handled) == (0, 0) {
                return;
            }
        }
    }

    /// Gives a command of a job.
    pub(crate) async fn order(&self, command: JobCommand) {
        let envelope = Envelope::new(self.job, command, recruiter());
        self.log.dispatcher().dispatch::<Job>(envelope).await.unwrap();
    }

    /// Every event of an application.
    pub(crate) async fn events(&self, application: ApplicationId) -> Vec<ApplicationEvent> {
        let events = self.log.store.read_stream(application.stream(), 0).await.unwrap();
        let mut opened = Vec::new();
        for event in &events {
            opened.push(self.log.vault.open::<Application>(event).await.unwrap());
        }
        opened
    }

    pub(crate) async fn runs(&self, application: ApplicationId) -> Vec<RunOutcome> {
        let (state, _) = self.log.dispatcher().load::<Application>(application.0).await.unwrap();
        state.runs.iter().map(|r| r.outcome).collect()
    }

    pub(crate) async fn total(&self, application: ApplicationId) -> Points {
        let events = self.log.store.read_stream(application.stream(), 0).await.unwrap();
        let found = events.iter().find_map(|e| match e.decode::<Application>().unwrap() {
            ApplicationEvent::ScoreRecorded { total, .. } => Some(total),
            _ => None,
        });
        found.expect("a score")
    }
}

/// Those who work on a resume.
pub(crate) struct Work {
    pub(crate) scorers: Arc<Scorers>,
    pub(crate) grader: Arc<Grader>,
}

impl Work {
    pub(crate) fn wants(&self, kind: &str) -> bool {
        self.scorers.wants(kind) || self.grader.wants(kind)
    }

    /// Gives an event to whoever wants it.
    pub(crate) async fn handle(&self, event: &Recorded) -> Result<(), HandlerError> {
        if self.scorers.wants(&event.kind) {
            self.scorers.handle(event).await?;
        }
        if self.grader.wants(&event.kind) {
            self.grader.handle(event).await?;
        }
        Ok(())
    }
}
