//! The port of the ledger: what was spent on engines that cost money, held against what may be spent.
//!
//! It is booked before the spend, by whoever spends, so that several processes together stay within one budget. What
//! a process booked and never corrected, because it died meanwhile, stays booked: it may have been spent.

use async_trait::async_trait;

use crate::error::LogError;

/// Tokens and money.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Amount {
    /// Tokens, read and written.
    pub tokens: u64,
    /// Millionths of a US dollar.
    pub micro_usd: u64,
}

/// An account, and the most that may be booked on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its name: `day:2026-01-31`, `job:<id>`.
    pub name: String,
    /// The most tokens; `None` is no limit.
    pub tokens: Option<u64>,
    /// The most millionths of a US dollar; `None` is no limit.
    pub micro_usd: Option<u64>,
}

impl Account {
    /// Whether an amount on top of what is booked is too much.
    pub(crate) fn refuses(&self, booked: Amount, more: Amount) -> bool {
        let over = |most: Option<u64>, booked: u64, more: u64| {
            most.is_some_and(|most| booked.saturating_add(more) > most)
        };
        over(self.tokens, booked.tokens, more.tokens)
            || over(self.micro_usd, booked.micro_usd, more.micro_usd)
    }
}

/// What was spent.
#[async_trait]
pub trait Ledger: Send + Sync + 'static {
    /// Books an amount on every account; when that is too much for one of them, on none, and answers which.
    async fn book(&self, accounts: &[Account], amount: Amount) -> Result<Option<String>, LogError>;

    /// Puts what was really spent in the place of what was booked.
    async fn correct(
        &self,
        accounts: &[Account],
        booked: Amount,
        spent: Amount,
    ) -> Result<(), LogError>;

    /// What is booked on an account.
    async fn booked(&self, account: &str) -> Result<Amount, LogError>;
}
