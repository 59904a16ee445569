//! What a look at a job's pool takes, in milliseconds: pages, one row, counts, in a pool of 10,000
//! applications. The anchor is the whole pool at once, in the same run.
//!
//! `cargo bench -p hiresphere-projections --bench queries`, and on PostgreSQL
//! `scripts/servers.sh cargo bench -p hiresphere-projections --bench queries -- --postgres`

#![allow(missing_docs, clippy::expect_used, clippy::print_stdout, reason = "measures and prints")]

use std::time::Instant;

use domain::score::Points;
use projections::Builder;
use projections::models::ranked_pool::{PoolFilter, PoolSort, of_job, one, page, standing_of};

#[path = "support/applications.rs"]
mod applications;
#[path = "support/place.rs"]
mod place;

const APPLICATIONS: u32 = 10_000;
const PAGE: u32 = 50;
const ROUNDS: usize = 200;

/// Prints the median and the worst but one in a hundred.
async fn measure(what: &str, rounds: usize, mut query: impl AsyncFnMut(usize)) {
    let mut times = Vec::with_capacity(rounds);
    for round in 0..rounds {
        let started = Instant::now();
        query(round).await;
        times.push(started.elapsed().as_secs_f64() * 1_000.0);
    }
    times.sort_by(f64::total_cmp);
    let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)];
    println!("{what:<44} {:>8.2} ms   {:>8.2} ms", at(50), at(99));
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let place = place::Place::make().await;
    let (job, applications) = applications::fill(&place.log, APPLICATIONS).await;
    let read = place.read_models().await;
    let started = Instant::now();
    let events =
        Builder::new(place.log.clone()).catch_up(&read, u64::MAX).await.expect("read models");
    let rate = events as f64 / started.elapsed().as_secs_f64();
    println!("{events} events folded, {rate:.0} a second\n{:<44} median        99 %", "");
    let pool = read.pool().await;
    let whole = of_job(&pool, job).await.expect("a pool");
    assert_eq!(whole.len(), applications.len());

    let all = PoolFilter::default();
    measure("the whole pool", 10, async |_| {
        of_job(&pool, job).await.expect("a pool");
    })
    .await;
    for sort in [PoolSort::Rank, PoolSort::Submitted, PoolSort::Name] {
        measure(&format!("first page of {PAGE}, {sort:?}"), ROUNDS, async |_| {
            page(&pool, job, &all, sort, None, PAGE).await.expect("a page");
        })
        .await;
        measure(&format!("any page of {PAGE}, {sort:?}"), ROUNDS, async |n| {
            let after = &whole[n * 7_919 % whole.len()].key;
            page(&pool, job, &all, sort, Some(after), PAGE).await.expect("a page");
        })
        .await;
    }
    let best = PoolFilter { min_total: Some(Points::from_tenths(700)), ..all.clone() };
    measure("first page by name, total 70 and more", ROUNDS, async |_| {
        page(&pool, job, &best, PoolSort::Name, None, PAGE).await.expect("a page");
    })
    .await;
    let nobody = PoolFilter { status: vec!["offer".into()], ..all.clone() };
    measure("a filter that nobody passes", ROUNDS, async |_| {
        page(&pool, job, &nobody, PoolSort::Rank, None, PAGE).await.expect("a page");
    })
    .await;
    measure("one row with its rank", ROUNDS, async |n| {
        let application = applications[n * 7_919 % applications.len()];
        one(&pool, application).await.expect("an answer").expect("a row");
    })
    .await;
    measure("who stands where", ROUNDS, async |_| {
        standing_of(&pool, job).await.expect("counts");
    })
    .await;
}
