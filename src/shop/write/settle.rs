//! What became of a write whose answer does not say it: movements are looked up, objects are read.

use super::component::{self, shows};
use super::once::Progress;
use super::words::named;
use super::{Found, LOOKS_APART, PATIENCE, PROOF_AFTER, Sort, UNDER_WAY};
use crate::api::operation::Operation;
use crate::clock::{now, sleep};
use crate::fail::{Failure, Kind};
use crate::shop::Shop;
use crate::shop::pass_through::empty;
use crate::state::money::{Movement, Stand};
use crate::text;
use anyhow::Result;
use serde_json::Value;
use std::time::Duration;

/// What became of an open movement.
#[derive(Debug, Clone, PartialEq)]
pub enum Settled {
    /// WeChat has it.
    Found(Found),
    /// It is proven that WeChat never got it.
    NeverArrived,
    /// Not known before this moment, unix seconds.
    UnknownUntil(i64),
    /// WeChat shows nothing by which it could be told.
    ByPerson,
}

/// How a write that leads to a state ended well.
#[derive(Debug)]
pub enum Written {
    Answered(Value),
    /// The answer was lost; WeChat shows that it was done. What the answer would have said, as far as that is known.
    Found(Value),
    /// An earlier run made it and did not get to show it, as was said; nothing was sent. What is known of its answer.
    Earlier(Value),
    /// The object stood there before; nothing was sent.
    Already,
}

impl Shop {
    /// A movement as it stands after WeChat's record of it.
    pub(super) fn renewed(&self, movement: Movement, found: &Found) -> Movement {
        let sort = Sort::named(&movement.kind);
        let stand = found.stand.or(sort.map(Sort::taken)).unwrap_or(Stand::Done);
        Movement {
            stand,
            number: found.number.clone(),
            shown: if stand == movement.stand {
                movement.shown
            } else {
                0
            },
            ..movement
        }
    }

    /// Finds out what became of a movement that is open, and keeps it. Looks for some seconds where it is not there.
    pub async fn settle(&self, movement: &Movement) -> Result<Settled> {
        let until = now() + PATIENCE;
        let mut pause = 1;
        let mut empty = movement.empty;
        loop {
            match self.look_at(movement, &mut empty).await? {
                Settled::UnknownUntil(_) if now() < until => {}
                settled => return Ok(settled),
            }
            sleep(Duration::from_secs(pause)).await;
            pause = (pause + 1).min(LOOKS_APART.unsigned_abs());
        }
    }

    /// Looks for every movement of this shop that is open, the oldest first.
    pub async fn settle_all(&self) -> Result<Vec<(Movement, Result<Settled>)>> {
        let (state, key) = (self.client.state(), self.client.shop_key());
        self.client.take_over()?;
        let mut settled = Vec::new();
        for movement in state.open_movements(key)? {
            // A later version may know it.
            if Sort::named(&movement.kind).is_none() {
                continue;
            }
            // Another command that is about to send it knows better.
            let mark = Some(movement.mark.as_str());
            let name = super::lock_name(key, &movement.kind, &movement.subject, mark);
            let Some(_lock) = state.try_lock(&name)? else {
                continue;
            };
            let found = self.settle(&movement).await;
            settled.push((movement, found));
        }
        Ok(settled)
    }

    pub(super) async fn look_once(&self, movement: &Movement) -> Result<Settled> {
        let mut empty = movement.empty;
        self.look_at(movement, &mut empty).await
    }

    /// One look. `empty` is when it was looked for in vain so that it proves something.
    async fn look_at(&self, movement: &Movement, empty: &mut i64) -> Result<Settled> {
        if !shows(movement) {
            return Ok(Settled::ByPerson);
        }
        let state = self.client.state();
        let provable = match movement.sent {
            0 => movement.at + UNDER_WAY,
            sent => sent,
        } + PROOF_AFTER;
        let asked = now();
        if let Some(found) = self.look_up(movement).await? {
            let sort = Sort::named(&movement.kind);
            let stand = found.stand.or(sort.map(Sort::taken)).unwrap_or(Stand::Done);
            state.movement_stands(movement.id, stand, &found.number, "")?;
            if let Some(amount) = found.amount {
                state.money_done(movement.id, amount)?;
            }
            if stand != movement.stand && movement.shown > 0 {
                // How it ended was not shown.
                state.movement_shown(movement.id, 0)?;
            }
            if movement.stand == Stand::Intended {
                // The state has it; a log without it names a write without result.
                let _ = self.client.log_found(movement.entry, "found").await;
            }
            return Ok(Settled::Found(found));
        }
        if movement.stand == Stand::Known {
            return Err(Failure::new(
                Kind::Unknown,
                text!(
                    "WeChat no longer shows {movement}, which an earlier run requested",
                    movement = named(
                        Sort::named(&movement.kind).unwrap_or(Sort::Withdrawal),
                        movement
                    )
                ),
            )
            .hint(text!(
                "check it in the console; to make another one, use --new"
            ))
            .into());
        }
        if asked < provable {
            return Ok(Settled::UnknownUntil(provable + LOOKS_APART));
        }
        match *empty {
            0 => {
                *empty = asked;
                state.movement_not_found(movement.id, asked)?;
                Ok(Settled::UnknownUntil(asked + LOOKS_APART))
            }
            first if asked >= first + LOOKS_APART => {
                state.movement_stands(movement.id, Stand::Lost, "", "")?;
                let _ = self.client.log_found(movement.entry, "never arrived").await;
                Ok(Settled::NeverArrived)
            }
            first => Ok(Settled::UnknownUntil(first + LOOKS_APART)),
        }
    }

