//! A WeChat Store as a whole: how it stands, and what its products name.

pub mod check;
mod compose;
pub mod goods;
pub mod job;
mod one;
pub mod opening;
pub mod plan;
pub mod rejection;
pub mod sale;
pub mod sheet;
pub mod writer;

use super::Shop;
use crate::api::store::Id;
use crate::api::store::category::{
    ALL_PATH, AllReply, GetDetail, GetProductRule, ListRelations, ProductRule, Relation,
};
use crate::api::store::goods::{AuditQuota, GetAuditQuota, ListProducts, status};
use crate::api::store::merchant::{
    Address, Brand, GetAddress, GetTemplate, INFO_PATH, Info, InfoReply, ListAddresses,
    ListTemplates, ListValidBrands, Template,
};
use crate::fail::{Failure, Kind, failure};
use crate::model::category_rule::Requirements;
use crate::text;
use anyhow::Result;
use futures_util::{StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};

/// The largest page of ids of addresses and freight templates.
const IDS: i64 = 50;
const BRANDS: i64 = 50;
/// Details read at the same time.
const AT_ONCE: usize = 8;

/// How a store stands; it is opened and closed in its console.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreState {
    Opening,
    Open,
    Closing,
    Closed,
    /// A word that is not known.
    Unknown,
}

impl StoreState {
    pub fn read(word: &str) -> StoreState {
        match word {
            "opening" => StoreState::Opening,
            "open_finished" => StoreState::Open,
            "closing" => StoreState::Closing,
            "close_finished" => StoreState::Closed,
            _ => StoreState::Unknown,
        }
    }

    /// Why a store of this state takes no writes.
    pub fn refusal(self) -> Failure {
        let words = match self {
            StoreState::Opening => text!("the store is not opened yet"),
            StoreState::Closing => text!("the store is being closed and accepts almost no changes"),
            StoreState::Closed => text!("the store is closed"),
            StoreState::Open | StoreState::Unknown => text!("the store is open"),
        };
        Failure::new(Kind::NotReady, words).hint(text!(
            "continue in the console of the store: https://store.weixin.qq.com"
        ))
    }
}

/// One way from a root of the category tree to a leaf.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CategoryPath {
    pub ids: Vec<Id>,
    pub names: Vec<String>,
}

impl CategoryPath {
    pub fn leaf(&self) -> &str {
        self.ids.last().map_or("", Id::as_str)
    }

    /// `食品饮料/茶/绿茶`
    pub fn path(&self) -> String {
        self.names.join("/")
    }

    /// How many images a product needs: food and fresh goods need more.
    pub fn requirements(&self) -> Requirements {
        let is_food = self
            .names
            .first()
            .is_some_and(|root| root.contains("食品") || root.contains("生鲜"));
        if is_food {
            Requirements {
                head_images: 4,
                detail_images: 3,
            }
        } else {
            Requirements::default()
        }
    }
}

impl Shop {
    /// Name and state of the store.
    pub async fn store_info(&self) -> Result<Info> {
        let reply: InfoReply = self.client.read(INFO_PATH).await?;
        Ok(reply.info)
    }

    /// Every leaf of the category tree with the way to it; some megabytes.
    pub async fn store_categories(&self) -> Result<Vec<CategoryPath>> {
        let reply: AllReply = self.client.read(ALL_PATH).await?;
        let path = |branch: crate::api::store::category::Branch| {
            let (ids, names) = branch
                .cat_and_qua
                .into_iter()
                .map(|twig| (twig.cat.cat_id, twig.cat.name))
                .unzip();
            CategoryPath { ids, names }
        };
        Ok(reply.cats_v2.into_iter().map(path).collect())
    }

    /// What the store may sell in, and what it may no longer sell in.
    pub async fn store_relations(&self) -> Result<Vec<Relation>> {
        let all = ListRelations {
            is_filter_status: false,
            status: None,
        };
        Ok(self.client.call(&all).await?.list)
    }

    /// What a product of a leaf must have, for this store and a brand of it. Where the call is not to be had, the
    /// detail of the category has it without conditions.
    pub async fn store_rule(&self, leaf: &Id, brand: &Id) -> Result<ProductRule> {
        let request = GetProductRule {
            cat_id: leaf.clone(),
            brand_id: brand.clone(),
        };
        let error = match self.client.call(&request).await {
            Ok(rule) => return Ok(rule),
            Err(error) => error,
        };
        let kind = failure(&error).map(|failure| failure.kind);
        if !matches!(kind, Some(Kind::Access | Kind::Refused)) {
            return Err(error);
        }
        let detail = GetDetail {
            cat_id: leaf.clone(),
        };
        match self.client.call(&detail).await {
            Ok(detail) => Ok(detail.into()),
            Err(_) => Err(error),
        }
    }

    /// Brands that the store may use.
    pub async fn store_brands(&self) -> Result<Vec<Brand>> {
        let (mut brands, mut key) = (Vec::new(), String::new());
        loop {
            let request = ListValidBrands {
                page_size: BRANDS,
                next_key: key.clone(),
            };
            let page = self.client.call(&request).await?;
            let came = page.brands.len();
            brands.extend(page.brands);
            if came == 0 || page.next_key.is_empty() || page.next_key == key {
                return Ok(brands);
            }
            key = page.next_key;
        }
    }

    /// Freight templates, each read whole.
    pub async fn store_templates(&self) -> Result<Vec<Template>> {
        let mut ids: Vec<Id> = Vec::new();
        loop {
            let request = ListTemplates {
                offset: i64::try_from(ids.len()).unwrap_or(i64::MAX),
                limit: IDS,
            };
            let page = self.client.call(&request).await?.template_id_list;
            let whole = page.len() as i64 >= IDS;
            ids.extend(page);
            if !whole {
                break;
            }
        }
        let read = |template_id: Id| async move {
            let reply = self.client.call(&GetTemplate { template_id }).await?;
            anyhow::Ok(reply.freight_template)
        };
        futures_util::stream::iter(ids)
            .map(read)
            .buffered(AT_ONCE)
            .try_collect()
            .await
    }

    /// Addresses, each read whole; names and phones come masked.
    pub async fn store_addresses(&self) -> Result<Vec<Address>> {
        let mut ids: Vec<Id> = Vec::new();
        loop {
            let request = ListAddresses {
                offset: i64::try_from(ids.len()).unwrap_or(i64::MAX),
                limit: IDS,
            };
            let page = self.client.call(&request).await?.address_id_list;
            let whole = page.len() as i64 >= IDS;
            ids.extend(page);
            if !whole {
                break;
            }
        }
        let read = |address_id: Id| async move {
            let reply = self.client.call(&GetAddress { address_id }).await?;
            anyhow::Ok(reply.address_detail)
        };
        futures_util::stream::iter(ids)
            .map(read)
            .buffered(AT_ONCE)
            .try_collect()
            .await
    }

    /// What may still be handed to the audit.
    pub async fn store_quota(&self) -> Result<AuditQuota> {
        Ok(self.client.call(&GetAuditQuota {}).await?.audit_quota)
    }

    /// How many products are on sale.
    pub async fn store_on_sale(&self) -> Result<u64> {
        let request = ListProducts {
            status: Some(status::ON_SALE),
            page_size: 1,
            ..ListProducts::default()
        };
        Ok(self.client.call(&request).await?.total_num)
    }
}
