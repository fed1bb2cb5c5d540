//! What the platform calls categories and brands. The lists are long and change seldom: an answer is believed for a day,
//! unless what is looked for is not in it.

use super::Shop;
use crate::types::Family;
use crate::types::span::DAY;
use anyhow::Result;
use std::collections::HashMap;

/// How long names are believed, in seconds.
const BELIEVED: i64 = DAY;

impl Shop {
    /// A category with those above it, such as `食品饮料/茶/绿茶`; `None` where the platform has none of this number.
    pub async fn category_name(&self, id: &str, now: i64) -> Result<Option<String>> {
        self.name_of("names/categories", id, now, async || {
            Ok(match self.family {
                Family::Component => {
                    let all = self.categories().await?.into_iter();
                    all.map(|one| {
                        let names = [one.first_cat_name, one.second_cat_name, one.third_cat_name];
                        (one.third_cat_id.to_string(), names.join("/"))
                    })
                    .collect()
                }
                Family::Store => {
                    let all = self.store_categories().await?;
                    all.iter()
                        .map(|one| (one.leaf().to_owned(), one.path()))
                        .collect()
                }
            })
        })
        .await
    }

    /// A brand that this shop may sell; `None` where it has none of this number.
    pub async fn brand_name(&self, id: &str, now: i64) -> Result<Option<String>> {
        self.name_of("names/brands", id, now, async || {
            Ok(match self.family {
                Family::Component => {
                    let all = self.my_brands().await?.unwrap_or_default().into_iter();
                    all.map(|one| (one.brand_id.to_string(), one.brand_wording))
                        .collect()
                }
                Family::Store => {
                    let all = self.store_brands().await?.into_iter();
                    all.map(|one| {
                        let name = if one.ch_name.is_empty() {
                            one.en_name
                        } else {
                            one.ch_name
                        };
                        (one.brand_id.to_string(), name)
                    })
                    .collect()
                }
            })
        })
        .await
    }

    /// The name of a number by a list that is kept under `question`.
    async fn name_of(
        &self,
        question: &str,
        id: &str,
        now: i64,
        ask: impl AsyncFnOnce() -> Result<HashMap<String, String>>,
    ) -> Result<Option<String>> {
        let (state, shop_key) = (self.client.state(), self.client.shop_key());
        let kept = state.answer(shop_key, question, now - BELIEVED)?;
        let kept = kept.and_then(|kept| serde_json::from_str(&kept).ok());
        let name =
            |mut names: HashMap<String, String>| names.remove(id).filter(|name| !name.is_empty());
        if let Some(name) = kept.and_then(name) {
            return Ok(Some(name));
        }
        let names = ask().await?;
        state.keep_answer(shop_key, question, &serde_json::to_string(&names)?, now)?;
        Ok(name(names))
    }
}
