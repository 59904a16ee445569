//! Candidates: what a person gave wins, how far resumes were read, filters, and who else they may be.

use domain::candidate::{CandidateCommand as C, DuplicateSignal, Personal};
use projections::models::candidates::{self, CandidateFilter};

use crate::engine::{Place, on_every_engine};
use crate::story::{Story, gave};

on_every_engine!(
    what_a_person_gave_or_corrected_wins_over_what_was_parsed,
    a_resume_read_late_does_not_replace_what_a_later_one_said,
    resumes_say_how_far_reading_them_got,
    candidates_are_filtered_page_by_page,
    suspicion_is_mutual_and_shared,
);

const MANY: u32 = 50;

async fn what_a_person_gave_or_corrected_wins_over_what_was_parsed(place: Place) {
    let story = Story::begin(&place).await;
    let job = story.draft("Nurse", None).await;
    story.open(job, None).await;
    let who = story.applies(gave("Ada Lovelace", "ada@given.example"), job).await;
    story.read(who.candidate, who.document, "Lovelace").await;
    let read = story.now().await;
    let found = candidates::one(&read.pool().await, who.candidate).await.unwrap().unwrap();
    let row = &found.candidate;
    assert_eq!(row.name.as_deref(), Some("Ada Lovelace"));
    assert_eq!(row.email.as_deref(), Some("ada@given.example"));
    assert_eq!(row.phone.as_deref(), Some("+44 1"), "nobody gave it");
    assert_eq!(row.links, ["https://parsed.example/Lovelace"]);
    let profile = found.profile.unwrap();
    assert_eq!((profile.document, profile.parser.as_str()), (who.document, "parser/1"));
    assert_eq!(profile.profile.basics.name.unwrap().end, 4, "with spans");
    assert_eq!(found.applications.len(), 1);
    assert_eq!(found.applications[0].application, who.application);
    // Corrected, and read anew.
    story.corrects(who.candidate, "phone", "+44 2").await;
    story.corrects(who.candidate, "name", "Ada King").await;
    let second = story.hands_in(who.candidate, "second.pdf").await;
    story.read(who.candidate, second, "Byron").await;
    let read = story.now().await;
    let found = candidates::one(&read.pool().await, who.candidate).await.unwrap().unwrap();
    let row = &found.candidate;
    assert_eq!((row.name.as_deref(), row.phone.as_deref()), (Some("Ada King"), Some("+44 2")));
    assert_eq!(row.links, ["https://parsed.example/Byron"]);
    assert_eq!(found.profile.unwrap().document, second);
    let events = story.log.store.read_stream(who.candidate.stream(), 0).await.unwrap();
    let last = events.last().unwrap();
    assert_eq!((row.version, row.position), (last.version, last.position));
}

async fn a_resume_read_late_does_not_replace_what_a_later_one_said(place: Place) {
    let story = Story::begin(&place).await;
    let person = story.registered(Personal::default(), "import").await;
    let (first, second) =
        (story.hands_in(person, "1.pdf").await, story.hands_in(person, "2.pdf").await);
    story.read(person, second, "Second").await;
    story.read(person, first, "First").await;
    let read = story.now().await;
    let pool = read.pool().await;
    let found = candidates::one(&pool, person).await.unwrap().unwrap();
    assert_eq!(found.candidate.name.as_deref(), Some("Second"));
    assert_eq!(found.profile.unwrap().document, second);
    let of_first = candidates::profile(&pool, person, first).await.unwrap().unwrap();
    assert_eq!(of_first.profile.basics.name.unwrap().value, "First");
}

