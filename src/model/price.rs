//! The guard on prices: a slip of the decimal point must not reach buyers unseen.

use crate::types::Fen;

/// What a price may do without being asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceGuard {
    /// By how many percent it may fall; 100 lets everything pass.
    pub max_drop: u32,
}

impl Default for PriceGuard {
    fn default() -> PriceGuard {
        PriceGuard { max_drop: 50 }
    }
}

/// A new price may be this many percent below its list price.
const NEW_BELOW_LIST: u32 = 90;
/// A price may rise to this many times what it was.
const RISE: i64 = 10;

impl PriceGuard {
    /// Whether a price has to be asked about: it falls by more than allowed, rises above tenfold, or is new and below
    /// a tenth of its list price.
    pub fn stops(self, old: Option<Fen>, new: Fen, list: Fen) -> bool {
        if self.max_drop >= 100 {
            return false;
        }
        let falls_below = |base: Fen, percent: u32| {
            i128::from(new.0) * 100 < i128::from(base.0) * i128::from(100 - percent)
        };
        match old {
            Some(old) if old.0 > 0 => {
                falls_below(old, self.max_drop)
                    || i128::from(new.0) > i128::from(old.0) * i128::from(RISE)
            }
            _ => falls_below(list, self.max_drop.max(NEW_BELOW_LIST)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_price_passes_and_less_is_asked_about() {
        let guard = PriceGuard::default();
        let stops = |old, new| guard.stops(Some(Fen(old)), Fen(new), Fen(1_000_000));
        assert!(!stops(9900, 4950));
        assert!(stops(9900, 4949));
        assert!(stops(9900, 1));
        assert!(!stops(100, 1000));
        assert!(stops(100, 1001));
        let sale = PriceGuard { max_drop: 90 };
        assert!(!sale.stops(Some(Fen(1000)), Fen(100), Fen(1000)));
        assert!(sale.stops(Some(Fen(1000)), Fen(99), Fen(1000)));
        let off = PriceGuard { max_drop: 100 };
        assert!(!off.stops(Some(Fen(1000)), Fen(1), Fen(1000)));
        assert!(!off.stops(Some(Fen(1)), Fen(1000), Fen(1000)));
    }

    #[test]
    fn a_new_price_is_held_against_its_list_price() {
        let guard = PriceGuard::default();
        assert!(!guard.stops(None, Fen(100), Fen(1000)));
        assert!(guard.stops(None, Fen(99), Fen(1000)));
        assert!(!guard.stops(None, Fen(99), Fen(99)));
    }
}
