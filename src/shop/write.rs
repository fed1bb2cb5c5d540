//! The one way of a write that must not happen twice: what is wanted is on disk and in the log of writes, then it is
//! sent, then what became of it is on disk, and only then anything else happens.
//!
//! ```text
//! plan_write ─┬─ Same: it was made before, or is under way; show that one
//!             └─ New ── (ask the person) ── send ── Sent ── (show) ── shown
//! ```
//!
//! - [`Shop::plan_write`] reads. It takes the lock of the subject, takes over what only the log knows, settles what
//!   earlier runs left open, and says whether the movement is a new one. The same movement while an earlier one is open,
//!   unknown or not yet shown *is* that one; within a day of one that was shown it is refused, unless `anew` is asked for.
//! - [`Prepared::send`] acts. It fails with [`Kind::Unknown`] where nobody knows whether it was done; every other failure
//!   is a refusal known to be given before anything was done, or says that nothing was sent.
//! - The command shows the result inside of [`Shop::show_write`]: what fails there cannot change what was done, and the
//!   same command shows it again.
//!
//! What is unknown is settled by [`Shop::settle`], which looks it up: found is done; two looks in vain, both at least
//! [`PROOF_AFTER`] after the last byte was sent, prove that it was not. A [`Kind`](Sort) of movement says here by what it
//! is looked up. What WeChat does not show is settled by a person ([`Shop::decide`]). Writes that lead an object from one
//! state to another need none of this: see [`Shop::write_state`]. [`Shop::carry_out`] knows which way a call goes.

mod component;
mod once;
mod settle;
mod verb;
mod words;

pub use once::Progress;
pub use settle::{Settled, Written};

use super::Shop;
use crate::api::operation::Operation;
use crate::client::Intent;
use crate::clock::now;
use crate::fail::{Failure, Kind};
use crate::lang::Text;
use crate::state::LockGuard;
use crate::state::money::{Movement, Stand, Wanted};
use crate::text;
use crate::types::Fen;
use crate::types::span::DAY;
use anyhow::Result;
use serde_json::Value;
use std::sync::atomic::{AtomicI64, Ordering};
use words::{goes_on, held, named, never_arrived, not_kept, undecided, unknown};

/// Reads may lag this many seconds behind what was done.
pub const PROOF_AFTER: i64 = 60;
/// Seconds between two looks in vain that together are a proof.
const LOOKS_APART: i64 = 4;
/// How long one command looks before it ends.
const PATIENCE: i64 = 10;
/// How long after the program that sent it was stopped the last byte may have left; longer than a request may take.
const UNDER_WAY: i64 = 120;
/// A movement that was shown is not taken for a new one before this many seconds are over.
const AGAIN_AFTER: i64 = DAY;

/// The sorts of movements, and with them how each is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// Money to the bank; found by the mark that its note begins with.
    Withdrawal,
    /// Money back to the buyer of a payment; its number counts once.
    Refund,
    /// What is left of a payment, settled; found by its number.
    Share,
    /// A role of promotion staff; found by its name.
    Role,
    /// Parcels of an order; found by carrier and waybill.
    Parcel,
    /// What the merchant says in a dispute; found in its history.
    Evidence,
    /// An after-sale opened for the buyer; found by the merchant's number of it.
    Aftersale,
    /// An after-sale that a policy accepts, for its ceiling; the after-sale tells. Its mark is the rule.
    Accepted,
    /// Any other call that acts twice where it comes twice; its subject is the path, its mark what makes it the same.
    Call,
}

impl Sort {
    const ALL: [Sort; 9] = [
        Sort::Withdrawal,
        Sort::Refund,
        Sort::Share,
        Sort::Role,
        Sort::Parcel,
        Sort::Evidence,
        Sort::Aftersale,
        Sort::Accepted,
        Sort::Call,
    ];

