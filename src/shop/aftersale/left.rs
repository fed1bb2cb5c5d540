//! What of an order can still be refunded.

use super::{Filter, Key};
use crate::fail::{Failure, Kind};
use crate::model::aftersale::Aftersale;
use crate::model::order::{Line, Order, State};
use crate::shop::{Shop, order};
use crate::text;
use crate::types::Fen;
use anyhow::Result;

/// Fen that can be refunded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// Of the SKU.
    pub goods: i64,
    /// Before shipment the freight, afterwards nothing.
    pub freight: i64,
}

impl Left {
    /// Refuses an amount that is more than is left, or nothing.
    pub fn holds(&self, amount: Fen) -> Result<()> {
        let left = self;
        if (1..=left.goods + left.freight).contains(&amount.0) {
            return Ok(());
        }
        let message = match left.freight {
            0 => text!(
                "{amount} yuan cannot be refunded: {left} yuan are left for this SKU",
                amount = amount.to_yuan(),
                left = Fen(left.goods).to_yuan()
            ),
            freight => text!(
                "{amount} yuan cannot be refunded: {left} yuan are left for this SKU, and {freight} yuan of freight",
                amount = amount.to_yuan(),
                left = Fen(left.goods).to_yuan(),
                freight = Fen(freight).to_yuan()
            ),
        };
        Err(Failure::new(Kind::Refused, message)
            .hint(text!("nothing was sent; use --force to send it anyway"))
            .into())
    }
}

impl Shop {
    /// What is left for a SKU after what other after-sales got or ask for; `own` is the number of one that does not count.
    pub async fn left_to_refund(
        &self,
        order: &Order,
        row: &Line,
        own: Option<&str>,
    ) -> Result<Left> {
        let real = row.paid.unwrap_or_default().0;
        let mut taken = 0i64;
        for other in self.aftersales_of(order).await? {
            let same = row.is(&other.product, &other.sku) && own != Some(other.id.as_str());
            if same && !other.state.is_void() {
                let amount = other.amount.ok_or_else(|| {
                    Failure::new(
                        Kind::Refused,
                        text!(
                            "the amount of after-sale {number} cannot be read; nothing was sent",
                            number = &other.id
                        ),
                    )
                })?;
                taken = taken.saturating_add(amount.0);
            }
        }
        let freight = match order.state {
            State::Paid => order.price.freight.unwrap_or_default().0,
            _ => 0,
        };
        Ok(Left {
            goods: (real - taken).max(0),
            // What was asked for beyond the goods was freight.
            freight: (freight - (taken - real).max(0)).max(0),
        })
    }

    /// Every after-sale of an order.
    async fn aftersales_of(&self, order: &Order) -> Result<Vec<Aftersale>> {
        let filter = Filter {
            order: Some(order.number.clone()),
            ..Filter::default()
        };
        let mut found = Vec::new();
        for id in self.aftersale_ids(&filter, None).await?.rows {
            found.push(self.aftersale(&Key::Id(id)).await?.value);
        }
        Ok(found)
    }

    /// Refuses a changed amount above what is left for the SKU of an after-sale.
    pub async fn may_ask_for(&self, now: &Aftersale, amount: Fen) -> Result<()> {
        let key = order::Key {
            order_id: None,
            out_order_id: Some(now.order_number.clone()),
            openid: now.buyer.clone(),
        };
        let order = self.read_order(&key).await?.value;
        match order.line(&now.product, &now.sku) {
            Some(row) => self
                .left_to_refund(&order, row, Some(&now.id))
                .await?
                .holds(amount),
            None => Ok(()),
        }
    }
}
