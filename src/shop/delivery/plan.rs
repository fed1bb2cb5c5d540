//! What has to be sent for an order: the parcels of a table held against the order as WeChat has it.

use super::sheet::Line;
use crate::lang::Text;
use crate::model::order::{Order, State};
use crate::model::parcel::Parcels;
use crate::text;
use crate::types::spelling::{look_alike, twin_words};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A parcel and what is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parcel {
    pub delivery_id: String,
    pub waybill_id: String,
    #[serde(rename = "product_info_list")]
    pub items: Vec<Item>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    pub out_product_id: String,
    pub out_sku_id: String,
    pub product_cnt: i64,
}

/// Whether an order is complete with its parcels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Finish {
    /// Every piece is in a parcel.
    Yes,
    No,
    /// Earlier parcels hold what is missing, or not: WeChat knows.
    Ask,
}

/// What is to be reported for one order.
#[derive(Debug, Clone)]
pub struct Shipment {
    /// As the table names it.
    pub order: String,
    pub out_order_id: String,
    pub openid: String,
    /// Those that WeChat does not have yet.
    pub parcels: Vec<Parcel>,
    /// How many parcels of the table WeChat has already.
    pub there: usize,
    pub finish: Finish,
    /// Shipped already with every parcel of the table.
    pub over: bool,
    pub place: String,
    /// Of what the table says, whatever WeChat has.
    pub fingerprint: [u8; 32],
}

impl Shipment {
    /// Whether there is something to report.
    pub fn is_due(&self) -> bool {
        !self.over && (!self.parcels.is_empty() || self.finish == Finish::Yes)
    }

    /// Leaves out the parcels that the order has; true when it has them all.
    pub fn leave_out(&mut self, order: &Order) -> bool {
        let before = self.parcels.len();
        self.parcels
            .retain(|parcel| !order.parcels.have(&parcel.delivery_id, &parcel.waybill_id));
        self.there += before - self.parcels.len();
        self.over = order.state != State::Paid;
        self.parcels.is_empty()
    }

    /// Leaves out a parcel that another command has reported, although the order may not show it yet.
    pub fn leave_out_reported(&mut self, carrier: &str, waybill: &str) {
        let before = self.parcels.len();
        self.parcels
            .retain(|parcel| parcel.delivery_id != carrier || parcel.waybill_id != waybill);
        let left_out = before - self.parcels.len();
        self.there += left_out;
        // The last of them completed the order where it could.
        self.over |= left_out > 0 && self.parcels.is_empty();
    }
}

/// One SKU of the order and how far it is given out.
struct Row<'a> {
    product: &'a str,
    sku: &'a str,
    count: i64,
    packed: i64,
}

