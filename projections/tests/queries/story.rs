//! What the tests of queries tell the log: jobs, people, resumes, scores and decisions.

use domain::actor::{Actor, ActorKind};
use domain::application::{
    Application, ApplicationCommand as A, RunId, ScoreRequest, ScoreResult, Seen, StageRef,
    Submission, Usage,
};
use domain::candidate::{
    Basics, Candidate, CandidateCommand as C, ExtractionFacts, Field, Flag, Personal, Profile,
};
use domain::ids::{ApplicationId, CandidateId, DocumentId, JobId, ModelReleaseId, RubricId};
use domain::job::{Job, JobCommand as J, Posting, StageKind};
use domain::model_release::{ModelRelease, ModelReleaseCommand, Release};
use domain::pii::Pii;
use domain::rubric::{Rubric, RubricCommand, RubricHistory};
use domain::score::{Grade, Level};
use domain::text::{Span, VisibleText};
use event_log::folder::Folder;
use event_log::{Envelope, Log};
use projections::models::ranked_pool;
use projections::{Builder, ReadStore};

use crate::engine::Place;

pub(crate) struct Story {
    _folder: Folder,
    place: Place,
    pub(crate) log: Log,
}

/// A person with one resume and one application.
#[derive(Clone, Copy)]
pub(crate) struct Applicant {
    pub(crate) candidate: CandidateId,
    pub(crate) application: ApplicationId,
    pub(crate) document: DocumentId,
    pub(crate) job: JobId,
}

pub(crate) fn member(id: &str) -> Actor {
    Actor::new(ActorKind::Member, id)
}

pub(crate) fn stage(id: &str, kind: StageKind) -> StageRef {
    StageRef { id: id.into(), kind }
}

pub(crate) fn none() -> Pii<Option<String>> {
    Pii::new(None)
}

pub(crate) fn some(text: &str) -> Pii<Option<String>> {
    Pii::new(Some(text.to_owned()))
}

impl Story {
    pub(crate) async fn begin(place: &Place) -> Self {
        let (folder, log) = Folder::open(place.folder()).await.unwrap();
        let story = Self { _folder: folder, place: place.clone(), log };
        story.rubric(Rubric::default_v1()).await;
        story
    }

    pub(crate) async fn rubric(&self, rubric: Rubric) -> RubricId {
        let id = RubricId(self.log.ids.next());
        self.rubric_order(id, RubricCommand::PublishRubric { id, rubric }).await;
        id
    }

    pub(crate) async fn rubric_order(&self, id: RubricId, command: RubricCommand) {
        let envelope = Envelope::new(id, command, member("admin"));
        self.log.dispatcher().dispatch::<RubricHistory>(envelope).await.unwrap();
    }

    pub(crate) async fn release(&self, release: Release) {
        let id = ModelReleaseId(self.log.ids.next());
        let command = ModelReleaseCommand::RegisterModel { id, release };
        let envelope = Envelope::new(id, command, member("admin"));
        self.log.dispatcher().dispatch::<ModelRelease>(envelope).await.unwrap();
    }

    pub(crate) async fn job(&self, job: JobId, command: J) {
        let envelope = Envelope::new(job, command, member("recruiter"));
        self.log.dispatcher().dispatch::<Job>(envelope).await.unwrap();
    }

    pub(crate) async fn draft(&self, title: &str, department: Option<&str>) -> JobId {
        let job = JobId(self.log.ids.next());
        let posting = Posting {
            title: title.into(),
            department: department.map(Into::into),
            openings: 1,
            ..Posting::default()
        };
        self.job(job, J::DraftJob { job, posting }).await;
        job
    }

    pub(crate) async fn open(&self, job: JobId, valid_through: Option<&str>) {
        self.job(job, J::BindRubric { rubric: "default".into(), version: 1 }).await;
        let valid_through = valid_through.map(|day| day.parse().unwrap());
        self.job(job, J::PublishJob { valid_through, ai_notice_version: 3 }).await;
    }

    pub(crate) async fn candidate(&self, id: CandidateId, command: C) {
        let envelope = Envelope::new(id, command, Actor::system("test"));
        self.log.dispatcher().dispatch::<Candidate>(envelope).await.unwrap();
    }

    pub(crate) async fn application(&self, id: ApplicationId, command: A) {
        self.application_by(id, command, member("recruiter")).await;
    }

    pub(crate) async fn application_by(&self, id: ApplicationId, command: A, actor: Actor) {
        let envelope = Envelope::new(id, command, actor);
        self.log.dispatcher().dispatch::<Application>(envelope).await.unwrap();
    }

    pub(crate) async fn registered(&self, personal: Personal, source: &str) -> CandidateId {
        let candidate = CandidateId(self.log.ids.next());
        let (personal, source) = (Pii::new(personal), source.into());
        let command = C::RegisterCandidate { candidate, personal, source, email_index: None };
        self.candidate(candidate, command).await;
        candidate
    }

    pub(crate) async fn hands_in(&self, candidate: CandidateId, file: &str) -> DocumentId {
        let document = DocumentId(self.log.ids.next());
        let resume_digest = format!("digest of {document}");
        let file = Pii::new(file.to_owned());
        let command = C::AttachResume { document, resume_digest, bytes: 1234, file };
        self.candidate(candidate, command).await;
        document
    }