    /// As it is kept.
    pub fn name(self) -> &'static str {
        match self {
            Sort::Withdrawal => "withdrawal",
            Sort::Refund => "refund",
            Sort::Share => "share",
            Sort::Role => "role",
            Sort::Parcel => "parcel",
            Sort::Evidence => "evidence",
            Sort::Aftersale => "opened_aftersale",
            Sort::Accepted => "aftersale",
            Sort::Call => "call",
        }
    }

    /// `None` for one that is not looked up here.
    pub fn named(name: &str) -> Option<Sort> {
        Sort::ALL.into_iter().find(|sort| sort.name() == name)
    }

    pub fn words(self) -> Text {
        match self {
            Sort::Withdrawal => text!("withdrawal"),
            Sort::Refund => text!("refund"),
            Sort::Share => text!("share"),
            Sort::Role => text!("role"),
            Sort::Parcel => text!("parcel"),
            Sort::Evidence => text!("evidence"),
            Sort::Aftersale => text!("after-sale"),
            Sort::Accepted => text!("accepted after-sale"),
            Sort::Call => text!("write"),
        }
    }

    /// Whether WeChat recognises it by its mark, so that it may be sent again with the same one.
    fn is_keyed(self) -> bool {
        matches!(self, Sort::Refund)
    }

    /// Whether the same movement within a day of one that was shown is refused.
    fn is_held(self) -> bool {
        !matches!(self, Sort::Evidence | Sort::Aftersale | Sort::Call)
    }

    /// Whether its mark says less than its subject.
    fn goes_by_subject(self) -> bool {
        matches!(self, Sort::Evidence | Sort::Accepted | Sort::Call)
    }

    /// How it stands once WeChat has it: a withdrawal goes on until it is paid out.
    fn taken(self) -> Stand {
        match self {
            Sort::Withdrawal => Stand::Known,
            _ => Stand::Done,
        }
    }
}

/// A movement as a command wants it.
#[derive(Debug, Clone)]
pub struct Want<'a> {
    pub sort: Sort,
    /// What it is about: the number of the payment; nothing for a withdrawal.
    pub subject: &'a str,
    /// Zero where no money moves.
    pub amount: Fen,
    /// What makes two movements about one subject the same; empty where it is the amount.
    pub what: &'a str,
    /// Its mark, where the person gave one: then only that one is the same.
    pub mark: Option<&'a str>,
    /// A new mark.
    pub fresh_mark: String,
    /// What a look-up needs beside the subject and the mark.
    pub look: String,
    /// Another one, although the same was made before.
    pub anew: bool,
}

/// What WeChat has of a movement.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Found {
    /// WeChat's number of it.
    pub number: String,
    pub record: Value,
    /// How it stands by the record.
    pub stand: Option<Stand>,
    /// What was moved, where that may be another amount than was meant.
    pub amount: Option<Fen>,
}

/// What a wanted movement comes to.
pub enum Planned {
    /// It was made by an earlier run and is shown; nothing is sent.
    Same(Made),
    New(Prepared),
}

/// A movement that was made.
#[derive(Debug)]
pub struct Made {
    pub movement: Movement,
    /// What WeChat has of it, where it was looked up.
    pub found: Option<Found>,
    /// The answer to the call, where this run made it.
    pub reply: Value,
    /// Ends when it was shown.
    _lock: LockGuard,
}

/// A movement that may be sent.
#[must_use]
pub struct Prepared {
    /// What it is known by at WeChat; the request carries it.
    pub mark: String,
    wanted: Wanted,
    sort: Sort,
    /// An earlier try with the same mark.
    earlier: Option<Movement>,
    /// An errcode that, after what was read, is given to what was not done.
    refused_by: Option<i64>,
    lock: LockGuard,
}

/// How a movement is kept while it is sent.
struct Kept<'a> {
    shop: &'a Shop,
    wanted: &'a Wanted,
    id: i64,
    entry: AtomicI64,
}

impl Intent for Kept<'_> {
    fn movement(&self) -> String {
        serde_json::to_string(self.wanted).unwrap_or_default()
    }

    fn is_logged(&self, entry: i64) -> Result<()> {
        self.entry.store(entry, Ordering::Relaxed);
        self.shop.client.state().movement_logged(self.id, entry)
    }

    fn is_sent(&self) -> Result<()> {
        let until = now() + UNDER_WAY;
        self.shop.client.state().movement_sent(self.id, until)
    }
}

