//! Parcels reported to the platform: of one order, or of many from tables. Orders with a running after-sale are held
//! back, and no parcel is reported twice.

mod carriers;
mod component;
mod headings;
mod one;
pub mod packing;
mod plan;
mod report;
mod send;
pub mod sheet;

pub use one::{OneParcel, Parcels};
pub use report::{Event, Planned, Report};
pub use send::{How, Plans};
pub use sheet::Problem;

use super::job::Busy;
use super::order::Key;
use super::{Shop, lacks};
use crate::fail::{Failure, failure};
use crate::lang::Text;
use crate::model::order::Order;
use crate::shop::aftersale;
use crate::state::LockGuard;
use crate::text;
use crate::types::{ChinaTime, Family};
use anyhow::Result;
use plan::Shipment;
use serde_json::Value;
use std::collections::HashSet;

/// The orders of a job in its journal.
const KIND: &str = "delivery";

/// Who holds this reports parcels of the shop alone, and knows of which orders nobody can tell what other commands
/// reported. A dry run holds nothing.
#[derive(Default)]
pub struct Alone {
    unsettled: HashSet<String>,
    _locks: Vec<LockGuard>,
}

/// No carrier gives out waybill numbers with blanks, and nobody could follow the parcel.
pub fn blank_in_waybill(waybill: &str) -> Text {
    text!(
        "there is a space in the waybill number \"{waybill}\"",
        waybill
    )
}

fn is_incomplete(error: &anyhow::Error) -> bool {
    failure(error).is_some_and(|failure| failure.errcode == Some(component::INCOMPLETE))
}

impl Shop {
    /// Waits until this job reports alone: two would plan by what neither has reported yet.
    pub async fn alone_with_parcels(&self, busy: Busy) -> Result<Alone> {
        let job = self.one_job(busy).await?;
        let reporting = self.reporting().await?;
        Ok(Alone {
            unsettled: self.settle_parcels().await?,
            _locks: vec![job, reporting],
        })
    }

    /// Who holds this may report parcels of the shop.
    async fn reporting(&self) -> Result<LockGuard> {
        let name = format!("reporting-{}", self.client.shop_key());
        if let Some(guard) = self.client.state().try_lock(&name)? {
            return Ok(guard);
        }
        self.note(text!("waiting for another command that is doing the same"));
        self.wait_for_lock(name).await
    }

    /// The request for what is to be reported of an order; `finish` says that every piece of it is in a parcel then.
    fn parcels_request(&self, shipment: &Shipment, finish: bool) -> Result<Value> {
        let at = ChinaTime::from_unix(self.clock()?).0;
        match self.family {
            Family::Component => Ok(component::request(shipment, finish, &at)),
            Family::Store => Err(lacks(text!("this command")).into()),
        }
    }

    /// The order that the merchant names so.
    async fn order_of(&self, number: &str, openid: &str) -> Result<Order> {
        let key = Key {
            order_id: None,
            out_order_id: Some(number.to_owned()),
            openid: openid.to_owned(),
        };
        Ok(self.read_order(&key).await?.value)
    }

    /// The order of a shipment as it is now.
    async fn as_it_is_now(&self, shipment: &Shipment) -> Result<Order> {
        self.order_of(&shipment.out_order_id, &shipment.openid)
            .await
    }

    /// Why an order may not be shipped now: an after-sale that runs, or of which nothing can be learned.
    async fn held_back(&self, order: &Order) -> Option<Text> {
        for number in &order.aftersales {
            match self.aftersale(&aftersale::Key::Id(number.clone())).await {
                Ok(found) if !found.value.state.may_stop_parcels() => {}
                Ok(_) => return Some(text!("the order has an open after-sale, {number}", number)),
                Err(error) => {
                    return Some(text!(
                        "after-sale {number} of the order cannot be read: {reason}",
                        number,
                        reason = Failure::from_any(error).message
                    ));
                }
            }
        }
        None
    }
}