    pub(crate) async fn applies(&self, personal: Personal, job: JobId) -> Applicant {
        let candidate = self.registered(personal, "careers_page").await;
        let document = self.hands_in(candidate, "Secret-Resume.pdf").await;
        let application = ApplicationId(self.log.ids.next());
        let submission = Submission {
            application,
            candidate,
            job,
            document,
            answers: Pii::new(vec![("Night shifts?".into(), "Secret answer".into())]),
            source: "careers_page".into(),
            ai_notice_version: 3,
            ai_opt_out: false,
            transferred_from: None,
        };
        self.application_by(
            application,
            A::SubmitApplication(submission),
            Actor::new(ActorKind::Candidate, candidate.to_string()),
        )
        .await;
        Applicant { candidate, application, document, job }
    }

    pub(crate) async fn extracted(&self, candidate: CandidateId, document: DocumentId) {
        let facts = ExtractionFacts {
            sniffed_type: "application/pdf".into(),
            methods: vec!["text_layer".into()],
            engine: "test".into(),
            pages: 2,
            chars: 100,
            truncated: false,
            language: None,
            sandbox_without: vec![],
        };
        let flags = vec![Flag { kind: "tiny".into(), page: 1, chars: 5 }];
        let text = DocumentId(self.log.ids.next());
        let command = C::RecordExtraction { document, text, facts, flags };
        self.candidate(candidate, command).await;
    }

    /// The resume is read and says this name, an address and a page made of it.
    pub(crate) async fn read(&self, candidate: CandidateId, document: DocumentId, name: &str) {
        self.extracted(candidate, document).await;
        self.parsed(candidate, document, name).await;
    }

    pub(crate) async fn parsed(&self, candidate: CandidateId, document: DocumentId, name: &str) {
        let field = |value: String| Field { value, start: 0, end: 4, confidence: 1.0 };
        let basics = Basics {
            name: Some(field(name.into())),
            email: Some(field(format!("{}@parsed.example", name.to_lowercase()))),
            phone: Some(field("+44 1".into())),
            profiles: vec![field(format!("https://parsed.example/{name}"))],
            ..Basics::default()
        };
        let profile = Pii::new(Profile { basics, ..Profile::default() });
        let parser = "parser/1".into();
        let command = C::RecordProfile { document, profile, parser, chars: 100 };
        self.candidate(candidate, command).await;
    }

    pub(crate) async fn corrects(&self, candidate: CandidateId, field: &str, to: &str) {
        let (from, to) = (Pii::new(Some("Secret before".into())), Pii::new(to.to_owned()));
        self.candidate(candidate, C::CorrectField { field: field.into(), from, to }).await;
    }

    /// Scores an application whose resume was read, at a level in tenths on every criterion.
    pub(crate) async fn scored(&self, who: Applicant, tenths: u8) -> RunId {
        let text = VisibleText::new("Secret words: led a ward of 28".into());
        let request = ScoreRequest {
            document: who.document,
            resume_digest: format!("digest of {}", who.document),
            rubric: "default@1".into(),
            model_release: "baseline@1".into(),
            prompt_version: "none".into(),
            job_version: u32::from(tenths),
            shadow: false,
            repeat: 0,
        };
        let run = request.run_id(who.application);
        self.application_by(
            who.application,
            A::RequestScore { request, again: false },
            Actor::system("scorers"),
        )
        .await;
        let rubric = Rubric::default_v1();
        let quote = text.quote(Span { start: 0, end: text.len() }).unwrap();
        let grade = |criterion: &str| Grade {
            criterion: criterion.into(),
            level: Level::from_tenths(tenths).unwrap(),
            rationale: "Secret rationale".into(),
            evidence: vec![quote.clone()],
            confidence: 1.0,
        };
        let grades = rubric.criteria.iter().map(|c| grade(&c.id)).collect();
        let usage = Usage::default();
        let result =
            ScoreResult { run: run.clone(), rubric, grades, text, usage, exchanges: vec![] };
        let model = Actor::new(ActorKind::Model, "baseline@1");
        self.application_by(who.application, A::RecordScore(result), model).await;
        run
    }

    pub(crate) async fn head(&self) -> u64 {
        self.log.store.head().await.unwrap()
    }

    /// The read models as of now.
    pub(crate) async fn now(&self) -> ReadStore {
        self.then(u64::MAX).await
    }

    /// The read models as of a position.
    pub(crate) async fn then(&self, position: u64) -> ReadStore {
        let read = self.place.store().await;
        Builder::new(self.log.clone()).catch_up(&read, position).await.unwrap();
        read
    }

    /// What somebody who looks at an application now is shown.
    pub(crate) async fn seen(&self, who: Applicant) -> Seen {
        let position = self.head().await;
        let read = self.now().await;
        let rows = ranked_pool::of_job(&read.pool().await, who.job).await.unwrap();
        let row = rows.into_iter().find(|row| row.application == who.application).unwrap();
        Seen { position, run: row.run, rank: row.rank }
    }
}

/// Somebody who gave their name and address.
pub(crate) fn gave(name: &str, email: &str) -> Personal {
    Personal { name: Some(name.into()), email: Some(email.into()), ..Personal::default() }
}