impl Shop {
    /// Says what a wanted movement comes to; sends nothing.
    ///
    /// Errors: [`Kind::Unknown`] where an earlier one about the same subject is not settled yet, [`Kind::Held`] where the
    /// same was made and shown within a day.
    pub async fn plan_write(&self, want: Want<'_>) -> Result<Planned> {
        let (state, key) = (self.client.state(), self.client.shop_key().to_owned());
        let name = lock_name(&key, want.sort.name(), want.subject, want.mark);
        let (lock, waited) = match state.try_lock(&name)? {
            Some(lock) => (lock, false),
            None => {
                self.client
                    .note(text!("waiting for another command that is doing the same"));
                (state.lock(&name)?, true)
            }
        };
        self.client.take_over()?;
        let earlier = state.movements(&key, want.sort.name(), want.subject, now() - AGAIN_AFTER)?;
        let mut again = None;
        for movement in earlier {
            if want.anew && want.mark != Some(&movement.mark) {
                continue;
            }
            let same = is_same(&want, &movement);
            if want.sort == Sort::Call && !same {
                continue;
            }
            let (movement, found) = match movement.stand {
                Stand::Intended | Stand::Known => {
                    let open = movement.stand == Stand::Intended;
                    let settled = if open && same && want.sort.is_keyed() {
                        self.look_once(&movement).await?
                    } else {
                        self.settle(&movement).await?
                    };
                    match settled {
                        Settled::Found(found) => (self.renewed(movement, &found), Some(found)),
                        Settled::NeverArrived => {
                            self.client.note(text!(
                                "WeChat never got the {movement} that an earlier run sent",
                                movement = named(want.sort, &movement)
                            ));
                            continue;
                        }
                        // With its number it counts once, so that it goes out again.
                        Settled::UnknownUntil(_) if same && want.sort.is_keyed() => {
                            again = Some(movement);
                            break;
                        }
                        // Another number is another movement, whatever becomes of this one.
                        Settled::UnknownUntil(_) if !same && want.mark.is_some() => continue,
                        Settled::UnknownUntil(until) => {
                            return Err(unknown(want.sort, &movement, until, None));
                        }
                        Settled::ByPerson => return Err(undecided(&movement, None)),
                    }
                }
                _ => (movement, None),
            };
            match movement.stand {
                // It ended and no money moved, which is an old story.
                Stand::Failed | Stand::Refused | Stand::Lost => {
                    self.client.note(text!(
                        "the {movement} of an earlier run has ended, and no money was moved",
                        movement = named(want.sort, &movement)
                    ));
                    continue;
                }
                Stand::Known if !same => return Err(goes_on(want.sort, &movement)),
                _ if !same => continue,
                // It was made, and another one is what is wanted now.
                Stand::Done
                    if movement.shown > 0 && !waited && found.is_none() && !want.sort.is_held() =>
                {
                    continue;
                }
                Stand::Done if movement.shown > 0 && !waited && want.mark.is_none() => {
                    return Err(held(want.sort, &movement));
                }
                _ => {}
            }
            return Ok(Planned::Same(Made {
                movement,
                found,
                reply: Value::Null,
                _lock: lock,
            }));
        }
        let mark = match (&again, want.mark) {
            (Some(movement), _) => movement.mark.clone(),
            (None, Some(mark)) => mark.to_owned(),
            (None, None) => want.fresh_mark.clone(),
        };
        let wanted = Wanted {
            shop: key,
            kind: want.sort.name().to_owned(),
            subject: want.subject.to_owned(),
            mark: mark.clone(),
            what: want.what.to_owned(),
            look: want.look.clone(),
            amount: want.amount,
            at: now(),
        };
        Ok(Planned::New(Prepared {
            mark,
            wanted,
            sort: want.sort,
            earlier: again,
            refused_by: None,
            lock,
        }))
    }