async fn resumes_say_how_far_reading_them_got(place: Place) {
    let story = Story::begin(&place).await;
    let person = story.registered(Personal::default(), "import").await;
    story.hands_in(person, "waiting.pdf").await;
    let extracted = story.hands_in(person, "extracted.pdf").await;
    story.extracted(person, extracted).await;
    let parsed = story.hands_in(person, "parsed.pdf").await;
    story.read(person, parsed, "Ada").await;
    let failed = story.hands_in(person, "failed.pdf").await;
    let (reason, sniffed_type) = ("EMPTY_TEXT".into(), "application/pdf".into());
    let document = failed;
    let fails = C::RecordExtractionFailure {
        document,
        reason,
        sniffed_type,
        sandbox_without: vec![],
        flags: vec![],
    };
    story.candidate(person, fails).await;
    let read = story.now().await;
    let found = candidates::one(&read.pool().await, person).await.unwrap().unwrap();
    let states: Vec<_> =
        found.resumes.iter().map(|r| (r.file.as_deref().unwrap(), r.state.as_str())).collect();
    assert_eq!(
        states,
        [
            ("waiting.pdf", "waiting"),
            ("extracted.pdf", "extracted"),
            ("parsed.pdf", "parsed"),
            ("failed.pdf", "failed")
        ]
    );
    let [waiting, _, parsed, failed] = &found.resumes[..] else { panic!("four resumes") };
    assert_eq!((waiting.bytes, waiting.pages, waiting.received), (1234, None, 3));
    assert_eq!((parsed.pages, parsed.flags.len()), (Some(2), 1));
    assert_eq!(parsed.sniffed_type.as_deref(), Some("application/pdf"));
    assert!(parsed.extraction.is_some());
    assert_eq!(failed.reason.as_deref(), Some("EMPTY_TEXT"));
    assert!(found.candidate.flagged);
}

async fn candidates_are_filtered_page_by_page(place: Place) {
    let story = Story::begin(&place).await;
    let zoe = story.registered(gave("Zoë Brontë", "zoe@example.org"), "careers_page").await;
    let flagged = story.registered(Personal::default(), "import").await;
    let document = story.hands_in(flagged, "a.pdf").await;
    story.read(flagged, document, "Emily").await;
    let gone = story.registered(gave("Anne Brontë", "anne@example.org"), "import").await;
    event_log::erase::erase(&story.log, gone, crate::story::member("officer")).await.unwrap();
    let read = story.now().await;
    let pool = read.pool().await;
    let found = |filter: CandidateFilter| {
        let pool = &pool;
        async move {
            let (mut found, mut next) = (vec![], None::<String>);
            loop {
                let page = candidates::page(pool, &filter, next.as_deref(), 1).await.unwrap();
                found.extend(page.items.into_iter().map(|c| c.candidate));
                next = page.next;
                if next.is_none() {
                    return found;
                }
            }
        }
    };
    let any = CandidateFilter::default;
    assert_eq!(found(any()).await, [gone, flagged, zoe], "known last first");
    let q = |q: &str| CandidateFilter { q: Some(q.into()), ..any() };
    assert_eq!(found(q("BRONTË")).await, [zoe], "and no longer who was erased");
    assert_eq!(found(q("emily@parsed")).await, [flagged]);
    assert!(found(q("brontëzoe")).await.is_empty(), "not across fields");
    assert_eq!(found(CandidateFilter { flagged: Some(true), ..any() }).await, [flagged]);
    assert_eq!(found(CandidateFilter { erased: Some(true), ..any() }).await, [gone]);
    assert_eq!(found(CandidateFilter { erased: Some(false), ..any() }).await, [flagged, zoe]);
    let import = CandidateFilter { source: Some("import".into()), ..any() };
    assert_eq!(found(import.clone()).await, [gone, flagged]);
    let page = candidates::page(&pool, &import, None, 1).await.unwrap();
    let other = candidates::page(&pool, &any(), page.next.as_deref(), MANY).await.unwrap_err();
    assert_eq!(other.code(), "CURSOR_ELSEWHERE");
    let nobody = domain::ids::CandidateId(story.log.ids.next());
    assert_eq!(candidates::one(&pool, nobody).await.unwrap(), None);
}

async fn suspicion_is_mutual_and_shared(place: Place) {
    let story = Story::begin(&place).await;
    let mut people = vec![];
    for _ in 0..3 {
        people.push(story.registered(Personal::default(), "import").await);
    }
    let signals = vec![DuplicateSignal::SameEmail];
    for other in &people[1..] {
        let command = C::FlagDuplicate { other: people[0], signals: signals.clone() };
        story.candidate(*other, command).await;
    }
    let read = story.now().await;
    for person in &people {
        let found = candidates::one(&read.pool().await, *person).await.unwrap().unwrap();
        let others: Vec<_> = found.duplicates.iter().map(|d| d.candidate).collect();
        let expected: Vec<_> = people.iter().copied().filter(|p| p != person).collect();
        assert_eq!(others, expected);
        assert!(found.duplicates.iter().all(|d| d.signals == signals));
    }
}