    /// What WeChat has of a movement; `None` where it has nothing, or not yet.
    async fn look_up(&self, movement: &Movement) -> Result<Option<Found>> {
        match Sort::named(&movement.kind) {
            Some(Sort::Withdrawal) => self.find_withdrawal(movement).await,
            Some(Sort::Refund) => self.find_refund(movement).await,
            Some(Sort::Share) => self.find_share(movement).await,
            Some(Sort::Role) => self.find_role(movement).await,
            Some(Sort::Parcel) => self.find_parcels(movement).await,
            Some(Sort::Evidence) => self.find_evidence(movement).await,
            Some(Sort::Aftersale) => self.find_aftersale(movement).await,
            Some(Sort::Accepted) => self.find_accepted(movement).await,
            Some(Sort::Call) => component::find(self, movement).await,
            None => Ok(None),
        }
    }

    /// A person looked at what WeChat does not show by itself: it was made, or it was not.
    ///
    /// # Errors
    /// Where there is no such open write, or WeChat shows it.
    pub async fn decide(&self, id: i64, made: bool) -> Result<Movement> {
        let (state, key) = (self.client.state(), self.client.shop_key());
        let open = state.open_movements(key)?;
        let Some(movement) = open.into_iter().find(|movement| movement.id == id) else {
            return Err(
                Failure::input(text!("no open write has the number {id}", id))
                    .hint(text!("`wxsell run settle` lists them"))
                    .into(),
            );
        };
        if shows(&movement) {
            return Err(Failure::input(text!(
                "write {id} can be looked up at WeChat; there is no need to say how it ended",
                id
            ))
            .hint(text!("`wxsell run settle` looks it up"))
            .into());
        }
        let (stand, result) = if made {
            (Stand::Done, "found")
        } else {
            (Stand::Lost, "never arrived")
        };
        state.movement_stands(id, stand, "", "")?;
        state.movement_shown(id, now())?;
        self.client.log_found(movement.entry, result).await?;
        Ok(Movement { stand, ..movement })
    }

    /// A write that leads an object from one state to another: `stands` reads the object and says whether it is where
    /// the write leads. Where the answer leaves it open, the object is read for some seconds.
    ///
    /// Errors: [`Kind::Unknown`] while the object does not tell. The next write reads the object before it is sent.
    pub async fn write_state(
        &self,
        operation: &Operation,
        body: &Value,
        stands: impl AsyncFn() -> Result<Progress>,
    ) -> Result<Written> {
        let error = match self.client.ask(operation, &[], body).await {
            Ok(reply) => return Ok(Written::Answered(reply)),
            Err(error) => error,
        };
        self.settle_state(error, stands).await
    }

    /// As [`Shop::write_state`], after the write failed.
    pub async fn settle_state(
        &self,
        error: anyhow::Error,
        stands: impl AsyncFn() -> Result<Progress>,
    ) -> Result<Written> {
        let mut failure = Failure::from_any(error);
        if !failure.unclear {
            return Err(failure.into());
        }
        failure.kind = Kind::Unknown;
        self.client
            .note(text!("it is not clear whether it was done; checking"));
        let until = now() + PATIENCE;
        let mut pause = 1;
        loop {
            match stands().await {
                Ok(Progress::Reached) => {
                    self.client.last_was_found().await;
                    return Ok(Written::Found(empty()));
                }
                Ok(Progress::Before) => {}
                Ok(Progress::Elsewhere(why)) => {
                    return Err(Failure {
                        kind: Kind::Refused,
                        unclear: false,
                        also: vec![why],
                        ..failure
                    }
                    .into());
                }
                Err(why) => failure.also = vec![Failure::from_any(why).message],
            }
            if now() >= until {
                break;
            }
            sleep(Duration::from_secs(pause)).await;
            pause = (pause + 1).min(LOOKS_APART.unsigned_abs());
        }
        if failure.hint.is_none() || failure.errcode.is_none() {
            failure.hint = Some(text!(
                "it is not known yet whether it was done: reads may lag by a minute; run the same command again then: it is never done twice"
            ));
        }
        Err(failure.into())
    }
}
