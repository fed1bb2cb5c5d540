//! Parcels that were reported: an order shows them by carrier and waybill.

use super::Shop;
use super::order::Key;
use super::write::{Found, Settled, Sort};
use crate::clock::{now, sleep};
use crate::state::money::{Movement, Stand};
use crate::types::span::DAY;
use anyhow::Result;
use std::collections::HashSet;
use std::time::Duration;

/// What stands between two parcels of a mark.
const AND: char = ',';
/// What stands between carrier and waybill.
const OF: char = ' ';
/// Seconds in which an order shows what was reported for certain.
const CERTAIN: i64 = DAY;

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

    /// Settles the parcels that single commands reported without an answer, and waits for that. The orders, by the
    /// merchant's number, for which that was not possible.
    pub async fn settle_parcels(&self) -> Result<HashSet<String>> {
        let mut left = HashSet::new();
        for movement in self.open_parcels()? {
            if let Settled::UnknownUntil(until) = self.settle_or_not(&movement).await {
                let wait = u64::try_from(until - now()).unwrap_or(0);
                sleep(Duration::from_secs(wait)).await;
                // The state has noted the first look in vain.
                let again = self.open_parcels()?;
                let again = again.into_iter().find(|open| open.id == movement.id);
                if let Some(movement) = again
                    && !matches!(
                        self.settle_or_not(&movement).await,
                        Settled::Found(_) | Settled::NeverArrived
                    )
                {
                    left.insert(movement.subject);
                }
            }
        }
        Ok(left)
    }

    async fn settle_or_not(&self, movement: &Movement) -> Settled {
        // What cannot be looked up is not settled either.
        let settled = self.settle(movement).await;
        settled.unwrap_or(Settled::UnknownUntil(now()))
    }

    fn open_parcels(&self) -> Result<Vec<Movement>> {
        let mut open = self.client.state().open_movements(self.client.shop_key())?;
        open.retain(|movement| movement.kind == Sort::Parcel.name());
        Ok(open)
    }

    /// The parcels of an order that single commands reported within a day, whether or not the order shows them: carrier
    /// and waybill of each.
    pub fn reported_parcels(&self, out_order_id: &str) -> Result<Vec<(String, String)>> {
        let (state, kind) = (self.client.state(), Sort::Parcel.name());
        let since = now() - CERTAIN;
        let known = state.movements(self.client.shop_key(), kind, out_order_id, since)?;
        let done = known
            .iter()
            .filter(|movement| movement.stand == Stand::Done);
        Ok(done
            .flat_map(|movement| movement.mark.split(AND))
            .filter_map(|name| name.split_once(OF))
            .map(|(carrier, waybill)| (carrier.to_owned(), waybill.to_owned()))
            .collect())
    }
}
