//! Money: every movement takes from one account and gives to another, so that none is made or lost. Buyers are the only
//! account that may go below zero: they bring the money in.

use crate::sandbox::router::Refusal;
use crate::sandbox::store::Tx;
use crate::types::Fen;

/// Where money of the shop can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Account {
    /// All buyers together.
    Buyers,
    /// Paid, not settled yet: after-sales may still take it back.
    Pending,
    /// Settled: the merchant can withdraw it.
    Available,
    /// On its way to the bank.
    Withdrawing,
    /// At the merchant's bank.
    Bank,
    /// Commissions of promoters and service providers.
    Commission,
    /// What the platform keeps for its services.
    Fees,
}

impl Account {
    pub const ALL: [Account; 7] = [
        Account::Buyers,
        Account::Pending,
        Account::Available,
        Account::Withdrawing,
        Account::Bank,
        Account::Commission,
        Account::Fees,
    ];

    fn name(self) -> &'static str {
        match self {
            Account::Buyers => "buyers",
            Account::Pending => "pending",
            Account::Available => "available",
            Account::Withdrawing => "withdrawing",
            Account::Bank => "bank",
            Account::Commission => "commission",
            Account::Fees => "fees",
        }
    }
}

/// Moves money. `reason` is a word (`payment`, `refund`, `settlement`, `withdrawal`), `reference` the number of the
/// order, after-sale or withdrawal. An account that does not hold enough is a mistake of the rule that asks.
pub fn transfer(
    tx: &mut Tx<'_>,
    from: Account,
    to: Account,
    amount: Fen,
    reason: &str,
    reference: &str,
) -> Result<(), Refusal> {
    if amount.0 < 0 || from != Account::Buyers && balance(tx, from)?.0 < amount.0 {
        return Err(Refusal::new(
            -1,
            format!(
                "system error: {} fen cannot leave {}",
                amount.0,
                from.name()
            ),
        ));
    }
    if amount.0 == 0 {
        return Ok(());
    }
    tx.db
        .prepare_cached(
            "INSERT INTO ledger (at, source, target, fen, reason, reference) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(rusqlite::params![tx.now, from.name(), to.name(), amount.0, reason, reference])?;
    Ok(())
}

/// What an account holds.
pub fn balance(tx: &Tx<'_>, account: Account) -> Result<Fen, Refusal> {
    let fen = tx
        .db
        .prepare_cached(
            "SELECT coalesce(sum(CASE target WHEN ?1 THEN fen ELSE -fen END), 0) FROM ledger
             WHERE ?1 IN (source, target)",
        )?
        .query_row([account.name()], |row| row.get(0))?;
    Ok(Fen(fen))
}

/// One movement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    /// Counts from 1; the number of the movement.
    pub seq: i64,
    pub at: i64,
    pub source: String,
    pub target: String,
    pub amount: Fen,
    pub reason: String,
    pub reference: String,
}

/// The movements of an account between two moments of the shop's clock, both included, the oldest first.
pub fn movements(
    tx: &Tx<'_>,
    account: Account,
    from: i64,
    to: i64,
) -> Result<Vec<Movement>, Refusal> {
    let mut statement = tx.db.prepare_cached(
        "SELECT seq, at, source, target, fen, reason, reference FROM ledger
         WHERE ?1 IN (source, target) AND at BETWEEN ?2 AND ?3 ORDER BY seq",
    )?;
    let rows = statement.query_map(rusqlite::params![account.name(), from, to], |row| {
        Ok(Movement {
            seq: row.get(0)?,
            at: row.get(1)?,
            source: row.get(2)?,
            target: row.get(3)?,
            amount: Fen(row.get(4)?),
            reason: row.get(5)?,
            reference: row.get(6)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
