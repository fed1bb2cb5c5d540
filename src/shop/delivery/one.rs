//! The parcel of one order.

use super::carriers::Carriers;
use super::component::INCOMPLETE;
use super::plan::{Finish, Shipment, plan};
use super::send::may_be_there;
use super::sheet::Line;
use super::{KIND, is_incomplete};
use crate::fail::Failure;
use crate::lang::Text;
use crate::model::order::Order;
use crate::shop::Shop;
use crate::shop::parcel::mark;
use crate::shop::pass_through::delivery::SEND;
use crate::shop::pass_through::{check, request};
use crate::shop::write::{Made, Planned, Sort, Want};
use crate::state::LockGuard;
use crate::state::runs::Items;
use crate::text;
use crate::types::Fen;
use anyhow::Result;
use serde_json::Value;

/// A parcel as it was named.
#[derive(Debug, Clone)]
pub struct OneParcel {
    /// The merchant's number of the order, or the platform's.
    pub order: String,
    /// The buyer; looked up where not said.
    pub openid: Option<String>,
    /// Name or code.
    pub carrier: String,
    pub waybill: String,
    /// SKU and pieces; the whole order where nothing is said.
    pub items: Vec<(String, Option<i64>)>,
    /// How many days back the order is looked for.
    pub days: i64,
}

/// What is to be reported of one order.
pub struct Parcels {
    order: Order,
    shipment: Shipment,
    /// The request, with which the order is complete where it may be.
    pub request: Value,
    /// What is said once it is done.
    pub shipped: Text,
}

impl Shop {
    /// Who holds this may report a parcel.
    pub async fn alone_with_a_parcel(&self) -> Result<LockGuard> {
        self.reporting().await
    }

    /// What a parcel comes to; `None` where the platform has it already.
    ///
    /// # Errors
    /// Where the order does not fit the parcel, or an after-sale of it is running.
    pub async fn plan_parcel(&self, named: &OneParcel) -> Result<Option<Parcels>> {
        let number = &named.order;
        let order = match &named.openid {
            Some(openid) => self.order_of(number, openid).await?,
            None => {
                let numbers = std::slice::from_ref(number);
                let mut orders = self.orders_by_number(numbers, named.days).await?;
                let order = orders.found.remove(number);
                order.ok_or_else(|| {
                    orders.unknown(number, named.days, text!("give the buyer with --openid"))
                })?
            }
        };
        let carriers = Carriers::of(self).await?;
        let line = Line {
            order: number.clone(),
            carrier: carriers.code(&named.carrier)?.to_owned(),
            waybill: named.waybill.clone(),
            ..Line::default()
        };
        let lines: Vec<Line> = if named.items.is_empty() {
            vec![line]
        } else {
            let items = named.items.iter();
            items
                .map(|(sku, count)| Line {
                    sku: Some(sku.clone()),
                    count: *count,
                    ..line.clone()
                })
                .collect()
        };
        let shipped = match named.waybill.as_str() {
            "" => text!("{order} shipped", order = &order.number),
            waybill => text!(
                "{order} shipped with {carrier}, {waybill}",
                order = &order.number,
                carrier = &named.carrier,
                waybill
            ),
        };
        let lines: Vec<&Line> = lines.iter().collect();
        let shipment = plan(&lines, &order, String::new()).map_err(|problems| {
            let mut words = problems.into_iter().map(|(_, words)| words);
            let first = words.next().unwrap_or_else(|| text!("nothing can be sent"));
            Failure::input(first).also(words.collect())
        })?;
        if !shipment.is_due() {
            return Ok(None);
        }
        if let Some(why) = self.held_back(&order).await {
            return Err(Failure::input(why)
                .hint(text!(
                    "settle the after-sale first: `wxsell aftersale list`"
                ))
                .into());
        }
        let body = self.parcels_request(&shipment, shipment.finish != Finish::No)?;
        check(&SEND, &body, &[])?;
        Ok(Some(Parcels {
            order,
            request: body,
            shipment,
            shipped,
        }))
    }
}

impl Parcels {
    /// Whether the journal of a job has the order with what may be this parcel.
    fn may_be_under_way(&self, shop: &Shop) -> Result<bool> {
        let items = Items::open(shop.client.state(), shop.client.shop_key(), KIND)?;
        for name in [&self.shipment.order, &self.order.number, &self.order.id] {
            if let Some(known) = items.known(name)?
                && may_be_there(known, &self.shipment)
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Reports it, once `asking` agrees. `None` where the order shows it already.
    pub async fn carry_out(
        &self,
        shop: &Shop,
        asking: impl AsyncFnOnce() -> Result<()>,
    ) -> Result<Option<Made>> {
        let shipment = &self.shipment;
        let named = shipment
            .parcels
            .iter()
            .map(|parcel| (parcel.delivery_id.as_str(), parcel.waybill_id.as_str()));
        let mark = mark(named);
        let want = || Want {
            sort: Sort::Parcel,
            subject: &shipment.out_order_id,
            amount: Fen(0),
            what: "",
            mark: Some(&mark),
            fresh_mark: String::new(),
            look: shipment.openid.clone(),
            anew: false,
        };
        if self.may_be_under_way(shop)? {
            shop.doubt(&want())?;
        }
        let (_, operation) = SEND.operation();
        let prepared = match shop.plan_write(want()).await? {
            Planned::Same(made) => {
                shop.note(text!("WeChat already has this parcel; nothing was sent"));
                return Ok(Some(made));
            }
            Planned::New(prepared) => prepared,
        };
        asking().await?;
        let asks = shipment.finish == Finish::Ask;
        let prepared = if asks {
            prepared.refused_by(INCOMPLETE)
        } else {
            prepared
        };
        let sent = prepared.send(shop, operation, &self.request, |_| Default::default());
        match sent.await {
            Err(error) if asks && is_incomplete(&error) => {}
            sent => return sent.map(Some),
        }
        if shipment
            .clone()
            .leave_out(&shop.as_it_is_now(shipment).await?)
        {
            shop.note(text!("the order shows the parcel"));
            return Ok(None);
        }
        let part = request(&SEND, &(), shop.parcels_request(shipment, false)?)?;
        match shop.plan_write(want()).await? {
            Planned::Same(made) => Ok(Some(made)),
            Planned::New(prepared) => {
                let sent = prepared.send(shop, operation, &part, |_| Default::default());
                sent.await.map(Some)
            }
        }
    }
}
