//! What has to be sent for an order: the parcels of a table held against the order as WeChat has it.

use super::sheet::Line;
use crate::lang::Text;
use crate::text;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
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
    pub fn leave_out(&mut self, order: &Value) -> bool {
        let before = self.parcels.len();
        self.parcels.retain(|parcel| !has(order, parcel));
        self.there += before - self.parcels.len();
        self.over = order["status"].as_i64() != Some(20);
        self.parcels.is_empty()
    }

    /// The request; `at` is the time when an order is complete.
    pub fn request(&self, finish: bool, at: &str) -> Value {
        let mut body = json!({
            "out_order_id": self.out_order_id, "openid": self.openid,
            "delivery_list": self.parcels, "finish_all_delivery": i64::from(finish),
        });
        if finish {
            body["ship_done_time"] = at.into();
        }
        body
    }
}

fn has(order: &Value, parcel: &Parcel) -> bool {
    listed(order)
        .any(|(company, waybill)| company == parcel.delivery_id && waybill == parcel.waybill_id)
}

/// Carrier and waybill of the parcels that WeChat has.
fn listed(order: &Value) -> impl Iterator<Item = (&str, &str)> {
    let parcels = order["order_detail"]["delivery_detail"]["delivery_list"].as_array();
    parcels.into_iter().flatten().map(|parcel| {
        (
            parcel["delivery_id"].as_str().unwrap_or_default(),
            parcel["waybill_id"].as_str().unwrap_or_default(),
        )
    })
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
    order: &Value,
    place: String,
) -> Result<Shipment, Vec<(Option<usize>, Text)>> {
    let mut problems: Vec<(Option<usize>, Text)> = Vec::new();
    let status = order["status"].as_i64().unwrap_or(0);
    match status {
        10 | 11 => problems.push((None, text!("the order is not paid yet"))),
        181 | 200 | 250 => problems.push((None, text!("the order is cancelled"))),
        _ => {}
    }
    let mut rows = rows(order);
    let packed = pack(lines, &mut rows, order, &mut problems);
    for row in rows.iter().filter(|row| row.packed > row.count) {
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
    let stranger = listed(order).any(|(company, waybill)| {
        !packed
            .iter()
            .any(|parcel| parcel.delivery_id == company && parcel.waybill_id == waybill)
    });
    let openid = order["openid"].as_str().unwrap_or_default();
    let mut shipment = Shipment {
        order: lines
            .first()
            .map(|line| line.order.clone())
            .unwrap_or_default(),
        out_order_id: order["out_order_id"].as_str().unwrap_or_default().into(),
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
    let all_there = shipment.leave_out(order);
    if shipment.over && !all_there && problems.is_empty() {
        problems.push((
            None,
            text!(
                "the order is shipped already, without the parcel {waybill}",
                waybill = &shipment.parcels[0].waybill_id
            ),
        ));
    }
    match problems.is_empty() {
        true => Ok(shipment),
        false => Err(problems),
    }
}

fn rows(order: &Value) -> Vec<Row<'_>> {
    let rows = order["order_detail"]["product_infos"].as_array();
    rows.into_iter()
        .flatten()
        .map(|row| Row {
            product: row["out_product_id"].as_str().unwrap_or_default(),
            sku: row["out_sku_id"].as_str().unwrap_or_default(),
            count: row["product_cnt"].as_i64().unwrap_or(0),
            packed: 0,
        })
        .collect()
}

/// The parcels of the lines, in their order. A line without a number of pieces takes what the others leave; a parcel
/// without products takes the whole order.
fn pack(
    lines: &[&Line],
    rows: &mut [Row<'_>],
    order: &Value,
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
                match found.is_empty() {
                    true => text!("the order has no {named}", named),
                    false => text!("{named} has several SKUs in this order: name one", named),
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
    let others = listed(order).any(|(company, waybill)| {
        !parcels
            .iter()
            .any(|parcel| parcel.delivery_id == company && parcel.waybill_id == waybill)
    });
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

    fn order(status: i64, parcels: &[(&str, &str)]) -> Value {
        let row = |sku: &str, count: i64| json!({"out_product_id": "T1", "out_sku_id": sku, "product_cnt": count});
        let parcels: Vec<Value> = parcels
            .iter()
            .map(|(company, waybill)| json!({"delivery_id": company, "waybill_id": waybill}))
            .collect();
        json!({
            "out_order_id": "A1", "openid": "o1", "status": status, "order_detail": {
                "product_infos": [row("a", 2), row("b", 1)],
                "delivery_detail": {"delivery_list": parcels},
            },
        })
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

    fn of(lines: &[Line], order: &Value) -> Result<Shipment, usize> {
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
        let shipment = of(&[line("1", None, None)], &order(20, &[])).expect("a plan");
        assert_eq!(counts(&shipment), [("1", vec![("a", 2), ("b", 1)])]);
        assert_eq!(
            (shipment.finish, shipment.openid.as_str()),
            (Finish::Yes, "o1")
        );
        assert_eq!(
            of(
                &[line("1", None, None), line("2", None, None)],
                &order(20, &[])
            )
            .err(),
            Some(1)
        );
        assert_eq!(
            of(&[line("1", None, None)], &order(20, &[("SF", "0")])).err(),
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
            &order(20, &[]),
        )
        .expect("a plan");
        assert_eq!(
            counts(&shipment),
            [("1", vec![("a", 1)]), ("2", vec![("a", 1), ("b", 1)])]
        );
        assert_eq!(shipment.finish, Finish::Yes);
        let part = of(&[line("1", Some("a"), Some(1))], &order(20, &[])).expect("a plan");
        assert_eq!(part.finish, Finish::No);
        let more =
            of(&[line("2", Some("a"), Some(1))], &order(20, &[("SF", "1")])).expect("a plan");
        assert_eq!(more.finish, Finish::Ask);
    }

    #[test]
    fn what_does_not_fit_the_order_is_named() {
        for lines in [
            vec![line("1", Some("a"), Some(3))],
            vec![line("1", Some("c"), None)],
            vec![line("1", Some("a"), None), line("2", Some("a"), None)],
        ] {
            assert_eq!(of(&lines, &order(20, &[])).err(), Some(1), "{lines:?}");
        }
        for status in [10, 11, 181, 200, 250] {
            assert!(
                of(&[line("1", None, None)], &order(status, &[])).is_err(),
                "{status}"
            );
        }
    }

    #[test]
    fn parcels_that_are_there_are_left_out() {
        let lines = [line("1", Some("a"), Some(2)), line("2", Some("b"), None)];
        let half = of(&lines, &order(20, &[("SF", "1")])).expect("a plan");
        assert_eq!(
            (counts(&half), half.there),
            (vec![("2", vec![("b", 1)])], 1)
        );
        assert_eq!(half.finish, Finish::Yes);
        let all = of(&lines, &order(30, &[("SF", "1"), ("SF", "2")])).expect("a plan");
        assert!(!all.is_due());
        assert_eq!(of(&lines, &order(30, &[("SF", "1")])).err(), Some(1));
        let unfinished = of(&lines, &order(20, &[("SF", "1"), ("SF", "2")])).expect("a plan");
        assert!(unfinished.is_due() && unfinished.parcels.is_empty());
        assert_eq!(half.fingerprint, all.fingerprint);
    }
}
