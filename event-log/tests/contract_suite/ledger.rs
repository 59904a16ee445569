//! The ledger: no more is booked than may be spent, whoever books.

use std::path::Path;

use event_log::Log;
use event_log::ports::{Account, Amount};

fn account(name: &str, tokens: Option<u64>, micro_usd: Option<u64>) -> Account {
    Account { name: name.into(), tokens, micro_usd }
}

pub(crate) async fn a_budget_is_never_passed_by_writers_at_once(log: Log, _: &Path) {
    // Given in different orders, so that two who lock them would meet.
    let mut accounts =
        vec![account("job:1", None, Some(100)), account("day:2026-01-31", Some(1_000), None)];
    let writers: Vec<_> = (0..16)
        .map(|_| {
            accounts.reverse();
            let (log, accounts) = (log.clone(), accounts.clone());
            tokio::spawn(async move {
                let mut booked = 0;
                for _ in 0..4 {
                    let amount = Amount { tokens: 10, micro_usd: 7 };
                    match log.ledger.book(&accounts, amount).await.unwrap() {
                        None => booked += 1,
                        Some(full) => assert_eq!(full, "job:1"),
                    }
                }
                booked
            })
        })
        .collect();
    let mut booked = 0;
    for writer in writers {
        booked += writer.await.unwrap();
    }
    assert_eq!(booked, 14, "14 x 7 is the most below 100");
    let so = |tokens, micro_usd| Amount { tokens, micro_usd };
    assert_eq!(log.ledger.booked("job:1").await.unwrap(), so(140, 98));
    // Refused by one account, booked on none.
    assert_eq!(log.ledger.booked("day:2026-01-31").await.unwrap(), so(140, 98));
    assert_eq!(log.ledger.booked("job:2").await.unwrap(), Amount::default());
}

pub(crate) async fn what_was_booked_is_corrected_by_what_was_spent(log: Log, _: &Path) {
    let accounts = [account("day", Some(100), None)];
    let amount = |tokens| Amount { tokens, micro_usd: 2 * tokens };
    assert_eq!(log.ledger.book(&accounts, amount(80)).await.unwrap(), None);
    assert_eq!(log.ledger.book(&accounts, amount(30)).await.unwrap().as_deref(), Some("day"));
    log.ledger.correct(&accounts, amount(80), amount(20)).await.unwrap();
    assert_eq!(log.ledger.booked("day").await.unwrap(), amount(20));
    assert_eq!(log.ledger.book(&accounts, amount(80)).await.unwrap(), None);
    // More than was thought: it was spent, whatever the budget says.
    log.ledger.correct(&accounts, amount(80), amount(90)).await.unwrap();
    assert_eq!(log.ledger.booked("day").await.unwrap(), amount(110));
}
