//! Parcels that were reported: an order shows them by carrier and waybill.

use super::Shop;
use super::order::Key;
use super::write::Found;
use crate::state::money::Movement;
use anyhow::Result;

/// What stands between two parcels of a mark.
const AND: char = ',';
/// What stands between carrier and waybill.
const OF: char = ' ';

/// The mark of parcels that are reported together, each by carrier and waybill.
pub fn mark<'a>(parcels: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut names: Vec<String> = parcels
        .map(|(carrier, waybill)| format!("{carrier}{OF}{waybill}"))
        .collect();
    names.sort();
    names.join(&AND.to_string())
}

impl Shop {
    /// The parcels of a movement, where the order has them all.
    pub async fn find_parcels(&self, movement: &Movement) -> Result<Option<Found>> {
        let key = Key {
            order_id: None,
            out_order_id: Some(movement.subject.clone()),
            openid: movement.look.clone(),
        };
        let order = self.order(&key).await?;
        let has = |name: &str| {
            let (carrier, waybill) = name.split_once(OF).unwrap_or((name, ""));
            order.value.parcels.have(carrier, waybill)
        };
        Ok(movement.mark.split(AND).all(has).then(|| Found {
            record: order.record.clone(),
            ..Found::default()
        }))
    }
}
