//! Lists of after-sales: the platform lists numbers alone, and each is read.

use super::Filter;
use crate::model::aftersale::{Aftersale, STAGES, State};
use crate::shop::Shop;
use anyhow::Result;
use futures_util::{StreamExt, TryStreamExt, stream};
use std::collections::HashSet;

/// How many are read at a time.
pub const AT_ONCE: usize = 4;
/// How often lists by state are read while after-sales move between them.
const ROUNDS: u32 = 3;

/// Of which states after-sales are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum States {
    All,
    /// Those in which something runs out.
    WithAClock,
    /// Those that can still move.
    Open,
    These(Vec<State>),
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Query {
    /// Without a state.
    pub filter: Filter,
    pub states: States,
    /// So many at the most, where all states are meant.
    pub limit: Option<usize>,
}

impl Shop {
    /// All after-sales that were opened between the two times, in unix seconds; both belong to it.
    pub async fn aftersales_between(&self, since: i64, until: i64) -> Result<Vec<Aftersale>> {
        let filter = Filter {
            since: Some(since),
            until: Some(until),
            ..Filter::default()
        };
        let walked = self.aftersale_ids(&filter, None).await?;
        self.note_unsure(walked.unsure);
        let mut found = stream::iter(walked.rows)
            .map(|id| async move { self.aftersale_listed(&id).await })
            .buffered(AT_ONCE);
        let mut rows = Vec::new();
        while let Some(found) = found.try_next().await? {
            rows.push(found.value);
        }
        Ok(rows)
    }

    /// The numbers to be read, without those that cannot fit. The end is fixed before the first page. An after-sale that
    /// moves from a list that is still to come into one that was read would be in neither, so that several lists are read
    /// until a round finds nothing new.
    pub async fn aftersale_numbers(&self, query: &Query) -> Result<Vec<String>> {
        let of_stages = |fits: fn(&crate::model::aftersale::Stage) -> bool| -> Vec<State> {
            let stages = STAGES.iter().filter(|stage| fits(stage));
            stages.map(|stage| stage.state).collect()
        };
        let states = match &query.states {
            States::All => {
                let walked = self.aftersale_ids(&query.filter, query.limit).await?;
                self.note_unsure(walked.unsure);
                return Ok(walked.rows);
            }
            States::WithAClock => of_stages(|stage| stage.limit.is_some()),
            States::Open => of_stages(|stage| stage.state.is_open()),
            States::These(states) => states.clone(),
        };
        let mut ids: Vec<String> = Vec::new();
        let mut seen = HashSet::new();
        let rounds = if states.len() > 1 { ROUNDS } else { 1 };
        let mut new = 0;
        for round in 0..rounds {
            new = 0;
            for state in &states {
                let filter = Filter {
                    state: Some(*state),
                    ..query.filter.clone()
                };
                for id in self.aftersale_ids(&filter, None).await?.rows {
                    if seen.insert(id.clone()) {
                        ids.push(id);
                        new += 1;
                    }
                }
            }
            if round > 0 && new == 0 {
                break;
            }
        }
        if rounds > 1 {
            self.note_unsure(new);
        }
        // WeChat's numbers rise with time.
        ids.sort_by_key(|id| id.parse::<u64>().unwrap_or(u64::MAX));
        Ok(ids)
    }
}