    /// A job may have made what is wanted: it is looked for as one whose answer was lost, unless it was before.
    pub fn doubt(&self, want: &Want<'_>) -> Result<()> {
        let (state, key) = (self.client.state(), self.client.shop_key());
        let (sort, mark) = (want.sort.name(), want.mark.unwrap_or_default());
        let since = now() - AGAIN_AFTER;
        let known = state.movements(key, sort, want.subject, since)?;
        if known.iter().any(|movement| movement.mark == mark)
            || state.was_never_made(key, sort, want.subject, mark, since)?
        {
            return Ok(());
        }
        let wanted = Wanted {
            shop: key.to_owned(),
            kind: sort.to_owned(),
            subject: want.subject.to_owned(),
            mark: mark.to_owned(),
            what: want.what.to_owned(),
            look: want.look.clone(),
            amount: want.amount,
            at: now(),
        };
        let id = state.begin_movement(&wanted)?;
        state.movement_sent(id, now())
    }

    /// Shows what was made, and keeps that it was shown. What fails here cannot change what was done: the failure says
    /// so, and the same command shows it again. `show` says whether somebody was there to see it.
    pub async fn show_write(
        &self,
        made: Made,
        show: impl AsyncFnOnce(&Made) -> Result<bool>,
    ) -> Result<()> {
        let not_shown = |failure: Failure| {
            let sort = Sort::named(&made.movement.kind);
            let done = sort.map_or_else(|| Text::verbatim(made.movement.kind.clone()), Sort::words);
            let why = failure.message.clone();
            Failure {
                kind: Kind::Unknown,
                message: text!(
                    "the {movement} {mark} was made, but could not be shown: {why}",
                    movement = done,
                    mark = &made.movement.mark,
                    why
                ),
                hint: Some(text!(
                    "run the same command again: it shows this one and does not make another"
                )),
                ..failure
            }
        };
        let was_done = matches!(made.movement.stand, Stand::Known | Stand::Done);
        let seen = match show(&made).await {
            Ok(seen) => seen,
            Err(error) => {
                let failure = Failure::from_any(error);
                return Err(if was_done {
                    not_shown(failure).into()
                } else {
                    failure.into()
                });
            }
        };
        if !seen {
            let failure = Failure::new(Kind::Unknown, text!("standard output was closed"));
            return Err(not_shown(failure).into());
        }
        self.client.state().movement_shown(made.movement.id, now())
    }
}

impl Shop {
    /// Sends what a job keeps as the movement `id`: the log knows it too, and when it was sent is kept.
    pub async fn ask_kept(
        &self,
        operation: &Operation,
        body: &Value,
        id: i64,
        wanted: &Wanted,
    ) -> Result<Value> {
        let kept = Kept {
            shop: self,
            wanted,
            id,
            entry: AtomicI64::new(0),
        };
        let sent = self.client.write(operation, &[], body, &kept).await;
        // No later byte of it is under way.
        self.client.state().movement_sent(id, now())?;
        sent
    }
}

impl Prepared {
    /// Whether an earlier try with the same mark is not settled.
    pub fn is_sent_again(&self) -> bool {
        self.earlier.is_some()
    }

    /// This errcode says that it was not done, as the object stood when it was read: one that the table gives for such
    /// that was done before.
    pub fn refused_by(self, errcode: i64) -> Prepared {
        Prepared {
            refused_by: Some(errcode),
            ..self
        }
    }

    /// Writes it down, sends it, and keeps what became of it. `read` takes WeChat's number and the ticket of a QR code
    /// out of the answer; an empty number is looked up.
    pub async fn send(
        self,
        shop: &Shop,
        operation: &Operation,
        body: &Value,
        read: impl FnOnce(&Value) -> (String, String),
    ) -> Result<Made> {
        self.send_with(shop, operation, &[], body, read).await
    }

