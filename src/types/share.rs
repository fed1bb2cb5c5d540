//! A share of a whole as it is typed: `20%`, `88.88%`, `5.1折`, `0.05`.

use crate::lang::Text;
use crate::text;
use crate::types::spelling::half_width;
use std::ops::RangeInclusive;

/// A share in hundredths of a percent: 10,000 is the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(pub u32);

impl Share {
    pub const WHOLE: Share = Share(10_000);

    /// A percentage (`51%`, `88.88%`) or tenths (`5.1折`), at most the whole. `None` for anything else, and for what is
    /// finer than a hundredth of a percent.
    pub fn signed(text: &str) -> Option<Share> {
        let text = half_width(text.trim());
        if let Some(percent) = text.strip_suffix('%') {
            return Share::in_units(percent.trim(), 2);
        }
        Share::in_units(text.strip_suffix('折')?.trim(), 3)
    }

    /// As [`Share::signed`], or a fraction such as `0.05`. A whole number without a sign is no share: `1` could be either.
    pub fn parse(text: &str) -> Option<Share> {
        let plain = text.trim();
        if plain.contains('.') || plain == "0" {
            Share::signed(plain).or_else(|| Share::in_units(plain, 4))
        } else {
            Share::signed(plain)
        }
    }

    /// A whole percentage between two bounds, which are percent too. Its sign may be left out: `20` is 20 %.
    pub fn percent(text: &str, bounds: RangeInclusive<u32>) -> Result<u32, Text> {
        let text = text.trim();
        let signed = if text.bytes().all(|byte| byte.is_ascii_digit()) {
            Share::signed(&format!("{text}%"))
        } else {
            Share::signed(text).filter(|_| !text.ends_with('折'))
        };
        signed
            .filter(|share| share.0 % 100 == 0)
            .map(|share| share.0 / 100)
            .filter(|percent| bounds.contains(percent))
            .ok_or_else(|| {
                text!(
                    "write a percentage from {least}% to {most}%",
                    least = *bounds.start(),
                    most = *bounds.end()
                )
            })
    }

    /// As a part of 1.
    pub fn fraction(self) -> f64 {
        f64::from(self.0) / f64::from(Share::WHOLE.0)
    }

    /// `number` has so many decimals at most.
    fn in_units(number: &str, places: usize) -> Option<Share> {
        let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
        if whole.is_empty() || whole.len() > 5 || decimals.len() > places {
            return None;
        }
        let digits = format!("{whole}{decimals:0<places$}");
        let share = digits
            .bytes()
            .all(|digit| digit.is_ascii_digit())
            .then(|| digits.parse().ok().map(Share))??;
        (share <= Share::WHOLE).then_some(share)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_share_is_the_same_share() {
        for (text, share) in [
            ("51%", Some(5100)),
            ("51％", Some(5100)),
            (" 88.88 % ", Some(8888)),
            ("5.1折", Some(5100)),
            ("10折", Some(10_000)),
            ("100%", Some(10_000)),
            ("0%", Some(0)),
            ("0.05", Some(500)),
            ("0.0001", Some(1)),
            ("0", Some(0)),
            ("1.0", Some(10_000)),
            ("1", None),
            ("20", None),
            ("0.00001", None),
            ("1.01", None),
            ("101%", None),
            ("88.888%", None),
            ("-1%", None),
            ("%", None),
            ("NaN", None),
            ("", None),
        ] {
            assert_eq!(Share::parse(text).map(|share| share.0), share, "{text}");
        }
        assert_eq!(Share::signed("0.51"), None);
        assert_eq!(Share(500).fraction(), 0.05);
    }

    #[test]
    fn a_percentage_has_bounds_and_may_lack_its_sign() {
        assert_eq!(Share::percent("20%", 0..=99), Ok(20));
        assert_eq!(Share::percent("20", 0..=99), Ok(20));
        for wrong in ["100%", "20.5%", "0.2", "2折", "x", ""] {
            assert!(Share::percent(wrong, 0..=99).is_err(), "{wrong}");
        }
        let refused = Share::percent("0", 1..=100).expect_err("nothing of it");
        assert_eq!(refused.to_string(), "write a percentage from 1% to 100%");
    }
}
