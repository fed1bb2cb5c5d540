//! How far a shop is: everything that tells it, read at once. A read that fails is no reason to stop: its part says why.

mod component;
pub mod steps;

use super::joining::Component;
use super::number::Application;
use super::{Shop, lacks};
use crate::lang::Text;
use crate::text;
use crate::types::{Family, Fen};
use anyhow::Result;

/// What one read came to.
#[derive(Debug, Clone)]
pub enum Read<T> {
    Known(T),
    NotJoined,
    Offline,
    Unknown(Text),
}

/// Everything that was read.
pub struct Overview {
    pub component: Read<Component>,
    pub number: Read<Application>,
    /// Ways in which buyers reach the merchant.
    pub services: Read<usize>,
    pub categories: Read<usize>,
    /// Without "no brand".
    pub brands: Read<usize>,
    pub on_shelf: Read<u64>,
    pub goods: Read<u64>,
    pub promoters: Read<u64>,
    pub sharers: Read<u64>,
    pub balance: Read<Balance>,
    /// What stopped the reads, where not one of them was answered.
    pub stopped: Option<anyhow::Error>,
}

/// The money of a shop; `None` where it is not told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Balance {
    pub available: Option<Fen>,
    /// Not settled yet.
    pub pending: Option<Fen>,
}

impl<T> Read<T> {
    fn is_offline(&self) -> bool {
        matches!(self, Read::Offline)
    }
}

impl Overview {
    /// Whether any call is out of service.
    pub fn is_offline(&self) -> bool {
        self.component.is_offline()
            || self.number.is_offline()
            || self.services.is_offline()
            || self.categories.is_offline()
            || self.brands.is_offline()
            || self.on_shelf.is_offline()
    }
}

impl Shop {
    /// Reads everything.
    ///
    /// # Errors
    /// For a family of which this is not told.
    pub async fn overview(&self) -> Result<Overview> {
        match self.family {
            Family::Component => Ok(component::overview(self).await),
            Family::Store => Err(lacks(text!("this command")).into()),
        }
    }
}
