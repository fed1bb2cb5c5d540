//! Coupons: one as it is, the draft of one, the copies that buyers hold.

mod component;

use super::reading::Fetched;
use super::{Shop, lacks};
use crate::api::component::coupon as wire;
use crate::lang::Text;
use crate::model::coupon::{Copy, CopyState, Coupon, State};
use crate::text;
use crate::types::Family;
use crate::types::share::Share;
use anyhow::Result;
use serde_json::Value;

/// Which options a draft is made or changed by.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Any that says what is taken off, and from what on.
    pub discount: bool,
    pub off: bool,
    pub pays: bool,
    pub products: bool,
    pub whole_shop: bool,
    /// Validity from or until a time.
    pub fixed: bool,
    pub days: bool,
    pub seconds: bool,
}

impl Shop {
    /// A coupon as it is now.
    ///
    /// # Errors
    /// Also where the reply has none.
    pub async fn coupon(&self, number: &str) -> Result<Fetched<Coupon>> {
        match self.family {
            Family::Component => component::get(self, number).await,
            Family::Store => Err(lacks(text!("this command")).into()),
        }
    }

    /// A buyer's copy as it is now; `None` where the buyer holds none of these numbers.
    pub async fn coupon_copy(
        &self,
        openid: &str,
        coupon: &str,
        number: &str,
    ) -> Result<Option<Copy>> {
        match self.family {
            Family::Component => component::copy(self, openid, coupon, number).await,
            Family::Store => Err(lacks(text!("this command")).into()),
        }
    }
}

/// The coupon of a row of the list.
pub fn of_row(family: Family, row: &Value) -> Option<Coupon> {
    match family {
        Family::Component => Some(wire::of_row(row)),
        Family::Store => None,
    }
}

/// The number of a state in a request.
///
/// # Errors
/// For a family without coupons.
pub fn state_number(family: Family, state: State) -> Result<i64> {
    match family {
        Family::Component => Ok(wire::state_number(state)),
        Family::Store => Err(lacks(text!("this command")).into()),
    }
}

/// The number of a copy's state in a request.
///
/// # Errors
/// For a family without coupons.
pub fn copy_state_number(family: Family, state: CopyState) -> Result<i64> {
    match family {
        Family::Component => Ok(wire::copy_state_number(state)),
        Family::Store => Err(lacks(text!("this command")).into()),
    }
}

/// The coupon of a file, whether the file holds the whole request or only the coupon.
pub fn of_file(family: Family, file: Value) -> Result<Value> {
    match family {
        Family::Component => Ok(component::block(file)),
        Family::Store => Err(lacks(text!("this command")).into()),
    }
}

/// A coupon as it is, with what a file gives laid over it and without what the options replace.
pub fn changed(family: Family, now: Value, given: Value, options: &Options) -> Result<Value> {
    match family {
        Family::Component => Ok(component::changed(now, given, options)),
        Family::Store => Err(lacks(text!("this command")).into()),
    }
}

/// The draft with everything that follows from what it says, and everything that is wrong with it.
pub fn drafted(
    family: Family,
    number: &str,
    draft: Value,
    options: &Options,
) -> Result<(Value, Vec<Text>)> {
    match family {
        Family::Component => {
            let draft = component::made(number, draft, options);
            let problems = component::problems(&draft);
            Ok((draft, problems))
        }
        Family::Store => Err(lacks(text!("this command")).into()),
    }
}

/// What buyers pay, from `51%` or `5.1折`, in ten-thousandths: 5100. From 10 % to 100 %, exact to a hundredth of a
/// percent.
pub fn share(text: &str) -> Result<i64, Text> {
    Share::signed(text)
        .filter(|share| share.0 >= 1000)
        .map(|share| i64::from(share.0))
        .ok_or_else(|| text!("write what buyers pay, as 51% or 5.1折; from 10% to 100%"))
}

/// A share of ten-thousandths as a percentage and in tenths: `51`, `5.1`.
pub fn spelled(share: i64) -> (String, String) {
    let trimmed = |number: String| {
        number
            .trim_end_matches('0')
            .trim_end_matches('.')
            .to_owned()
    };
    (
        trimmed(format!("{}.{:02}", share / 100, share % 100)),
        trimmed(format!("{}.{:03}", share / 1000, share % 1000)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_read_in_both_manners() {
        for (text, share_of) in [
            ("51%", Some(5100)),
            ("5.1折", Some(5100)),
            ("88.88%", Some(8888)),
            ("10折", Some(10_000)),
            ("100 %", Some(10_000)),
            ("9折", Some(9000)),
            ("51", None),
            ("5%", None),
            ("0.5折", None),
            ("101%", None),
            ("8.8888折", None),
            ("-51%", None),
            ("%", None),
        ] {
            assert_eq!(share(text).ok(), share_of, "{text}");
        }
        assert_eq!(spelled(5100), ("51".to_owned(), "5.1".to_owned()));
        assert_eq!(spelled(8888), ("88.88".to_owned(), "8.888".to_owned()));
        assert_eq!(spelled(10_000), ("100".to_owned(), "10".to_owned()));
    }
}
