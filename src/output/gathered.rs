//! Rows of several shops on their way into one list.

use super::Output;
use super::fields::{Heading, Need, Part, Picked};
use super::stream::Form;
use anyhow::Result;
use serde::Serialize;
use serde_json::Value;
use std::sync::{Arc, PoisonError};

/// Rows, until those of every shop are there.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    names: Vec<String>,
    headings: Vec<Heading>,
    parts: Vec<Part>,
}

impl Output {
    /// The same output for one of several shops. Forms for programs keep the rows until [`Output::show_gathered`], each
    /// with the name of its shop.
    pub fn of_shop(&self, name: &str) -> Output {
        let mut out = self.clone();
        if !self.is_for_people() {
            out.shop = Some(name.to_owned());
            out.gathered = Some(self.gathered.clone().unwrap_or_default());
        }
        out
    }

    /// The same output, which gathers the rows of several shops.
    pub fn gathering(&self) -> Output {
        let mut out = self.clone();
        out.gathered = Some(Arc::default());
        out
    }

    /// Shows the rows that [`Output::of_shop`] kept, as one list.
    pub fn show_gathered(&self) -> Result<()> {
        let Some(gathered) = &self.gathered else {
            return Ok(());
        };
        let gathered =
            std::mem::take(&mut *gathered.lock().unwrap_or_else(PoisonError::into_inner));
        if self.jq.is_some() {
            let values = gathered.parts.into_iter().map(Part::json);
            return self.value(&Value::from(values.collect::<Vec<Value>>()));
        }
        let mut form = Form::new(self, gathered.names, gathered.headings)?;
        for part in gathered.parts {
            form.push(part)?;
        }
        form.finish()
    }

    /// Keeps the rows of one shop.
    pub(super) fn gather<T: Serialize + 'static>(
        &self,
        picked: &Picked<T>,
        rows: &[&T],
    ) -> Result<()> {
        let Some(gathered) = &self.gathered else {
            return Ok(());
        };
        let need = if self.is_sheet() && self.jq.is_none() {
            Need::Cells
        } else {
            Need::Json
        };
        let parts = rows.iter().map(|row| picked.part(*row, need));
        let parts = parts.collect::<Result<Vec<_>>>()?;
        if !parts.is_empty() {
            picked.check_paths()?;
        }
        let mut gathered = gathered.lock().unwrap_or_else(PoisonError::into_inner);
        gathered.names = picked.names();
        gathered.headings = picked.headings();
        gathered.parts.extend(parts);
        Ok(())
    }
}
