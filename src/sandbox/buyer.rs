//! What buyers do on their phones: pay, cancel, confirm. The merchant learns of it by what the platform pushes, or by
//! asking.

use super::rules::Happening;
use super::rules::component::order;
use super::store::Filter;
use super::{Order, Promotion, Sandbox};
use anyhow::Result;

/// An order as the shop holds it.
#[derive(Debug, Clone)]
pub struct Sold {
    pub order_id: i64,
    pub out_order_id: String,
    pub status: i64,
    pub created_at: i64,
    pub order: Order,
}

impl Sandbox {
    /// The buyer of a controlled order pays it in the cashier (10 → 20). `order` is the merchant's number or the
    /// platform's.
    pub fn buyer_pay(&mut self, order: &str) -> Result<Happening> {
        self.write(|tx| Ok(order::buyer_pays(tx, order, false, None)?))
    }

    /// As [`buyer_pay`](Sandbox::buyer_pay), and the order was brought by somebody; `slow` leaves it in 11 for a minute
    /// of the shop's clock.
    pub fn buyer_pay_through(
        &mut self,
        order: &str,
        slow: bool,
        promotion: Option<Promotion>,
    ) -> Result<Happening> {
        self.write(|tx| Ok(order::buyer_pays(tx, order, slow, promotion)?))
    }

    /// The buyer confirms receipt (30 → 100).
    pub fn buyer_confirm(&mut self, order: &str) -> Result<Happening> {
        self.write(|tx| Ok(order::buyer_confirms(tx, order)?))
    }

    /// The buyer cancels an order that is not paid (10 → 250).
    pub fn buyer_cancel(&mut self, order: &str) -> Result<Happening> {
        self.write(|tx| Ok(order::buyer_cancels(tx, order)?))
    }

    /// Every order, in the order they were made.
    pub fn orders(&mut self) -> Result<Vec<Sold>> {
        self.write(|tx| {
            let orders = tx.all::<Order>(order::NOUN, &Filter::default())?;
            let sold = orders.into_iter().map(|order| Sold {
                order_id: order.id,
                out_order_id: order.out_id,
                status: order.state,
                created_at: order.created_at,
                order: order.body,
            });
            Ok(sold.collect())
        })
    }
}
