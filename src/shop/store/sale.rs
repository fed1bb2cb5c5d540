//! Flash sales of a WeChat Store, and where its products are held back.

use crate::api::Resend;
use crate::api::store::Id;
use crate::api::store::goods::{
    GetRestricted, LIST_SALES_PATH, ListSales, RESTRICTED_PATH, RestrictedInfo, RestrictedReply,
    SalesReply, SentSku, Sku,
};
use crate::fail::{Failure, Kind};
use crate::model::flash_sale::SaleSku;
use crate::shop::Shop;
use crate::text;
use crate::types::Fen;
use anyhow::Result;

/// Products that one look takes.
const AT_ONCE: usize = 50;

/// A SKU as it is sold in a flash sale, by the merchant's number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    pub number: String,
    pub price: Fen,
    pub stock: i64,
}

impl Shop {
    /// The SKUs of a product for a flash sale, beside what they cost and hold now.
    ///
    /// # Errors
    /// A product that is not on sale, and SKUs that it does not have.
    pub async fn sale_skus(
        &self,
        id: &str,
        number: &str,
        offers: &[Offer],
    ) -> Result<Vec<(SaleSku, SentSku)>> {
        let online = self.store_product(id).await?.and_then(|held| held.product);
        let Some(online) = online else {
            return Err(Failure::new(
                Kind::Refused,
                text!("product {number} is not on sale", number),
            )
            .into());
        };
        let mut skus: Vec<(SaleSku, SentSku)> = Vec::new();
        for offer in offers {
            let is =
                |sku: &&Sku| sku.out_sku_id == offer.number || sku.sku_id.as_str() == offer.number;
            let Some(sku) = online.skus.iter().find(is) else {
                let known: Vec<&str> = online
                    .skus
                    .iter()
                    .map(|sku| {
                        if sku.out_sku_id.is_empty() {
                            sku.sku_id.as_str()
                        } else {
                            &sku.out_sku_id
                        }
                    })
                    .collect();
                return Err(Failure::input(text!(
                    "product {number} has no SKU {sku}",
                    number,
                    sku = &offer.number
                ))
                .hint(text!("it has {skus}", skus = known.join(", ")))
                .into());
            };
            if skus.iter().any(|(_, known)| known.sku_id == sku.sku_id) {
                return Err(
                    Failure::input(text!("SKU {sku} is given twice", sku = &offer.number)).into(),
                );
            }
            skus.push((
                SaleSku {
                    number: offer.number.clone(),
                    price: sku.sale_price,
                    stock: sku.stock_num,
                    sale_price: offer.price,
                    sale_stock: offer.stock,
                },
                SentSku {
                    sku_id: sku.sku_id.clone(),
                    sale_price: offer.price,
                    sale_stock: offer.stock,
                },
            ));
        }
        Ok(skus)
    }

    /// The flash sale of a product that has not ended.
    pub async fn open_sale(&self, id: &str) -> Result<Option<Id>> {
        let mut key = String::new();
        loop {
            let request = ListSales {
                page_size: AT_ONCE,
                next_key: &key,
            };
            let page: SalesReply = self
                .client
                .post(LIST_SALES_PATH, &[], &request, Resend::Safe)
                .await?;
            let came = page.limited_discount_tasks.len();
            let mut tasks = page.limited_discount_tasks.into_iter();
            let found = tasks.find(|sale| sale.product_id.as_str() == id && sale.status < 2);
            if found.is_some() || came == 0 || page.next_key.is_empty() || page.next_key == key {
                return Ok(found.map(|sale| sale.task_id));
            }
            key = page.next_key;
        }
    }

    /// Where and why products are held back; those that are nowhere are left out.
    pub async fn store_restricted(&self, ids: &[Id]) -> Result<Vec<RestrictedInfo>> {
        let mut found = Vec::new();
        for part in ids.chunks(AT_ONCE) {
            let request = GetRestricted { product_ids: part };
            let reply: RestrictedReply = self
                .client
                .post(RESTRICTED_PATH, &[], &request, Resend::Safe)
                .await?;
            found.extend(reply.data.restricted_info_list);
        }
        found.retain(|one| !one.scene_info.is_empty());
        Ok(found)
    }
}
