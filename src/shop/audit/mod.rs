//! Products that the platform looks at before buyers see them.

pub(super) mod component;

use super::{Shop, lacks};
use crate::text;
use crate::types::Family;
use anyhow::Result;

/// How far the draft of a product is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    /// The merchant's number of the product.
    pub number: String,
    /// When it was handed in, unix seconds; `None` where that cannot be read.
    pub submitted: Option<i64>,
    /// It has no result yet.
    pub is_open: bool,
}

impl Shop {
    /// The drafts of all products that have a number.
    pub async fn audits(&self) -> Result<Vec<Audit>> {
        match self.family {
            Family::Component => component::audits(self).await,
            Family::Store => Err(lacks(text!("this command")).into()),
        }
    }
}
