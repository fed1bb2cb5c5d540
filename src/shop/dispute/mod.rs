//! Disputes: one with its history, and the list.

mod component;
pub mod evidence;

use super::reading::Fetched;
use super::walk::Walked;
use super::write::Found;
use super::{Shop, lacks};
use crate::model::dispute::{Dispute, Event, Party, State};
use crate::state::money::Movement;
use crate::text;
use crate::types::{Family, Id64};
use anyhow::Result;
use serde::{Deserialize, Serialize};

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

/// By what evidence is found in the history of a dispute.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Handed {
    /// The statement; empty where it is pictures alone.
    pub words: String,
    /// How often the history had the like before.
    pub before: usize,
}

impl Handed {
    /// Evidence that is going to be handed in.
    pub fn after(history: &History, words: &str) -> Handed {
        let mut handed = Handed {
            words: words.to_owned(),
            before: 0,
        };
        handed.before = handed.count(history);
        handed
    }

    /// What the merchant brought with this statement.
    fn count(&self, history: &History) -> usize {
        let ours = history
            .events
            .iter()
            .filter(|event| event.party == Some(Party::Merchant));
        ours.filter(|event| event.statement.trim() == self.words.trim())
            .count()
    }
}

impl Shop {
    /// Evidence in the history of its dispute, once more than before.
    pub async fn find_evidence(&self, movement: &Movement) -> Result<Option<Found>> {
        let handed: Handed = serde_json::from_str(&movement.look).unwrap_or_default();
        let found = self.dispute(movement.subject.parse()?).await?;
        let there = handed.count(&found.value) > handed.before;
        Ok(there.then(Found::default))
    }

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
