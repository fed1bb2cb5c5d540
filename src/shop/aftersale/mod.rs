//! After-sales: one by its number, and the numbers of a list.

pub mod auto;
mod component;
pub mod left;
pub mod list;
pub mod step;

use super::reading::Fetched;
use super::walk::Walked;
use super::write::Found;
use super::{Shop, lacks};
use crate::client::errcode::ends_the_job;
use crate::fail::{Failure, Kind, failure};
use crate::model::aftersale::{Aftersale, State};
use crate::model::order::Receiver;
use crate::state::money::Movement;
use crate::text;
use crate::types::Family;
use anyhow::Result;
use serde_json::Value;

/// There is no such after-sale.
const ABSENT: i64 = 2_747_007;

/// How an after-sale is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// By the platform's number.
    Id(String),
    /// By the merchant's.
    Own(String),
}

impl Key {
    /// The number itself.
    pub fn number(&self) -> &str {
        match self {
            Key::Id(number) | Key::Own(number) => number,
        }
    }
}

/// What the merchant answers.
#[derive(Debug, Clone)]
pub enum Answer<'a> {
    AcceptRefund,
    /// With the address that the goods go to, where it is not the one that the platform knows.
    AcceptReturn(Option<&'a Receiver>),
    /// With why, for the buyer.
    Reject(Option<String>),
}

/// Which after-sales. What is not said fits all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    pub state: Option<State>,
    /// Opened within, unix seconds; both ends belong to it.
    pub since: Option<i64>,
    pub until: Option<i64>,
    /// The merchant's number of the order.
    pub order: Option<String>,
    /// Openid.
    pub buyer: Option<String>,
}

impl Shop {
    /// The evidence of an after-sale's record as a call takes it, which replaces all of it.
    pub fn evidence_again(&self, record: &Value) -> Result<Value> {
        match self.family {
            Family::Component => Ok(component::evidence_again(record)),
            Family::Store => Err(lacks(text!("this command")).into()),
        }
    }

    /// The request of an answer.
    pub fn answer_request(&self, key: &Key, answer: Answer<'_>) -> Result<Value> {
        match self.family {
            Family::Component => Ok(component::answer(key, answer)),
            Family::Store => Err(lacks(text!("this command")).into()),
        }
    }

    /// One after-sale.
    ///
    /// # Errors
    /// Also where the reply has none.
    pub async fn aftersale(&self, key: &Key) -> Result<Fetched<Aftersale>> {
        match self.family {
            Family::Component => component::get(self, key).await,
            Family::Store => Err(lacks(text!("this command")).into()),
        }
    }

    /// One that a list names. Of one that the platform does not show, its number alone, and why is told: it hides no
    /// others.
    pub async fn aftersale_listed(&self, id: &str) -> Result<Fetched<Aftersale>> {
        let error = match self.aftersale(&Key::Id(id.to_owned())).await {
            Ok(found) => {
                self.note_unread_aftersale(id, &found);
                return Ok(found);
            }
            Err(error) => error,
        };
        let failure = Failure::from_any(error);
        if failure.kind != Kind::Refused
            || ends_the_job(&failure)
            || self.family != Family::Component
        {
            return Err(failure.into());
        }
        self.warn(text!(
            "after-sale {number}: {problem}",
            number = id,
            problem = failure.message
        ));
        Ok(component::listed(id))
    }

    /// One after-sale. What of it cannot be read is named, and the rest is used.
    pub async fn read_aftersale(&self, key: &Key) -> Result<Fetched<Aftersale>> {
        let found = self.aftersale(key).await.map_err(|error| {
            let unknown = failure(&error).is_some_and(|failure| failure.errcode == Some(ABSENT));
            let missing = failure(&error)
                .is_some_and(|failure| failure.kind == Kind::Refused && failure.errcode.is_none());
            let hint = if unknown && matches!(key, Key::Id(_)) {
                text!(
                    "a number with digits only is taken as WeChat's; if it is your own, add --own"
                )
            } else if missing {
                text!("an ordinary order (fund_type 0) has its after-sales under --legacy")
            } else {
                return error;
            };
            let mut failure = Failure::from_any(error);
            failure.hint = Some(hint);
            failure.into()
        })?;
        self.note_unread_aftersale(key.number(), &found);
        Ok(found)
    }

    /// Names what of an after-sale cannot be read.
    pub fn note_unread_aftersale(&self, number: &str, found: &Fetched<Aftersale>) {
        self.note_unread(text!("after-sale {number}", number), &found.unread);
    }

    /// An after-sale that was opened under the merchant's number of the movement.
    pub async fn find_aftersale(&self, movement: &Movement) -> Result<Option<Found>> {
        match self.aftersale(&Key::Own(movement.mark.clone())).await {
            Ok(found) => Ok(Some(Found {
                number: found.value.id,
                record: found.record,
                stand: None,
                amount: None,
            })),
            Err(error) if failure(&error).is_some_and(|f| f.errcode == Some(ABSENT)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// An after-sale that was accepted, with what it costs.
    pub async fn find_accepted(&self, movement: &Movement) -> Result<Option<Found>> {
        let found = self.aftersale(&Key::Id(movement.subject.clone())).await?;
        Ok(found.value.state.is_accepted().then(|| Found {
            number: String::new(),
            record: found.record,
            stand: None,
            // What cannot be read costs what was meant.
            amount: found.value.amount,
        }))
    }

    /// The platform's numbers of the after-sales that fit, each once.
    pub async fn aftersale_ids(
        &self,
        filter: &Filter,
        limit: Option<usize>,
    ) -> Result<Walked<String>> {
        match self.family {
            Family::Component => component::ids(self, filter, limit).await,
            Family::Store => Err(lacks(text!("this command")).into()),
        }
    }
}
