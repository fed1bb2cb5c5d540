//! Products that the platform looks at before buyers see them.

pub(super) mod component;

use super::{Shop, lacks};
use crate::lang::Text;
use crate::text;
use crate::types::Family;
use anyhow::Result;
use serde_json::Value;

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

/// What an application for a brand lacks.
pub fn brand_problems(family: Family, application: &Value) -> Vec<Text> {
    match family {
        Family::Component => component::brand_problems(application),
        Family::Store => vec![lacks(text!("this command")).message],
    }
}
