//! A shop: one noun a file, as a merchant thinks of it. The branch on the family of addresses happens here and
//! nowhere else. What a family does not have is refused by [`lacks`].

pub mod access;
pub mod aftersale;
pub mod ask;
pub mod audit;
pub mod authorization;
pub mod by_name;
pub mod commission;
pub mod coupon;
pub mod delivery;
pub mod diagnosis;
pub mod dispute;
pub mod due;
pub mod funds;
pub mod goods;
pub mod image;
pub mod job;
pub mod joining;
pub mod merchant;
mod names;
pub mod number;
mod observer;
pub mod order;
pub mod parcel;
pub mod pass_through;
pub mod pay;
pub mod promoter;
mod provider;
pub mod quota;
pub mod reading;
pub mod role;
pub mod status;
pub mod store;
mod token;
pub mod verify;
pub mod walk;
pub mod write;

pub use observer::{Observer, ShopClock};

use crate::api::common::{RidGet, RidGetReply};
use crate::api::operation::{self, Book, Operation};
use crate::client::Client;
use crate::fail::{Failure, Kind};
use crate::lang::Text;
use crate::text;
use crate::types::Family;
use anyhow::Result;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::sync::{Arc, Mutex};

/// The shop a command works for.
pub struct Shop {
    pub client: Client,
    pub family: Family,
    /// What its profile is called.
    pub name: String,
    pub appid: String,
    pub clock: ShopClock,
    pub observer: Arc<dyn Observer>,
    /// Movements that were made and are not shown yet.
    unshown: Mutex<Vec<i64>>,
}

impl Shop {
    /// A shop of which nobody is told, by the clock of this machine.
    pub fn new(client: Client, family: Family) -> Shop {
        Shop {
            name: client.name().to_owned(),
            appid: client.appid().to_owned(),
            clock: Box::new(|| Ok(crate::types::now())),
            observer: Arc::new(observer::Nobody),
            client,
            family,
            unshown: Mutex::default(),
        }
    }
}

/// What this program cannot do for a WeChat Store yet.
pub fn lacks(what: Text) -> Failure {
    Failure::input(text!("{what} does not work with a WeChat Store yet", what))
        .hint(text!("`wxsell api list --of store` lists the operations of the Store, and `wxsell api call` calls any of them"))
}

/// To which shops a noun is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offered {
    ToAll,
    ToComponents,
}

impl Offered {
    /// Refuses `what` for a family that does not have it.
    pub fn check(self, family: Family, what: Text) -> Result<()> {
        match (self, family) {
            (Offered::ToAll, Family::Component | Family::Store)
            | (Offered::ToComponents, Family::Component) => Ok(()),
            (Offered::ToComponents, Family::Store) => Err(lacks(what).into()),
        }
    }
}

/// The operation behind a path of this program.
fn known(path: &'static str) -> Result<(&'static Book, &'static Operation)> {
    let found = operation::by_path(path);
    found.ok_or_else(|| Failure::bug(text!("no operation {path}", path)).into())
}

/// A reply as a type. Errors where the fields that are worked with have another form.
fn typed<T: DeserializeOwned>(path: &str, reply: &Value) -> Result<T> {
    T::deserialize(reply).map_err(|error| {
        Failure::new(
            Kind::Network,
            text!(
                "the reply of {path} does not have the expected format: {error}",
                path,
                error = error.to_string()
            ),
        )
        .into()
    })
}

/// An answer that should tell of something and does not: it proves nothing.
fn says_nothing(path: &str) -> Failure {
    Failure::network(text!(
        "the reply of {path} does not contain what was asked for",
        path
    ))
}

/// What stands at a place of a reply; null where nothing does.
fn part(mut reply: Value, place: &str) -> Value {
    reply
        .pointer_mut(place)
        .map(Value::take)
        .unwrap_or_default()
}

/// Fields laid over others.
fn with(base: &Value, more: Value) -> Value {
    let mut body = base.clone();
    if let (Value::Object(body), Value::Object(more)) = (&mut body, more) {
        body.extend(more);
    }
    body
}

impl Shop {
    /// All rows of a list.
    async fn read_list(&self, path: &'static str, body: &Value, rows: &str) -> Result<Vec<Value>> {
        let (book, operation) = known(path)?;
        let taken = ask::Taken { rows, beside: &[] };
        self.ask_all(book, operation, body, taken, None).await
    }

    /// What WeChat saw of a call.
    pub async fn rid(&self, rid: &str) -> Result<RidGetReply> {
        self.client
            .call(&RidGet {
                rid: rid.to_owned(),
            })
            .await
    }
}
