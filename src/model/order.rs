//! An order: what was bought, what was paid for it, how far it is.

use super::parcel::Parcels;
use super::serial;
use crate::lang::Text;
use crate::text;
use crate::types::Fen;
use crate::types::span::DAY;
use serde::Serialize;

serial::named!(State);

/// Seconds from the last parcel to the receipt that the platform confirms by itself. The documents say "after a while".
pub const AUTOMATIC_RECEIPT: i64 = 10 * DAY;

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
            State::PaymentChecked => text!("checking payment"),
            State::Paid => text!("to ship"),
            State::Shipped => text!("shipped"),
            State::Completed => text!("completed"),
            State::Expired => text!("payment expired"),
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Line {
    /// The merchant's numbers.
    #[serde(serialize_with = "serial::text")]
    #[schemars(with = "Option<String>")]
    pub product: String,
    #[serde(serialize_with = "serial::text")]
    #[schemars(with = "Option<String>")]
    pub sku: String,
    #[serde(serialize_with = "serial::text")]
    #[schemars(with = "Option<String>")]
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
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Price {
    pub total: Option<Fen>,
    pub freight: Option<Fen>,
    pub discount: Option<Fen>,
    pub surcharge: Option<Fen>,
}

/// Where an order goes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Receiver {
    #[serde(serialize_with = "serial::text")]
    #[schemars(with = "Option<String>")]
    pub name: String,
    #[serde(serialize_with = "serial::text")]
    #[schemars(with = "Option<String>")]
    pub phone: String,
    #[serde(serialize_with = "serial::text")]
    #[schemars(with = "Option<String>")]
    pub province: String,
    #[serde(serialize_with = "serial::text")]
    #[schemars(with = "Option<String>")]
    pub city: String,
    #[serde(serialize_with = "serial::text")]
    #[schemars(with = "Option<String>")]
    pub district: String,
    #[serde(serialize_with = "serial::text")]
    #[schemars(with = "Option<String>")]
    pub street: String,
}

impl Receiver {
    /// Puts `masked` in place of what tells who a person is.
    pub fn mask(&mut self, masked: impl Fn(&str) -> String) {
        for text in [&mut self.name, &mut self.phone, &mut self.street] {
            *text = masked(text);
        }
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        *self == Receiver::default()
    }

    /// The place, from the province to the door.
    pub fn place(&self) -> String {
        let parts = [&self.province, &self.city, &self.district, &self.street];
        let parts = parts.into_iter().filter(|part| !part.is_empty());
        parts.map(String::as_str).collect::<Vec<_>>().join(" ")
    }
}

/// An order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Order {
    /// The platform's number.
    #[serde(serialize_with = "serial::text")]
    #[schemars(with = "Option<String>")]
    pub id: String,
    /// The merchant's.
    #[serde(serialize_with = "serial::text")]
    #[schemars(with = "Option<String>")]
    pub number: String,
    /// Openid of the buyer.
    #[serde(serialize_with = "serial::text")]
    #[schemars(with = "Option<String>")]
    pub buyer: String,
    pub state: State,
    /// Whether the platform takes the money and settles it; `None` where it does not say.
    pub controlled: Option<bool>,
    #[serde(flatten)]
    pub price: Price,
    pub lines: Vec<Line>,
    pub parcels: Parcels,
    pub receiver: Receiver,
    /// The platform's numbers of its after-sales.
    pub aftersales: Vec<String>,
    /// Unix seconds.
    #[serde(serialize_with = "serial::seconds")]
    #[schemars(with = "Option<crate::types::shape::Moment>")]
    pub created_at: Option<i64>,
    #[serde(serialize_with = "serial::seconds")]
    #[schemars(with = "Option<crate::types::shape::Moment>")]
    pub pay_until: Option<i64>,
    #[serde(serialize_with = "serial::seconds")]
    #[schemars(with = "Option<crate::types::shape::Moment>")]
    pub paid_at: Option<i64>,
    #[serde(serialize_with = "serial::seconds")]
    #[schemars(with = "Option<crate::types::shape::Moment>")]
    pub received_at: Option<i64>,
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

/// An order that is going to be reported, as far as it is held against rules; times in unix seconds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    pub number: String,
    pub created_at: Option<i64>,
    pub pay_until: Option<i64>,
    pub controlled: Option<bool>,
    /// Whether it is paid with WeChat Pay.
    pub by_wechat_pay: Option<bool>,
    /// Whether it names the payment that was begun.
    pub is_prepaid: bool,
    /// Whether the buyer comes for it.
    pub is_picked_up: bool,
    pub has_receiver: bool,
    pub lines: usize,
}

/// What is wrong with a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfit {
    /// A number with more than letters and digits.
    Number,
    /// Made on another day.
    Created,
    /// To be paid until a time that is past.
    PayUntil,
    /// An ordinary one, and no payment was begun.
    NotPrepaid,
    /// Controlled, and not paid with WeChat Pay.
    OtherPayment,
    NoReceiver,
    NoLines,
}

impl Draft {
    /// Everything that is wrong with it beside its amounts.
    pub fn unfit(&self, now: i64) -> Vec<Unfit> {
        let created = self.created_at;
        let pay_by_wechat = self.by_wechat_pay;
        let rules = [
            (
                !self.number.bytes().all(|byte| byte.is_ascii_alphanumeric()),
                Unfit::Number,
            ),
            (
                created.is_some_and(|created| (created - now).abs() > DAY),
                Unfit::Created,
            ),
            (
                self.pay_until
                    .is_some_and(|until| until <= created.unwrap_or(now).max(now)),
                Unfit::PayUntil,
            ),
            (
                self.controlled == Some(false) && pay_by_wechat == Some(true) && !self.is_prepaid,
                Unfit::NotPrepaid,
            ),
            (
                self.controlled == Some(true) && pay_by_wechat == Some(false),
                Unfit::OtherPayment,
            ),
            (!self.is_picked_up && !self.has_receiver, Unfit::NoReceiver),
            (self.lines == 0, Unfit::NoLines),
        ];
        let broken = rules.into_iter().filter(|(is_broken, _)| *is_broken);
        broken.map(|(_, unfit)| unfit).collect()
    }
}