/// Plans one order. `lines` are its rows, whose carriers are codes already; `order` is as WeChat shows it.
///
/// # Errors
/// What is wrong, each with the line that it is about (`None`: the order as a whole).
pub fn plan(
    lines: &[&Line],
    order: &Order,
    place: String,
) -> Result<Shipment, Vec<(Option<usize>, Text)>> {
    let mut problems: Vec<(Option<usize>, Text)> = Vec::new();
    match order.state {
        State::Unpaid | State::PaymentChecked => {
            problems.push((None, text!("the order is not paid yet")));
        }
        State::Expired | State::Refunded | State::Cancelled => {
            problems.push((None, text!("the order is cancelled")));
        }
        State::Unknown(_) => problems.push((
            None,
            text!(
                "cannot tell whether the order can be shipped; its state is {state}",
                state = order.state.words()
            ),
        )),
        State::Paid | State::Shipped | State::Completed => {}
    }
    if order.parcels == Parcels::Unreadable {
        problems.push((
            None,
            text!("cannot read which parcels the order already has"),
        ));
    }
    let shipped = matches!(order.state, State::Shipped | State::Completed);
    let missing = |line: &&&Line| !order.parcels.have(&line.carrier, &line.waybill);
    if shipped && let Some(line) = lines.iter().find(missing) {
        problems.push((
            None,
            text!(
                "the order is already shipped ({parcels}), without the parcel {waybill}",
                parcels = order.parcels.to_string(),
                waybill = &line.waybill
            ),
        ));
        return Err(problems);
    }
    let mut rows = rows(order);
    let mut unpacked = Vec::new();
    let packed = pack(lines, &mut rows, order, &mut unpacked);
    // What was in them when they were reported is done.
    if !shipped {
        problems.append(&mut unpacked);
    }
    for row in rows.iter().filter(|row| row.packed > row.count && !shipped) {
        problems.push((
            None,
            text!(
                "{packed} pieces of {sku} are in parcels, the order has {count}",
                packed = row.packed,
                sku = row.sku,
                count = row.count
            ),
        ));
    }
    let covered = rows.iter().all(|row| row.packed >= row.count);
    let stranger = has_others(order, &packed);
    let openid = order.buyer.as_str();
    let mut shipment = Shipment {
        order: lines
            .first()
            .map(|line| line.order.clone())
            .unwrap_or_default(),
        out_order_id: order.number.clone(),
        openid: lines
            .iter()
            .find_map(|line| line.openid.clone())
            .unwrap_or_else(|| openid.into()),
        fingerprint: fingerprint(&packed),
        parcels: packed,
        there: 0,
        finish: match (covered, stranger) {
            (true, _) => Finish::Yes,
            (false, true) => Finish::Ask,
            (false, false) => Finish::No,
        },
        over: false,
        place,
    };
    if !openid.is_empty() && shipment.openid != openid {
        problems.push((None, text!("the order is another buyer's")));
    }
    shipment.leave_out(order);
    if problems.is_empty() {
        Ok(shipment)
    } else {
        Err(problems)
    }
}

/// Whether the order has parcels that are not among these.
fn has_others(order: &Order, parcels: &[Parcel]) -> bool {
    order.parcels.known().iter().any(|there| {
        !parcels
            .iter()
            .any(|parcel| parcel.delivery_id == there.carrier && parcel.waybill_id == there.waybill)
    })
}

fn rows(order: &Order) -> Vec<Row<'_>> {
    let lines = order.lines.iter();
    lines
        .map(|line| Row {
            product: &line.product,
            sku: &line.sku,
            count: line.count,
            packed: 0,
        })
        .collect()
}

/// The parcels of the lines, in their order. A line without a number of pieces takes what the others leave; a parcel
/// without products takes the whole order.
fn pack(
    lines: &[&Line],
    rows: &mut [Row<'_>],
    order: &Order,
    problems: &mut Vec<(Option<usize>, Text)>,
) -> Vec<Parcel> {
    let mut parcels: Vec<Parcel> = Vec::new();
    // Parcel, row of the order: what takes the rest.
    let mut open: Vec<(usize, usize)> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let parcel = place_of(&mut parcels, line);
        if line.product.is_none() && line.sku.is_none() {
            continue;
        }
        let fits = |row: &Row<'_>| {
            line.product
                .as_ref()
                .is_none_or(|named| row.product == named)
                && line.sku.as_ref().is_none_or(|named| row.sku == named)
        };
        let found: Vec<usize> = (0..rows.len()).filter(|row| fits(&rows[*row])).collect();
        let [row] = found.as_slice() else {
            let named = line.sku.as_ref().or(line.product.as_ref());
            let named = named.map_or("", String::as_str);
            problems.push((
                Some(at),
                if found.is_empty() {
                    match twin(rows, line) {
                        Some((named, other)) => twin_words(named, other),
                        None => text!("the order has no {named}", named),
                    }
                } else {
                    text!("{named} has several SKUs in this order: give one", named)
                },
            ));
            continue;
        };
        match line.count {
            Some(count) => add(&mut parcels[parcel], &mut rows[*row], count),
            None if open.iter().any(|(_, other)| other == row) => problems.push((
                Some(at),
                text!(
                    "{sku} is in several parcels: say how many pieces are in each",
                    sku = rows[*row].sku
                ),
            )),
            None => open.push((parcel, *row)),
        }
    }
    for (parcel, row) in open {
        let rest = rows[row].count - rows[row].packed;
        if rest > 0 {
            add(&mut parcels[parcel], &mut rows[row], rest);
        }
    }
    let bare = |at: usize| {
        lines.iter().any(|line| {
            line.product.is_none()
                && line.sku.is_none()
                && line.carrier == parcels[at].delivery_id
                && line.waybill == parcels[at].waybill_id
        })
    };
    let bare: Vec<usize> = (0..parcels.len()).filter(|at| bare(*at)).collect();
    let others = has_others(order, &parcels);
    match bare.as_slice() {
        [] => {}
        [only] if parcels.len() == 1 && !others => {
            for row in rows.iter_mut() {
                let rest = row.count - row.packed;
                if rest > 0 {
                    add(&mut parcels[*only], row, rest);
                }
            }
        }
        _ => problems.push((
            None,
            text!("the order has several parcels: say what is in each (SKU and number of pieces)"),
        )),
    }
    parcels
}

