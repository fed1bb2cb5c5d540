//! One product of a WeChat Store that is changed by options: which SKU they are about.

use super::goods::as_it_stands;
use crate::fail::{Failure, Kind};
use crate::shop::Shop;
use crate::shop::goods::single::{Given, several};
use crate::text;
use anyhow::Result;

impl Shop {
    /// The SKU that a change is about, by what the store has; `None` where it is about none, or the product has but one.
    ///
    /// # Errors
    /// Where there is no such product, or several SKUs without one being named.
    pub async fn plan_store_update(&self, number: &str, given: &Given) -> Result<Option<String>> {
        let (state, key) = (self.client.state(), self.client.shop_key());
        let id = self.find_product(state, key, number).await?;
        let held = self.store_product(&id).await?.and_then(as_it_stands);
        let held = held.ok_or_else(|| {
            Failure::new(
                Kind::Refused,
                text!("the store has no product {number}", number),
            )
        })?;
        match &given.sku {
            _ if !given.of_sku() => Ok(None),
            Some(named) => {
                let known: Vec<&str> = held.skus.iter().map(|sku| &*sku.out_sku_id).collect();
                given.refuse_unknown_sku(number, named, &known)?;
                Ok(Some(named.clone()))
            }
            None if held.skus.len() < 2 => Ok(None),
            None => Err(several(held.skus.len()).into()),
        }
    }
}
