//! Words for what the platform numbers: types, reasons, states, and what can be rehearsed.

use crate::api::component::aftersale as states;
use crate::lang::Text;
use crate::text;
use clap::ValueEnum;
use serde::{Serialize, Serializer};

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Type {
    /// Money back, nothing returned
    Refund,
    /// Goods come back, then the money
    Return,
    /// Other goods instead; with --legacy only
    Exchange,
}

impl Type {
    pub fn code(self) -> i64 {
        match self {
            Type::Refund => 1,
            Type::Return => 2,
            Type::Exchange => 3,
        }
    }
}

/// Why the buyer wants it, by the list of summer 2022.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Reason {
    /// Out of stock
    OutOfStock,
    /// Not shipped in the promised time
    ShippingTime,
    /// No longer wanted
    NotWanted,
    /// Wrong address
    WrongAddress,
    /// Bought by mistake, too many or not wanted
    Mistake,
    /// Parcel damaged or dirty
    Damaged,
    /// Missing, wrong or not as described
    NotAsDescribed,
    /// Tracking number invalid
    BadTracking,
    /// Logistics stalled over 72 hours
    Stalled,
    /// Carrier cannot reach the address
    Unreachable,
    /// Shown as signed but not received
    NotReceived,
    /// Quality
    Quality,
    /// Other
    Other,
}

impl Reason {
    pub fn code(self) -> i64 {
        match self {
            Reason::OutOfStock => 1,
            Reason::ShippingTime => 2,
            Reason::NotWanted => 3,
            Reason::WrongAddress => 5,
            Reason::Mistake => 6,
            Reason::Damaged => 7,
            Reason::NotAsDescribed => 8,
            Reason::BadTracking => 9,
            Reason::Stalled => 10,
            Reason::Unreachable => 11,
            Reason::NotReceived => 12,
            Reason::Quality => 14,
            Reason::Other => 15,
        }
    }

    pub fn of(code: i64) -> Option<Reason> {
        Reason::value_variants()
            .iter()
            .copied()
            .find(|reason| reason.code() == code)
    }

    /// Shown to operators; in Chinese it is the text that buyers see where none is given.
    pub fn words(self) -> Text {
        match self {
            Reason::OutOfStock => text!("out of stock"),
            Reason::ShippingTime => text!("not shipped in the promised time"),
            Reason::NotWanted => text!("no longer wanted"),
            Reason::WrongAddress => text!("wrong address"),
            Reason::Mistake => text!("bought by mistake, too many or not wanted"),
            Reason::Damaged => text!("parcel damaged or dirty"),
            Reason::NotAsDescribed => text!("missing, wrong or not as described"),
            Reason::BadTracking => text!("tracking number invalid"),
            Reason::Stalled => text!("logistics stalled over 72 hours"),
            Reason::Unreachable => text!("carrier cannot reach the address"),
            Reason::NotReceived => text!("shown as signed but not received"),
            Reason::Quality => text!("quality"),
            Reason::Other => text!("other"),
        }
    }
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.code())
    }
}

/// States of an after-sale of a controlled order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum State {
    /// A refund was asked for; you answer
    RefundAsked,
    /// A return was asked for; you answer
    ReturnAsked,
    /// You refused the refund
    RefundRefused,
    /// You refused the return
    ReturnRefused,
    /// The buyer has to send the goods
    WaitingForReturn,
    /// The goods are on their way back; you receive them
    ReturnSent,
    /// The refund is being paid
    Refunding,
    /// The refund could not be paid: you pay outside
    RefundFailed,
    Refunded,
    /// The platform judges a refused refund
    RefundDisputed,
    /// The platform judges a refused return
    ReturnDisputed,
    /// The buyer cancelled
    Cancelled,
    Closed,
}

