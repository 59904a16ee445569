//! What the notifier has to know of things to tell somebody of them: which job, whose, and how they are reached. Looked up in
//! the log; what never changes is remembered.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use domain::application::Application;
use domain::candidate::{Candidate, CandidateEvent};
use domain::ids::{ApplicationId, CandidateId, JobId, MemberId};
use domain::job::Job;
use domain::member::{Contact, Member, MemberEvent};
use event_log::{Dispatcher, LogError};

/// Applications remembered; beyond that it begins anew.
const REMEMBERED: usize = 20_000;

/// Looks things up.
pub(crate) struct Known {
    dispatcher: Dispatcher,
    applications: Mutex<HashMap<ApplicationId, (CandidateId, JobId)>>,
}

/// Somebody who can be written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) name: Option<String>,
    pub(crate) email: Option<String>,
}

impl Known {
    pub(crate) fn new(dispatcher: Dispatcher) -> Self {
        Self { dispatcher, applications: Mutex::default() }
    }

    /// Whose an application is, and for which job: `None` when there is no such application.
    pub(crate) async fn application(
        &self,
        id: ApplicationId,
    ) -> Result<Option<(CandidateId, JobId)>, LogError> {
        let remembered = |id| {
            let remembered = self.applications.lock().unwrap_or_else(PoisonError::into_inner);
            remembered.get(&id).copied()
        };
        if let Some(found) = remembered(id) {
            return Ok(Some(found));
        }
        let (application, _) = self.dispatcher.load::<Application>(id.0).await?;
        let Some(found) = application.candidate.zip(application.job) else { return Ok(None) };
        let mut remembered = self.applications.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() >= REMEMBERED {
            remembered.clear();
        }
        remembered.insert(id, found);
        Ok(Some(found))
    }

    /// What a job is called.
    pub(crate) async fn job_title(&self, job: JobId) -> Result<String, LogError> {
        Ok(self.dispatcher.load::<Job>(job.0).await?.0.posting.title)
    }

    /// A candidate: `None` once they were erased.
    pub(crate) async fn candidate(&self, id: CandidateId) -> Result<Option<Person>, LogError> {
        let log = self.dispatcher.log();
        let mut found = None;
        for recorded in log.store.read_stream(id.stream(), 0).await? {
            // How they are called by their resume counts where nobody said otherwise.
            match log.vault.open::<Candidate>(&recorded).await? {
                CandidateEvent::CandidateRegistered { personal, .. } => {
                    found = personal
                        .into_inner()
                        .map(|personal| Person { name: personal.name, email: personal.email });
                }
                CandidateEvent::PersonalDataErased { .. } => return Ok(None),
                _ => {}
            }
        }
        Ok(found)
    }

    /// How somebody who works here is reached: nothing when they never said.
    pub(crate) async fn contact(&self, member: MemberId) -> Result<Contact, LogError> {
        let log = self.dispatcher.log();
        let mut contact = Contact::default();
        for recorded in log.store.read_stream(member.stream(), 0).await? {
            if let MemberEvent::ContactChanged { contact: said, .. } =
                log.vault.open::<Member>(&recorded).await?
            {
                contact = said.into_inner().unwrap_or_default();
            }
        }
        Ok(contact)
    }
}
