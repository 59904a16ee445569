//! The server killed at random moments while people apply and a client follows the feed: no accepted application
//! lost, none scored twice, the feed without a gap or a double, read models equal to a rebuild.
//!
//! By hand, at full size: `HIRESPHERE_KILLS=24 HIRESPHERE_APPLICATIONS=500 HIRESPHERE_RESUMES=100 cargo nextest
//! run --release -p hiresphere --test serve_crash --no-capture`

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
#![allow(clippy::print_stdout, reason = "tells what a soak did")]

mod load;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use load::feed::{Follower, Heard};
use load::people::Person;
use load::{Asker, Place, Random, Server, size};
use tokio::sync::watch;

/// Who apply at once.
const CLIENTS: usize = 4;
/// Events of one application, its answer included: what a moment is counted in.
const STEPS: u64 = 8;

struct Sizes {
    applications: usize,
    kills: usize,
    /// Times the follower hangs up and comes back.
    resumes: usize,
}

/// What a run left behind.
struct Ran {
    place: Place,
    accepted: BTreeSet<String>,
    heard: Heard,
}

/// People apply while the server is killed and started again, until everybody is scored.
async fn run(sizes: &Sizes) -> Ran {
    let mut random = Random::new();
    let mut place = Place::new();
    let mut server = place.serve().await;
    let asker = place.asker();
    let job = asker.open_job().await;
    // Moments are counted in what the clients see, so that they fall anywhere in the work.
    let seen = watch::Sender::new(0);
    let steps = sizes.applications as u64 * STEPS * 9 / 10;
    let hang_ups = random.moments(sizes.resumes, sizes.applications as u64 * 6);
    let following = Follower::new(&place);
    let following =
        tokio::spawn(following.until_scored(sizes.applications, hang_ups, seen.clone()));
    let applying: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let mine = (client..sizes.applications).step_by(CLIENTS).collect();
            tokio::spawn(apply(asker.clone(), job.clone(), mine, seen.clone()))
        })
        .collect();
    let mut moments = seen.subscribe();
    for (round, moment) in random.moments(sizes.kills, steps).into_iter().enumerate() {
        moments.wait_for(|seen| *seen >= moment).await.expect("they go on");
        place.kill(server).await;
        if round % 3 == 1 {
            // Another one dies before it is up.
            let mut early = Server::spawn(place.command());
            early.child.kill().await.expect("it is killed");
        }
        server = place.serve().await;
    }
    let mut accepted = BTreeSet::new();
    for client in applying {
        accepted.extend(client.await.expect("a client"));
    }
    let heard = following.await.expect("a follower");
    let page = format!("/v1/jobs/{job}/pool?limit=1&min_position={}", heard.told.len());
    let (status, pool) = asker.get(&page).await;
    assert_eq!((status.as_u16(), &pool["items"][0]["outcome"]), (200, &"scored".into()), "{pool}");
    place.kill(server).await;
    Ran { place, accepted, heard }
}

/// Some people apply, one after another; answers their applications.
async fn apply(
    asker: Asker,
    job: String,
    who: Vec<usize>,
    seen: watch::Sender<u64>,
) -> Vec<String> {
    let mut accepted = Vec::new();
    for n in who {
        accepted.push(asker.applied(&job, &Person::nth(n)).await);
        seen.send_modify(|seen| *seen += 1);
    }
    accepted
}

/// Nothing lost, nothing twice, nothing but what was asked for.
async fn check(ran: &Ran, sizes: &Sizes) {
    let Ran { place, accepted, heard } = ran;
    assert_eq!(accepted.len(), sizes.applications, "each answered with an application of its own");
    let id = |stream: &str| stream.split_once('-').expect("a stream").1.to_owned();
    let submitted = heard.of("application.submitted.v1");
    let streams: BTreeSet<String> = submitted.iter().map(|told| id(&told.stream)).collect();
    assert_eq!(submitted.len(), streams.len(), "none submitted twice");
    assert_eq!(&streams, accepted, "every accepted one is there, and no other");
    let mut scores = BTreeMap::<(String, String), usize>::new();
    for told in heard.of("application.score_recorded.v1") {
        let run = told.data["run"].as_str().expect("a run").to_owned();
        *scores.entry((id(&told.stream), run)).or_default() += 1;
    }
    assert!(scores.values().all(|count| *count == 1), "scored twice: {scores:?}");
    let scored: BTreeSet<String> = scores.keys().map(|(stream, _)| stream.clone()).collect();
    assert_eq!((&scored, scores.len()), (accepted, sizes.applications), "each scored, in one run");
    for kind in ["candidate.registered.v1", "candidate.resume_received.v1"] {
        assert_eq!(heard.of(kind).len(), sizes.applications, "{kind} once for each person");
    }
    let rebuilt = place.rebuild().await;
    assert_eq!(rebuilt["equal"], true, "{rebuilt}");
    assert_eq!(rebuilt["events"].as_u64(), Some(heard.told.len() as u64), "the feed told them all");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_it_loses_and_doubles_nothing() {
    let sizes = Sizes {
        applications: size("HIRESPHERE_APPLICATIONS", 40),
        kills: size("HIRESPHERE_KILLS", 3),
        resumes: size("HIRESPHERE_RESUMES", 10),
    };
    let started = Instant::now();
    let ran = run(&sizes).await;
    let took = started.elapsed().as_secs_f64();
    check(&ran, &sizes).await;
    let Heard { told, hung_up, cut_off } = &ran.heard;
    println!(
        "{} applications, {} kills: {} events, feed resumed {hung_up} times after hanging up and \
         {cut_off} times after being cut off, {took:.1} s",
        sizes.applications,
        sizes.kills,
        told.len()
    );
    assert!(*cut_off > 0, "at least one kill was noticed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_is_resumed_again_and_again_has_no_gap_and_no_double() {
    let resumes = size("HIRESPHERE_RESUMES", 10);
    let sizes = Sizes { applications: resumes.max(20), kills: 0, resumes };
    let ran = run(&sizes).await;
    check(&ran, &sizes).await;
    assert_eq!((ran.heard.hung_up, ran.heard.cut_off), (resumes, 0));
}