impl State {
    pub fn code(self) -> i64 {
        match self {
            State::RefundAsked => states::REFUND_ASKED,
            State::ReturnAsked => states::RETURN_ASKED,
            State::RefundRefused => states::REFUND_REFUSED,
            State::ReturnRefused => states::RETURN_REFUSED,
            State::WaitingForReturn => states::WAITING_FOR_RETURN,
            State::ReturnSent => states::RETURN_SENT,
            State::Refunding => states::REFUNDING,
            State::RefundFailed => states::REFUND_FAILED,
            State::Refunded => states::REFUNDED,
            State::RefundDisputed => states::REFUND_DISPUTED,
            State::ReturnDisputed => states::RETURN_DISPUTED,
            State::Cancelled => states::CANCELLED,
            State::Closed => states::CLOSED,
        }
    }
}

/// What can be rehearsed: a time that runs out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Overdue {
    /// You did not answer a refund request
    Refund,
    /// You did not answer a return request
    Return,
    /// You did not receive the returned goods
    Receipt,
    /// The buyer did not send the goods
    SendBack,
    /// The buyer did not ask the platform
    Judge,
}

impl Serialize for Overdue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(match self {
            Overdue::Refund => "aftersale_merchant_handle_refund_overdue",
            Overdue::Return => "aftersale_merchant_handle_return_overdue",
            Overdue::Receipt => "aftersale_merchant_confirm_receipt_overdue",
            Overdue::SendBack => "aftersale_user_upload_return_info_overdue",
            Overdue::Judge => "aftersale_user_apply_platform_judge_overdue",
        })
    }
}

/// States of a report about an ordinary order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Reported {
    NotAccepted,
    BuyerCancelled,
    Handling,
    Overdue,
    RefundRefused,
    ReturnRefused,
    WaitingForReturn,
    ReturnClosed,
    WaitingForReceipt,
    Refunding,
    RefundOverdue,
    Refunded,
    ReturnedAndRefunded,
    Exchanged,
    ExchangeToShip,
    ExchangeToConfirm,
    ExchangeRefused,
    GoodsReceived,
}

impl Serialize for Reported {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(match self {
            Reported::NotAccepted => 0,
            Reported::BuyerCancelled => 1,
            Reported::Handling => 2,
            Reported::Overdue => 3,
            Reported::RefundRefused => 4,
            Reported::ReturnRefused => 5,
            Reported::WaitingForReturn => 6,
            Reported::ReturnClosed => 7,
            Reported::WaitingForReceipt => 8,
            Reported::Refunding => 11,
            Reported::RefundOverdue => 12,
            Reported::Refunded => 13,
            Reported::ReturnedAndRefunded => 14,
            Reported::Exchanged => 15,
            Reported::ExchangeToShip => 16,
            Reported::ExchangeToConfirm => 17,
            Reported::ExchangeRefused => 18,
            Reported::GoodsReceived => 19,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::operation::Shelf;

    fn known(list: &str) -> Vec<i64> {
        let values = &Shelf::Component.book().types[list].values;
        let mut known: Vec<i64> = values.iter().filter_map(|one| one.value.as_i64()).collect();
        known.sort_unstable();
        known
    }

    #[test]
    fn every_number_of_the_reference_has_a_word() {
        let sorted = |mut codes: Vec<i64>| {
            codes.sort_unstable();
            codes
        };
        let reasons = Reason::value_variants().iter().map(|one| one.code());
        assert_eq!(sorted(reasons.collect()), known("AftersaleReason"));
        let states = State::value_variants().iter().map(|one| one.code());
        assert_eq!(sorted(states.collect()), known("AftersaleState"));
        let reported = Reported::value_variants().iter().map(|one| {
            serde_json::to_value(one)
                .expect("a number")
                .as_i64()
                .expect("a number")
        });
        assert_eq!(sorted(reported.collect()), known("LegacyAftersaleStatus"));
        let rehearsed: Vec<serde_json::Value> = Overdue::value_variants()
            .iter()
            .map(|one| serde_json::to_value(one).expect("text"))
            .collect();
        for known in &Shelf::Component.book().types["MerchantTestOperation"].values {
            assert!(rehearsed.contains(&known.value), "{:?}", known.value);
        }
    }
}