    /// As [`Prepared::send`], with parameters in the address.
    pub async fn send_with(
        self,
        shop: &Shop,
        operation: &Operation,
        query: &[(&str, &str)],
        body: &Value,
        read: impl FnOnce(&Value) -> (String, String),
    ) -> Result<Made> {
        let state = shop.client.state();
        let id = match &self.earlier {
            Some(earlier) => earlier.id,
            None => state.begin_movement(&self.wanted)?,
        };
        let kept = Kept {
            shop,
            wanted: &self.wanted,
            id,
            entry: AtomicI64::new(0),
        };
        let sent = shop.client.write(operation, query, body, &kept).await;
        let entry = kept.entry.load(Ordering::Relaxed);
        let mut movement = Movement {
            id,
            kind: self.wanted.kind.clone(),
            subject: self.wanted.subject.clone(),
            mark: self.mark.clone(),
            what: self.wanted.what.clone(),
            look: self.wanted.look.clone(),
            amount: self.wanted.amount,
            at: self.wanted.at,
            stand: Stand::Intended,
            number: String::new(),
            ticket: String::new(),
            sent: now(),
            empty: 0,
            shown: 0,
            entry,
        };
        let failure = match sent {
            Ok(reply) => {
                let (number, ticket) = read(&reply);
                movement.stand = self.sort.taken();
                movement.number = number;
                movement.ticket = ticket;
                let (number, ticket) = (&movement.number, &movement.ticket);
                if movement.stand != Stand::Known || !number.is_empty() {
                    let kept = state.movement_stands(id, movement.stand, number, ticket);
                    kept.map_err(|error| not_kept(self.sort, &movement, error))?;
                    return Ok(Made {
                        movement,
                        found: None,
                        reply,
                        _lock: self.lock,
                    });
                }
                movement.stand = Stand::Intended;
                None
            }
            Err(error) => {
                let mut failure = Failure::from_any(error);
                if self.refused_by.is_some() && failure.errcode == self.refused_by {
                    failure.kind = Kind::Refused;
                    failure.unclear = false;
                }
                Some(failure)
            }
        };
        if let Some(failure) = failure.as_ref().filter(|failure| !failure.unclear) {
            // An earlier try with this number may have arrived, whatever this one met.
            if self.earlier.is_none() {
                state.movement_stands(id, Stand::Refused, "", "")?;
            }
            return Err(failure.clone().into());
        }
        // No later byte of it is under way.
        let _ = state.movement_sent(id, movement.sent);
        if component::shows(&movement) {
            shop.client
                .note(text!("it is not clear whether it was done; checking"));
        }
        let why = failure.as_ref();
        match shop.settle(&movement).await {
            Ok(Settled::Found(found)) => Ok(Made {
                movement: shop.renewed(movement, &found),
                found: Some(found),
                reply: Value::Null,
                _lock: self.lock,
            }),
            Ok(Settled::NeverArrived) => Err(never_arrived(self.sort, &movement, why)),
            Ok(Settled::UnknownUntil(until)) => Err(unknown(self.sort, &movement, until, why)),
            Ok(Settled::ByPerson) => Err(undecided(&movement, why)),
            Err(error) => {
                let until = movement.sent + PROOF_AFTER + LOOKS_APART;
                let mut failure = Failure::from_any(unknown(self.sort, &movement, until, why));
                failure.also.push(Failure::from_any(error).message);
                Err(failure.into())
            }
        }
    }
}

/// Who holds this may make movements of a kind about a subject.
fn lock_name(key: &str, kind: &str, subject: &str, mark: Option<&str>) -> String {
    match mark {
        // Others under the same path have nothing to do with it.
        Some(mark) if kind == Sort::Call.name() => format!("{kind}-{key}-{mark}"),
        // One job answers them all.
        _ if kind == Sort::Accepted.name() => format!("{kind}-{key}"),
        _ => format!("{kind}-{key}-{subject}"),
    }
}

/// Whether a movement is the one that is wanted.
fn is_same(want: &Want<'_>, movement: &Movement) -> bool {
    match want.mark {
        Some(mark) => movement.mark == mark,
        None if movement.what.is_empty() => movement.amount == want.amount,
        None => movement.what == want.what,
    }
}
