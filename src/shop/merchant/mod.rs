//! The merchant's own settings and permissions, and the category tree.

pub mod component;

pub use component::{HANDLER, MAINLAND, picture_id, traits};

use super::{Shop, lacks};
use crate::api::component::account::{
    Brand, GetBrandList, GetCategoryList, GetInfo, Info, UpdateInfo,
};
use crate::api::component::category::{CatGet, Category};
use crate::text;
use crate::types::Family;
use anyhow::Result;

impl Shop {
    /// Customer service; `None` where WeChat says nothing about it.
    pub async fn merchant(&self) -> Result<Option<Info>> {
        Ok(match self.family {
            Family::Component => self.client.call(&GetInfo {}).await?.data,
            Family::Store => return Err(lacks(text!("this command")).into()),
        })
    }

    pub async fn update_merchant(&self, update: &UpdateInfo) -> Result<()> {
        match self.family {
            Family::Component => self.client.call(update).await?,
            Family::Store => return Err(lacks(text!("this command")).into()),
        };
        Ok(())
    }

    /// Every third-level category with its parents.
    pub async fn categories(&self) -> Result<Vec<Category>> {
        Ok(match self.family {
            Family::Component => self.client.call(&CatGet {}).await?.third_cat_list,
            Family::Store => return Err(lacks(text!("this command")).into()),
        })
    }

    /// Categories this merchant may sell in; `None` where WeChat names no list.
    pub async fn my_categories(&self) -> Result<Option<Vec<Category>>> {
        Ok(match self.family {
            Family::Component => self.client.call(&GetCategoryList {}).await?.data,
            Family::Store => return Err(lacks(text!("this command")).into()),
        })
    }

    /// Brands whose audit passed; `None` where WeChat names no list.
    pub async fn my_brands(&self) -> Result<Option<Vec<Brand>>> {
        Ok(match self.family {
            Family::Component => self.client.call(&GetBrandList {}).await?.data,
            Family::Store => return Err(lacks(text!("this command")).into()),
        })
    }
}

/// What an application for a merchant number says of itself, and so what else it needs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traits {
    /// The legal representative has an identity card of the mainland.
    pub by_card: bool,
    /// A settlement account is named.
    pub has_account: bool,
    /// A handler does the business.
    pub by_handler: bool,
    /// The super administrator is the legal representative.
    pub by_legal_person: bool,
}
