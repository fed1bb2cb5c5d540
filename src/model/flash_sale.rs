//! The rules of a flash sale: how long it lasts, when it begins, and how far its prices may fall.

use crate::types::Fen;
use crate::types::span::DAY;

/// How long ago it may have begun, in seconds.
const LATE: i64 = 600;
/// A flash price is above this, and below the price by at least as much.
const LEAST: i64 = 1000;

/// What is wrong with a flash sale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Breach {
    EndsBeforeItStarts,
    /// More than a day.
    TooLong,
    StartsTooEarly,
    /// More than a year ahead.
    TooFarAhead,
    NoSku,
    PriceTooLow {
        sku: String,
    },
    /// Less than 10 yuan or 10 % off, or more than 85 %.
    Reduction {
        sku: String,
        least: Fen,
        most: Fen,
    },
    Stock {
        sku: String,
        available: i64,
    },
}

/// A SKU of a flash sale beside what it costs and holds now.
#[derive(Debug, Clone)]
pub struct SaleSku {
    pub number: String,
    pub price: Fen,
    pub stock: i64,
    pub sale_price: Fen,
    pub sale_stock: i64,
}

/// Everything that is wrong with a flash sale; times are unix seconds.
pub fn check(start: i64, end: i64, now: i64, skus: &[SaleSku]) -> Vec<Breach> {
    let mut wrong = Vec::new();
    if end <= start {
        wrong.push(Breach::EndsBeforeItStarts);
    } else if end - start > DAY {
        wrong.push(Breach::TooLong);
    }
    if start < now - LATE {
        wrong.push(Breach::StartsTooEarly);
    }
    if end > now + 365 * DAY {
        wrong.push(Breach::TooFarAhead);
    }
    if skus.is_empty() {
        wrong.push(Breach::NoSku);
    }
    for sku in skus {
        let (price, sale) = (sku.price.0, sku.sale_price.0);
        let off = price - sale;
        if sale <= LEAST {
            wrong.push(Breach::PriceTooLow {
                sku: sku.number.clone(),
            });
        } else if off < LEAST || off * 100 < price * 10 || off * 100 > price * 85 {
            let least = (price * 15 + 99) / 100;
            let most = (price - LEAST).min(price * 90 / 100);
            wrong.push(Breach::Reduction {
                sku: sku.number.clone(),
                least: Fen(least.max(LEAST + 1)),
                most: Fen(most),
            });
        }
        if !(1..=sku.stock).contains(&sku.sale_stock) {
            wrong.push(Breach::Stock {
                sku: sku.number.clone(),
                available: sku.stock,
            });
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flash_sale_keeps_to_its_limits() {
        let sku = |price, sale_price, stock, sale_stock| SaleSku {
            number: "A".into(),
            price: Fen(price),
            stock,
            sale_price: Fen(sale_price),
            sale_stock,
        };
        let now = 1_767_000_000;
        let whole = |start, end, sku| check(start, end, now, &[sku]);
        assert_eq!(whole(now, now + DAY, sku(9900, 7900, 10, 10)), []);
        assert_eq!(whole(now - LATE, now, sku(9900, 8900, 10, 1)), []);
        let wrong = whole(now - LATE - 1, now + DAY, sku(9900, 7900, 10, 10));
        assert_eq!(wrong, [Breach::TooLong, Breach::StartsTooEarly]);
        let wrong = whole(now, now, sku(9900, 1000, 10, 11));
        let a = || "A".to_owned();
        assert_eq!(
            wrong,
            [
                Breach::EndsBeforeItStarts,
                Breach::PriceTooLow { sku: a() },
                Breach::Stock {
                    sku: a(),
                    available: 10
                }
            ]
        );
        let limits = |price, sale_price| {
            let wrong = whole(now, now + 60, sku(price, sale_price, 1, 1));
            wrong.into_iter().next()
        };
        let reduction = |least, most| {
            Some(Breach::Reduction {
                sku: a(),
                least: Fen(least),
                most: Fen(most),
            })
        };
        assert_eq!(limits(9900, 8950), reduction(1485, 8900));
        assert_eq!(limits(30_000, 28_000), reduction(4500, 27_000));
        assert_eq!(limits(30_000, 4_400), reduction(4500, 27_000));
        assert_eq!(limits(30_000, 4_500), None);
        assert_eq!(
            check(now, now + 366 * DAY, now, &[]),
            [Breach::TooLong, Breach::TooFarAhead, Breach::NoSku]
        );
    }
}
