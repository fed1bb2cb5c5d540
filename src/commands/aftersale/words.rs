//! What can be named on the command line: types, states, and what can be rehearsed.

use crate::model::aftersale::{self as states, Kind};
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
    pub fn kind(self) -> Kind {
        match self {
            Type::Refund => Kind::Refund,
            Type::Return => Kind::Return,
            Type::Exchange => Kind::Exchange,
        }
    }
}

/// States of an after-sale of a controlled order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum State {
    /// A refund was requested; you answer
    #[value(alias = "refund-asked")]
    RefundRequested,
    /// A return was requested; you answer
    #[value(alias = "return-asked")]
    ReturnRequested,
    /// You rejected the refund
    #[value(alias = "refund-refused")]
    RefundRejected,
    /// You rejected the return
    #[value(alias = "return-refused")]
    ReturnRejected,
    /// The buyer has to send the goods
    #[value(alias = "waiting-for-return")]
    AwaitingReturn,
    /// The goods are on their way back; you receive them
    #[value(alias = "return-sent")]
    ReturnShipped,
    /// The refund is being paid
    Refunding,
    /// The refund could not be paid: you pay outside
    RefundFailed,
    Refunded,
    /// The platform decides on a rejected refund
    RefundDisputed,
    /// The platform decides on a rejected return
    ReturnDisputed,
    /// The buyer cancelled
    Cancelled,
    Closed,
}

impl State {
    pub fn state(self) -> states::State {
        match self {
            State::RefundRequested => states::State::RefundRequested,
            State::ReturnRequested => states::State::ReturnRequested,
            State::RefundRejected => states::State::RefundRejected,
            State::ReturnRejected => states::State::ReturnRejected,
            State::AwaitingReturn => states::State::AwaitingReturn,
            State::ReturnShipped => states::State::ReturnShipped,
            State::Refunding => states::State::Refunding,
            State::RefundFailed => states::State::RefundFailed,
            State::Refunded => states::State::Refunded,
            State::RefundDisputed => states::State::RefundDisputed,
            State::ReturnDisputed => states::State::ReturnDisputed,
            State::Cancelled => states::State::Cancelled,
            State::Closed => states::State::Closed,
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
    use crate::api::operation::Reference;

    fn known(list: &str) -> Vec<i64> {
        let values = &Reference::Component.book().types[list].values;
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
        for known in &Reference::Component.book().types["MerchantTestOperation"].values {
            assert!(rehearsed.contains(&known.value), "{:?}", known.value);
        }
    }
}