/// What a line names and the order has in another spelling only.
fn twin<'a>(rows: &[Row<'a>], line: &'a Line) -> Option<(&'a str, &'a str)> {
    let named = |named: &'a Option<String>, of: fn(&Row<'a>) -> &'a str| {
        let named = named.as_deref()?;
        let other = rows.iter().map(of).find(|of| look_alike(of, named))?;
        Some((named, other))
    };
    named(&line.sku, |row| row.sku).or_else(|| named(&line.product, |row| row.product))
}

fn place_of(parcels: &mut Vec<Parcel>, line: &Line) -> usize {
    let known = parcels
        .iter()
        .position(|parcel| parcel.delivery_id == line.carrier && parcel.waybill_id == line.waybill);
    known.unwrap_or_else(|| {
        parcels.push(Parcel {
            delivery_id: line.carrier.clone(),
            waybill_id: line.waybill.clone(),
            items: Vec::new(),
        });
        parcels.len() - 1
    })
}

fn add(parcel: &mut Parcel, row: &mut Row<'_>, count: i64) {
    row.packed += count;
    let same = parcel
        .items
        .iter_mut()
        .find(|item| item.out_product_id == row.product && item.out_sku_id == row.sku);
    match same {
        Some(item) => item.product_cnt += count,
        None => parcel.items.push(Item {
            out_product_id: row.product.into(),
            out_sku_id: row.sku.into(),
            product_cnt: count,
        }),
    }
}

