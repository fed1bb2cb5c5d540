//! A coupon: where it may go from where it is, and what it takes off.

use crate::lang::Text;
use crate::text;
use crate::types::Fen;

/// State of a coupon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum State {
    /// Being edited; buyers do not see it
    Editing,
    /// Buyers can take it
    InForce,
    /// Expired
    Expired,
    /// Voided
    Void,
    #[value(skip)]
    Unknown(i64),
}

impl State {
    pub fn words(self) -> Text {
        match self {
            State::Editing => text!("editing"),
            State::InForce => text!("in force"),
            State::Expired => text!("expired"),
            State::Void => text!("void"),
            State::Unknown(number) => Text::verbatim(number.to_string()),
        }
    }

    /// Where it may go; nothing goes back.
    pub fn next(self) -> &'static [State] {
        match self {
            State::Editing => &[State::InForce],
            State::InForce => &[State::Expired, State::Void],
            State::Expired | State::Void | State::Unknown(_) => &[],
        }
    }
}

/// State of a buyer's copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum CopyState {
    #[value(skip)]
    Active,
    Expired,
    Used,
    #[value(skip)]
    Unknown(i64),
}

impl CopyState {
    pub fn words(self) -> Text {
        match self {
            CopyState::Active => text!("active"),
            CopyState::Expired => text!("expired"),
            CopyState::Used => text!("used"),
            CopyState::Unknown(number) => Text::verbatim(number.to_string()),
        }
    }

    /// Where it may go; nothing goes back.
    pub fn next(self) -> &'static [CopyState] {
        match self {
            CopyState::Active => &[CopyState::Expired, CopyState::Used],
            CopyState::Expired | CopyState::Used | CopyState::Unknown(_) => &[],
        }
    }
}

/// What a coupon does to a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Discount {
    /// Buyers pay so many ten-thousandths.
    Share(i64),
    Off(Fen),
}
