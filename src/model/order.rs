//! An order: what was bought, what was paid for it, how far it is.

use super::parcel::Parcels;
use crate::lang::Text;
use crate::text;
use crate::types::Fen;

/// How far an order is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The buyer has to pay.
    Unpaid,
    /// The payment is being looked at.
    PaymentChecked,
    /// Paid; not every piece is in a parcel yet.
    Paid,
    /// Every piece is on its way.
    Shipped,
    /// Received.
    Completed,
    /// Not paid in time.
    Expired,
    /// Everything was refunded.
    Refunded,
    Cancelled,
    /// A number of the platform that nobody has described; 0 where none came.
    Unknown(i64),
}

impl State {
    /// In machine output.
    pub fn name(self) -> &'static str {
        match self {
            State::Unpaid => "unpaid",
            State::PaymentChecked => "payment_checked",
            State::Paid => "paid",
            State::Shipped => "shipped",
            State::Completed => "completed",
            State::Expired => "expired",
            State::Refunded => "refunded",
            State::Cancelled => "cancelled",
            State::Unknown(_) => "unknown",
        }
    }

    /// For people.
    pub fn words(self) -> Text {
        match self {
            State::Unpaid => text!("unpaid"),
            State::PaymentChecked => text!("payment being checked"),
            State::Paid => text!("paid, not shipped"),
            State::Shipped => text!("shipped"),
            State::Completed => text!("completed"),
            State::Expired => text!("not paid in time"),
            State::Refunded => text!("refunded"),
            State::Cancelled => text!("cancelled"),
            State::Unknown(0) => text!("unreadable"),
            State::Unknown(number) => Text::verbatim(number.to_string()),
        }
    }

    /// Whether it was paid and has not ended: after-sales are possible, parcels too.
    pub fn is_paid(self) -> bool {
        matches!(self, State::Paid | State::Shipped | State::Completed)
    }

    /// Whether it ended without reaching the buyer.
    pub fn is_dead(self) -> bool {
        matches!(self, State::Expired | State::Refunded | State::Cancelled)
    }
}

/// One SKU of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The merchant's numbers.
    pub product: String,
    pub sku: String,
    pub title: String,
    /// Pieces.
    pub count: i64,
    /// Paid for all pieces together; `None` where the platform does not say it.
    pub paid: Option<Fen>,
}

impl Line {
    /// Whether this is the SKU of a product.
    pub fn is(&self, product: &str, sku: &str) -> bool {
        self.product == product && self.sku == sku
    }

    /// The most specific number it has.
    pub fn number(&self) -> &str {
        if self.sku.is_empty() {
            &self.product
        } else {
            &self.sku
        }
    }
}

/// What an order costs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Price {
    pub total: Option<Fen>,
    pub freight: Option<Fen>,
    pub discount: Option<Fen>,
    pub surcharge: Option<Fen>,
}

/// An order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The platform's number.
    pub id: String,
    /// The merchant's.
    pub number: String,
    /// Openid of the buyer.
    pub buyer: String,
    pub state: State,
    /// Whether the platform takes the money and settles it; `None` where it does not say.
    pub controlled: Option<bool>,
    pub lines: Vec<Line>,
    pub price: Price,
    pub parcels: Parcels,
    /// The platform's numbers of its after-sales.
    pub aftersales: Vec<String>,
    /// Unix seconds.
    pub created_at: Option<i64>,
    pub paid_at: Option<i64>,
}

impl Order {
    /// Whether a parcel is on its way, which is so with the first of several. `None` where that cannot be told: the
    /// order has ended in another way, or its parcels or state are unreadable.
    pub fn is_shipped(&self) -> Option<bool> {
        match (self.state, &self.parcels) {
            (State::Shipped | State::Completed, _) => Some(true),
            (State::Paid, Parcels::Known(parcels)) => Some(!parcels.is_empty()),
            _ => None,
        }
    }

    /// The line of a SKU.
    pub fn line(&self, product: &str, sku: &str) -> Option<&Line> {
        self.lines.iter().find(|line| line.is(product, sku))
    }
}