fn fingerprint(parcels: &[Parcel]) -> [u8; 32] {
    let text = serde_json::to_vec(parcels).unwrap_or_default();
    Sha256::digest(text).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{order, parcel};

    fn order(state: State, parcels: &[(&str, &str)]) -> Order {
        let row = |sku: &str, count: i64| order::Line {
            product: "T1".into(),
            sku: sku.into(),
            title: String::new(),
            count,
            paid: None,
        };
        let parcel = |(carrier, waybill): &(&str, &str)| parcel::Parcel {
            carrier: (*carrier).into(),
            waybill: (*waybill).into(),
        };
        Order {
            id: "1".into(),
            number: "A1".into(),
            buyer: "o1".into(),
            state,
            controlled: Some(true),
            lines: vec![row("a", 2), row("b", 1)],
            price: order::Price::default(),
            parcels: Parcels::Known(parcels.iter().map(parcel).collect()),
            receiver: order::Receiver::default(),
            aftersales: Vec::new(),
            created_at: None,
            pay_until: None,
            paid_at: None,
            received_at: None,
        }
    }

    fn line(waybill: &str, sku: Option<&str>, count: Option<i64>) -> Line {
        Line {
            order: "A1".into(),
            carrier: "SF".into(),
            waybill: waybill.into(),
            sku: sku.map(str::to_owned),
            count,
            ..Line::default()
        }
    }

    fn of(lines: &[Line], order: &Order) -> Result<Shipment, usize> {
        let lines: Vec<&Line> = lines.iter().collect();
        plan(&lines, order, String::new()).map_err(|problems| problems.len())
    }

    fn counts(shipment: &Shipment) -> Vec<(&str, Vec<(&str, i64)>)> {
        shipment
            .parcels
            .iter()
            .map(|parcel| {
                (
                    parcel.waybill_id.as_str(),
                    parcel
                        .items
                        .iter()
                        .map(|item| (item.out_sku_id.as_str(), item.product_cnt))
                        .collect(),
                )
            })
            .collect()
    }

    #[test]
    fn one_parcel_without_products_takes_the_whole_order() {
        let shipment = of(&[line("1", None, None)], &order(State::Paid, &[])).expect("a plan");
        assert_eq!(counts(&shipment), [("1", vec![("a", 2), ("b", 1)])]);
        assert_eq!(
            (shipment.finish, shipment.openid.as_str()),
            (Finish::Yes, "o1")
        );
        assert_eq!(
            of(
                &[line("1", None, None), line("2", None, None)],
                &order(State::Paid, &[])
            )
            .err(),
            Some(1)
        );
        assert_eq!(
            of(
                &[line("1", None, None)],
                &order(State::Paid, &[("SF", "0")])
            )
            .err(),
            Some(1),
            "what the earlier parcel holds is not known"
        );
    }

    #[test]
    fn several_parcels_share_the_pieces() {
        let shipment = of(
            &[
                line("1", Some("a"), Some(1)),
                line("2", Some("a"), None),
                line("2", Some("b"), None),
            ],
            &order(State::Paid, &[]),
        )
        .expect("a plan");
        assert_eq!(
            counts(&shipment),
            [("1", vec![("a", 1)]), ("2", vec![("a", 1), ("b", 1)])]
        );
        assert_eq!(shipment.finish, Finish::Yes);
        let part = of(&[line("1", Some("a"), Some(1))], &order(State::Paid, &[])).expect("a plan");
        assert_eq!(part.finish, Finish::No);
        let more = of(
            &[line("2", Some("a"), Some(1))],
            &order(State::Paid, &[("SF", "1")]),
        )
        .expect("a plan");
        assert_eq!(more.finish, Finish::Ask);
    }

    #[test]
    fn what_does_not_fit_the_order_is_named() {
        for lines in [
            vec![line("1", Some("a"), Some(3))],
            vec![line("1", Some("c"), None)],
            vec![line("1", Some("a"), None), line("2", Some("a"), None)],
        ] {
            assert_eq!(
                of(&lines, &order(State::Paid, &[])).err(),
                Some(1),
                "{lines:?}"
            );
        }
        for state in [
            State::Unpaid,
            State::PaymentChecked,
            State::Expired,
            State::Refunded,
            State::Cancelled,
            State::Unknown(21),
        ] {
            assert!(
                of(&[line("1", None, None)], &order(state, &[])).is_err(),
                "{state:?}"
            );
        }
        let unreadable = Order {
            parcels: Parcels::Unreadable,
            ..order(State::Paid, &[])
        };
        assert_eq!(of(&[line("1", None, None)], &unreadable).err(), Some(1));
    }

    #[test]
    fn parcels_that_are_there_are_left_out() {
        let lines = [line("1", Some("a"), Some(2)), line("2", Some("b"), None)];
        let half = of(&lines, &order(State::Paid, &[("SF", "1")])).expect("a plan");
        assert_eq!(
            (counts(&half), half.there),
            (vec![("2", vec![("b", 1)])], 1)
        );
        assert_eq!(half.finish, Finish::Yes);
        let all = of(&lines, &order(State::Shipped, &[("SF", "1"), ("SF", "2")])).expect("a plan");
        assert!(!all.is_due());
        assert_eq!(
            of(&lines, &order(State::Shipped, &[("SF", "1")])).err(),
            Some(1)
        );
        let unfinished =
            of(&lines, &order(State::Paid, &[("SF", "1"), ("SF", "2")])).expect("a plan");
        assert!(unfinished.is_due() && unfinished.parcels.is_empty());
        assert_eq!(half.fingerprint, all.fingerprint);
    }
}
