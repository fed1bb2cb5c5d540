//! Disputes: one with its history, and the list.

mod component;

use super::reading::Fetched;
use super::walk::Walked;
use super::{Shop, lacks};
use crate::model::dispute::{Dispute, Event, State};
use crate::text;
use crate::types::{Family, Id64};
use anyhow::Result;

/// Which disputes. What is not said fits all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// The platform's pages name this filter in two ways, so that it may do nothing: hold the rows against it.
    pub state: Option<State>,
    /// Why, by the platform's number.
    pub kind: Option<i64>,
    /// Opened within, unix seconds.
    pub since: Option<i64>,
    pub until: Option<i64>,
    /// The platform's numbers.
    pub order: Option<Id64>,
    pub aftersale: Option<Id64>,
}

/// A dispute with what happened so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    pub dispute: Dispute,
    pub events: Vec<Event>,
}

impl Shop {
    /// One dispute with its history.
    ///
    /// # Errors
    /// Also where the reply has none.
    pub async fn dispute(&self, id: Id64) -> Result<Fetched<History>> {
        match self.family {
            Family::Component => component::get(self, id).await,
            Family::Store => Err(lacks(text!("this command")).into()),
        }
    }

    /// The disputes that fit, each once.
    pub async fn disputes(
        &self,
        filter: &Filter,
        limit: Option<usize>,
    ) -> Result<Walked<Fetched<Dispute>>> {
        match self.family {
            Family::Component => component::list(self, filter, limit).await,
            Family::Store => Err(lacks(text!("this command")).into()),
        }
    }
}
