//! What the machine gives to anybody, in the same run: commits, notifications, answers.

use std::time::Instant;

use sqlx::PgPool;
use sqlx::postgres::{PgListener, PgPoolOptions};

use crate::Sizes;
use crate::drive::steadily;
use crate::load::Asker;

/// Connections at once, as many as a process of the program has.
const CONNECTIONS: u32 = 16;
const ROW: &str = "a payload of about the size that most events have, a hundred bytes or so";

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1_000.0
}

async fn commit(pool: &PgPool) -> f64 {
    let started = Instant::now();
    let insert = sqlx::query("INSERT INTO anchor (text) VALUES ($1)").bind(ROW);
    insert.execute(pool).await.expect("an insert");
    milliseconds(started)
}

/// One row inserted and committed: one after another, and at the rate of commands.
pub(crate) async fn commits(url: &str, sizes: &Sizes) -> (Vec<f64>, Vec<f64>) {
    let pool = PgPoolOptions::new().max_connections(CONNECTIONS).connect(url).await;
    let pool = pool.expect("a database");
    let table =
        "CREATE TABLE anchor (n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, text text)";
    sqlx::query(table).execute(&pool).await.expect("a table");
    let mut one_by_one = Vec::new();
    for _ in 0..sizes.anchors {
        one_by_one.push(commit(&pool).await);
    }
    let steady = steadily(sizes.in_process, sizes.lasts.min(5), |_| {
        let pool = pool.clone();
        async move { commit(&pool).await }
    });
    (one_by_one, steady.await)
}

/// From telling somebody to their having heard it.
pub(crate) async fn notify(url: &str, times: usize) -> Vec<f64> {
    let mut listener = PgListener::connect(url).await.expect("a listener");
    listener.listen("anchor").await.expect("it listens");
    let pool = PgPool::connect(url).await.expect("a database");
    let mut took = Vec::new();
    for _ in 0..times {
        let started = Instant::now();
        sqlx::query("SELECT pg_notify('anchor', '1')")
            .execute(&pool)
            .await
            .expect("a notification");
        listener.recv().await.expect("it is heard");
        took.push(milliseconds(started));
    }
    took
}

/// An answer that needs nothing.
pub(crate) async fn healthz(api: &Asker, times: usize) -> Vec<f64> {
    let mut took = Vec::new();
    for _ in 0..times {
        let started = Instant::now();
        assert!(api.get("/healthz").await.0.is_success());
        took.push(milliseconds(started));
    }
    took
}
