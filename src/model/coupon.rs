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

/// A coupon as far as the program works with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coupon {
    /// `None` where it is not told.
    pub state: Option<State>,
    /// What buyers pay of the price, where it says that.
    pub share: Option<Discount>,
    /// What counts of all that it says.
    pub discount: Option<Discount>,
}

/// A copy that a buyer holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copy {
    pub state: Option<CopyState>,
    /// Unix seconds.
    pub taken_at: Option<i64>,
}

/// What a coupon gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gives {
    /// A share of the price, from an amount or a number of pieces on.
    ShareFrom,
    /// An amount off, from an amount or a number of pieces on.
    OffFrom,
    Share,
    Off,
    TradeIn,
    BuyGet,
    /// A number of the platform that nobody has described.
    Unknown,
}

/// The kind of a coupon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    pub gives: Gives,
    /// For everything in the shop, and not for some products.
    pub whole_shop: bool,
}

/// By what the validity of a copy is reckoned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    /// From one time to another.
    Fixed,
    /// Days after it was taken.
    Days,
    /// Seconds after it was taken.
    Seconds,
}

/// A number of a draft: whether it is there, and what it is where it can be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DraftNumber {
    pub is_there: bool,
    pub number: Option<i64>,
}

/// A stretch of time, unix seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stretch {
    pub start: DraftNumber,
    pub end: DraftNumber,
}

impl Stretch {
    fn is_backwards(self) -> bool {
        matches!((self.start.number, self.end.number), (Some(start), Some(end)) if start >= end)
    }
}

/// A coupon that is going to be sent; amounts in fen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    pub is_named: bool,
    /// `None` where it cannot be read.
    pub kind: Option<Kind>,
    pub says_kind: bool,
    /// What buyers pay, in ten-thousandths.
    pub share: DraftNumber,
    pub off: DraftNumber,
    /// The amount to reach.
    pub from_amount: DraftNumber,
    pub from_pieces: DraftNumber,
    /// How many it names.
    pub products: usize,
    pub says_trade_in: bool,
    pub says_buy_get: bool,
    pub total: DraftNumber,
    pub per_buyer: DraftNumber,
    pub taking: Stretch,
    /// `None` where it cannot be read.
    pub validity: Option<Validity>,
    pub says_validity: bool,
    pub days: DraftNumber,
    pub seconds: DraftNumber,
    pub valid: Stretch,
}

/// Products that one coupon may name.
pub const MOST_PRODUCTS: usize = 128;

/// What is wrong with a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    NoName,
    NoDiscount,
    NoValidity,
    NoProducts,
    /// For the whole shop, and yet for some.
    NeedlessProducts,
    /// More than [`MOST_PRODUCTS`].
    TooManyProducts(usize),
    NoShare,
    NoAmountOff,
    NoTradeIn,
    NoBuyGet,
    /// From nothing on.
    NoThreshold,
    NothingOff,
    /// As much off as has to be reached, or more.
    OffTooMuch,
    NoCopies,
    MorePerBuyerThanAll,
    TakingBackwards,
    NoSpan,
    NoDays,
    NoSeconds,
    ValidityBackwards,
}

impl Draft {
    fn has_threshold(&self) -> bool {
        self.from_amount.is_there || self.from_pieces.is_there
    }

    /// What it gives by all that it says; `None` where neither discount is there, or both are.
    pub fn gives(&self) -> Option<Gives> {
        match (self.share.is_there, self.off.is_there, self.has_threshold()) {
            (true, false, true) => Some(Gives::ShareFrom),
            (false, true, true) => Some(Gives::OffFrom),
            (true, false, false) => Some(Gives::Share),
            (false, true, false) => Some(Gives::Off),
            _ => None,
        }
    }

    /// By what its validity is reckoned by all that it says.
    pub fn reckons_by(&self) -> Option<Validity> {
        if self.days.is_there {
            Some(Validity::Days)
        } else if self.seconds.is_there {
            Some(Validity::Seconds)
        } else if self.valid.end.is_there || self.valid.start.is_there {
            Some(Validity::Fixed)
        } else {
            None
        }
    }

    /// Everything that is wrong with it beyond the types of its fields.
    pub fn wrong(&self) -> Vec<Wrong> {
        let mut wrong = Vec::new();
        let mut note = |is_so: bool, what: Wrong| {
            if is_so {
                wrong.push(what);
            }
        };
        note(!self.is_named, Wrong::NoName);
        note(!self.says_kind, Wrong::NoDiscount);
        note(!self.says_validity, Wrong::NoValidity);
        if let Some(Kind { whole_shop, .. }) = self.kind {
            note(!whole_shop && self.products == 0, Wrong::NoProducts);
            note(whole_shop && self.products > 0, Wrong::NeedlessProducts);
        }
        let count = self.products;
        note(count > MOST_PRODUCTS, Wrong::TooManyProducts(count));
        let gives = self.kind.map(|kind| kind.gives);
        match gives {
            Some(Gives::ShareFrom | Gives::Share) => note(!self.share.is_there, Wrong::NoShare),
            Some(Gives::OffFrom | Gives::Off) => note(!self.off.is_there, Wrong::NoAmountOff),
            Some(Gives::TradeIn) => note(!self.says_trade_in, Wrong::NoTradeIn),
            Some(Gives::BuyGet) => note(!self.says_buy_get, Wrong::NoBuyGet),
            Some(Gives::Unknown) | None => {}
        }
        let needs_threshold = matches!(gives, Some(Gives::ShareFrom | Gives::OffFrom));
        note(needs_threshold && !self.has_threshold(), Wrong::NoThreshold);
        let off = self.off.number;
        note(off.is_some_and(|off| off <= 0), Wrong::NothingOff);
        let too_much = off.zip(self.from_amount.number);
        note(
            too_much.is_some_and(|(off, over)| off >= over),
            Wrong::OffTooMuch,
        );
        let (total, each) = (self.total.number, self.per_buyer.number);
        let below = |count: Option<i64>| count.is_some_and(|count| count < 1);
        note(below(total) || below(each), Wrong::NoCopies);
        let more = total.zip(each).is_some_and(|(total, each)| each > total);
        note(more, Wrong::MorePerBuyerThanAll);
        note(self.taking.is_backwards(), Wrong::TakingBackwards);
        let none = |said: DraftNumber| said.number.unwrap_or(0) < 1;
        match self.validity {
            Some(Validity::Fixed) => {
                let whole = self.valid.start.is_there && self.valid.end.is_there;
                note(!whole, Wrong::NoSpan);
            }
            Some(Validity::Days) => note(none(self.days), Wrong::NoDays),
            Some(Validity::Seconds) => note(none(self.seconds), Wrong::NoSeconds),
            None => {}
        }
        note(self.valid.is_backwards(), Wrong::ValidityBackwards);
        wrong
    }
}
