//! After-sales: one by its number, and the numbers of a list.

mod component;

use super::reading::Fetched;
use super::walk::Walked;
use super::{Shop, lacks};
use crate::model::aftersale::{Aftersale, State};
use crate::text;
use crate::types::Family;
use anyhow::Result;

/// How an after-sale is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// By the platform's number.
    Id(String),
    /// By the merchant's.
    Own(String),
}

impl Key {
    /// The number itself.
    pub fn number(&self) -> &str {
        match self {
            Key::Id(number) | Key::Own(number) => number,
        }
    }
}

/// Which after-sales. What is not said fits all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    pub state: Option<State>,
    /// Opened within, unix seconds; both ends belong to it.
    pub since: Option<i64>,
    pub until: Option<i64>,
    /// The merchant's number of the order.
    pub order: Option<String>,
    /// Openid.
    pub buyer: Option<String>,
}

impl Shop {
    /// One after-sale.
    ///
    /// # Errors
    /// Also where the reply has none.
    pub async fn aftersale(&self, key: &Key) -> Result<Fetched<Aftersale>> {
        match self.family {
            Family::Component => component::get(self, key).await,
            Family::Store => Err(lacks(text!("this command")).into()),
        }
    }

    /// The platform's numbers of the after-sales that fit, each once.
    pub async fn aftersale_ids(
        &self,
        filter: &Filter,
        limit: Option<usize>,
    ) -> Result<Walked<String>> {
        match self.family {
            Family::Component => component::ids(self, filter, limit).await,
            Family::Store => Err(lacks(text!("this command")).into()),
        }
    }
}
