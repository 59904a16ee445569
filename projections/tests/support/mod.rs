//! Small things that stories about read models are told with.

#![allow(dead_code, reason = "each test file tells with some of them")]

use domain::actor::{Actor, ActorKind};
use domain::application::{
    Application, ApplicationCommand as A, ScoreRequest, ScoreResult, Submission, Usage,
};
use domain::candidate::{
    Basics, Candidate, CandidateCommand as C, ExtractionFacts, Field, Flag, Personal, Profile,
};
use domain::ids::{ApplicationId, CandidateId, DocumentId, JobId, RubricId};
use domain::job::{Job, JobCommand as J, Posting};
use domain::pii::Pii;
use domain::rubric::{Rubric, RubricCommand, RubricHistory};
use domain::score::{Grade, Level};
use domain::text::{Span, VisibleText};
use event_log::folder::Folder;
use event_log::{Envelope, Log};
use projections::ReadStore;
use projections::models::ranked_pool::{self, PoolRow};

use crate::engine::Place;

/// Who applied, how, and with what.
pub(crate) type Applied = (CandidateId, ApplicationId, DocumentId);

/// A log in which somebody hires.
pub(crate) struct Told {
    _folder: Folder,
    pub(crate) log: Log,
    pub(crate) job: JobId,
}

pub(crate) fn recruiter() -> Actor {
    Actor::new(ActorKind::Member, "recruiter")
}

impl Told {
    pub(crate) async fn begin(place: &Place) -> Self {
        let (folder, log) = Folder::open(place.folder()).await.unwrap();
        let job = JobId(log.ids.next());
        let told = Self { _folder: folder, log, job };
        let id = RubricId(told.log.ids.next());
        let publish = RubricCommand::PublishRubric { id, rubric: Rubric::default_v1() };
        told.log
            .dispatcher()
            .dispatch::<RubricHistory>(Envelope::new(id, publish, recruiter()))
            .await
            .unwrap();
        let posting = Posting { title: "Nurse".into(), openings: 1, ..Posting::default() };
        told.job(J::DraftJob { job, posting }).await;
        told.job(J::BindRubric { rubric: "default".into(), version: 1 }).await;
        told.job(J::PublishJob { valid_through: None, ai_notice_version: 1 }).await;
        told
    }

    pub(crate) async fn job(&self, command: J) {
        let envelope = Envelope::new(self.job, command, recruiter());
        self.log.dispatcher().dispatch::<Job>(envelope).await.unwrap();
    }

    pub(crate) async fn candidate(&self, id: CandidateId, command: C) {
        let envelope = Envelope::new(id, command, Actor::system("test"));
        self.log.dispatcher().dispatch::<Candidate>(envelope).await.unwrap();
    }

    pub(crate) async fn application(&self, id: ApplicationId, command: A, actor: Actor) {
        let envelope = Envelope::new(id, command, actor);
        self.log.dispatcher().dispatch::<Application>(envelope).await.unwrap();
    }

    /// A candidate with a resume, and their application.
    pub(crate) async fn applies(&self, name: &str) -> Applied {
        self.applies_as(name, Personal::default()).await
    }

    /// The same, by somebody who says who they are.
    pub(crate) async fn applies_as(&self, name: &str, personal: Personal) -> Applied {
        let candidate = CandidateId(self.log.ids.next());
        let application = ApplicationId(self.log.ids.next());
        let document = DocumentId(self.log.ids.next());
        self.candidate(
            candidate,
            C::RegisterCandidate {
                candidate,
                personal: Pii::new(personal),
                source: "test".into(),
                email_index: None,
            },
        )
        .await;
        let file = Pii::new(format!("{name}.pdf"));
        let resume_digest = format!("digest of {name}");
        self.candidate(candidate, C::AttachResume { document, resume_digest, bytes: 9, file })
            .await;
        let submission = Submission {
            application,
            candidate,
            job: self.job,
            document,
            answers: Pii::new(vec![("Night shifts?".into(), "Yes".into())]),
            source: "test".into(),
            ai_notice_version: 1,
            ai_opt_out: false,
            transferred_from: None,
        };
        self.application(application, A::SubmitApplication(submission), recruiter()).await;
        (candidate, application, document)
    }

    /// Reads and scores an application, at a level in tenths.
    pub(crate) async fn scored(
        &self,
        name: &str,
        (candidate, application, document): Applied,
        tenths: u8,
    ) {
        self.scored_by(name, (candidate, application, document), [tenths; 4]).await;
    }

    /// The same, at a level for each criterion.
    pub(crate) async fn scored_by(
        &self,
        name: &str,
        (candidate, application, document): Applied,
        tenths: [u8; 4],
    ) {
        let text = VisibleText::new(format!("{name} led a ward of 28"));
        let facts = ExtractionFacts {
            sniffed_type: "application/pdf".into(),
            methods: vec!["text_layer".into()],
            engine: "test".into(),
            pages: 1,
            chars: text.len(),
            truncated: false,
            language: None,
            sandbox_without: vec![],
        };
        let flags = vec![Flag { kind: "tiny".into(), page: 1, chars: 5 }];
        let extraction = DocumentId(self.log.ids.next());
        self.candidate(candidate, C::RecordExtraction { document, text: extraction, facts, flags })
            .await;
        let end = name.chars().count() as u32;
        let field = Field { value: name.into(), start: 0, end, confidence: 1.0 };
        let basics = Basics { name: Some(field), ..Basics::default() };
        let profile = Pii::new(Profile { basics, ..Profile::default() });
        let (parser, chars) = ("test".into(), text.len());
        self.candidate(candidate, C::RecordProfile { document, profile, parser, chars }).await;
        let request = ScoreRequest {
            document,
            resume_digest: format!("digest of {name}"),
            rubric: "default@1".into(),
            model_release: "baseline@1".into(),
            prompt_version: "none".into(),
            job_version: 1,
            shadow: false,
            repeat: 0,
        };
        let run = request.run_id(application);
        self.application(application, A::RequestScore { request, again: false }, recruiter()).await;
        let rubric = Rubric::default_v1();
        let quote = text.quote(Span { start: 0, end: text.len() }).unwrap();
        let grades = rubric
            .criteria
            .iter()
            .zip(tenths)
            .map(|(c, tenths)| Grade {
                criterion: c.id.clone(),
                level: Level::from_tenths(tenths).unwrap(),
                rationale: format!("{name} has led"),
                evidence: vec![quote.clone()],
                confidence: 1.0,
            })
            .collect();
        let result =
            ScoreResult { run, rubric, grades, text, usage: Usage::default(), exchanges: vec![] };
        let model = Actor::new(ActorKind::Model, "baseline@1");
        self.application(application, A::RecordScore(result), model).await;
    }

    pub(crate) async fn pool(&self, read: &ReadStore) -> Vec<PoolRow> {
        ranked_pool::of_job(&read.pool().await, self.job).await.unwrap()
    }
}
