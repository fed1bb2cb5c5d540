//! The two price rules of an order, held to the fen before anything is sent. Sums are wider than any amount that is
//! taken, so that none can run over.
//!
//! ```text
//! total = Σ price × pieces + freight − discount + surcharge
//! total = Σ paid + freight + surcharge
//! ```

/// One row of an order; amounts in fen, `None` where it names none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Row {
    /// Of one piece.
    pub price: Option<i64>,
    pub pieces: Option<i64>,
    /// For all pieces.
    pub paid: Option<i64>,
    /// For one piece, where it names that instead.
    pub paid_each: Option<i64>,
    /// Whether it says what is paid, readable or not.
    pub says_paid: bool,
}

/// What an order costs; amounts in fen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bill {
    pub rows: Vec<Row>,
    pub total: Option<i64>,
    pub freight: Option<i64>,
    pub discount: Option<i64>,
    pub surcharge: Option<i64>,
}

/// An amount of a bill; rows are counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amount {
    Price(usize),
    Paid(usize),
    Total,
    Freight,
    Discount,
    Surcharge,
}

/// What a sum is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sum {
    pub total: i128,
    pub goods: i128,
    pub freight: i128,
    pub discount: i128,
    pub surcharge: i128,
}

impl Sum {
    /// What the parts make.
    pub fn made(&self) -> i128 {
        self.goods + self.freight - self.discount + self.surcharge
    }
}

/// What is wrong with a bill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    BelowZero(Amount),
    NoPieces(usize),
    Unpaid(usize),
    /// It costs nothing.
    Free,
    /// The total is not what the prices make.
    Listed(Sum),
    /// The total is not what is paid.
    Paid(Sum),
}

fn wide(amount: Option<i64>) -> Option<i128> {
    amount.map(i128::from)
}

fn narrow(amount: i128) -> Option<i64> {
    i64::try_from(amount).ok()
}

impl Row {
    /// What is paid for all its pieces; 0 where it does not say it.
    pub fn paid_for_all(&self) -> i64 {
        let each = self.paid_each.unwrap_or(0);
        self.paid
            .unwrap_or_else(|| each.saturating_mul(self.pieces.unwrap_or(0)))
    }

    /// The row with another amount paid. A price above the list price is a new list price, where it divides.
    pub fn repriced(self, paid: i64) -> Row {
        let (price, pieces) = (self.price.unwrap_or(0), self.pieces.unwrap_or(0));
        let is_new = pieces > 0
            && i128::from(paid) > i128::from(price) * i128::from(pieces)
            && paid % pieces == 0;
        Row {
            price: Some(if is_new { paid / pieces } else { price }),
            paid: Some(paid),
            ..self
        }
    }
}

impl Bill {
    /// Total and discount by what the rows cost and what is paid for them, whatever they were.
    pub fn total_up(&mut self) {
        let (mut listed, mut real) = (0, 0);
        for row in &self.rows {
            listed += wide(row.price).unwrap_or(0) * wide(row.pieces).unwrap_or(0);
            real += wide(row.paid).unwrap_or(0);
        }
        let extra = wide(self.freight).unwrap_or(0) + wide(self.surcharge).unwrap_or(0);
        self.total = narrow(real + extra);
        self.discount = narrow(listed - real);
    }

    /// Fills in what the other amounts say: what is paid for a row that has no discount of its own, the discount, the
    /// total. An amount that was given is never touched.
    pub fn fill(&mut self) {
        let (discount, total) = (wide(self.discount), wide(self.total));
        let extra = wide(self.freight).unwrap_or(0) + wide(self.surcharge).unwrap_or(0);
        let alone = self.rows.len() == 1;
        let (mut listed, mut real) = (0, 0);
        for row in &mut self.rows {
            let (Some(price), Some(pieces)) = (wide(row.price), wide(row.pieces)) else {
                return;
            };
            let all = price * pieces;
            let paid = match (wide(row.paid), discount, total) {
                (Some(paid), ..) => paid,
                (None, Some(discount), _) if alone => all - discount,
                (None, None, Some(total)) if alone => total - extra,
                // Whose discount it is cannot be known.
                (None, Some(1..), _) => return,
                _ => all,
            };
            row.paid = row.paid.or_else(|| narrow(paid));
            (listed, real) = (listed + all, real + paid);
        }
        self.total = self.total.or_else(|| narrow(real + extra));
        self.freight = self.freight.or(Some(0));
        self.discount = self.discount.or_else(|| narrow(listed - real));
    }

    /// What is wrong with the amounts; what is not there is not looked at.
    pub fn wrong(&self) -> Vec<Wrong> {
        let mut wrong = Vec::new();
        let below = |amount: Option<i64>| amount.is_some_and(|fen| fen < 0);
        for (at, row) in self.rows.iter().enumerate() {
            for (amount, place) in [(row.price, Amount::Price(at)), (row.paid, Amount::Paid(at))] {
                if below(amount) {
                    wrong.push(Wrong::BelowZero(place));
                }
            }
            if row.pieces.is_some_and(|pieces| pieces < 1) {
                wrong.push(Wrong::NoPieces(at));
            }
            if !row.says_paid {
                wrong.push(Wrong::Unpaid(at));
            }
        }
        for (amount, place) in [
            (self.total, Amount::Total),
            (self.freight, Amount::Freight),
            (self.discount, Amount::Discount),
            (self.surcharge, Amount::Surcharge),
        ] {
            if below(amount) {
                wrong.push(Wrong::BelowZero(place));
            }
        }
        let Some(total) = wide(self.total) else {
            return wrong;
        };
        if total == 0 {
            wrong.push(Wrong::Free);
        }
        let sum = |goods: i128, discount: i128| Sum {
            total,
            goods,
            freight: wide(self.freight).unwrap_or(0),
            discount,
            surcharge: wide(self.surcharge).unwrap_or(0),
        };
        let listed = self.rows.iter();
        let listed = listed
            .map(|row| Some(wide(row.price)? * wide(row.pieces)?))
            .sum::<Option<i128>>();
        let listed = listed.map(|goods| sum(goods, wide(self.discount).unwrap_or(0)));
        if let Some(listed) = listed.filter(|listed| listed.made() != total) {
            wrong.push(Wrong::Listed(listed));
        }
        let paid = self.rows.iter();
        let paid = paid
            .map(|row| match wide(row.paid) {
                Some(paid) => Some(paid),
                None => Some(wide(row.paid_each)? * wide(row.pieces)?),
            })
            .sum::<Option<i128>>();
        let paid = paid.map(|goods| sum(goods, 0));
        if let Some(paid) = paid.filter(|paid| paid.made() != total) {
            wrong.push(Wrong::Paid(paid));
        }
        wrong
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_above_the_list_price_is_a_new_one_where_it_divides() {
        let row = Row {
            price: Some(1000),
            pieces: Some(2),
            paid: Some(1800),
            ..Row::default()
        };
        let listed = |paid| row.repriced(paid).price;
        assert_eq!(listed(1500), Some(1000));
        assert_eq!(listed(2400), Some(1200));
        assert_eq!(listed(2401), Some(1000));
        let mut bill = Bill {
            rows: vec![row.repriced(2400), row],
            freight: Some(100),
            ..Bill::default()
        };
        bill.total_up();
        assert_eq!((bill.total, bill.discount), (Some(4300), Some(200)));
    }
}
