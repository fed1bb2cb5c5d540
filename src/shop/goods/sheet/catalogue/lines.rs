//! Files of JSON documents, read into products.

use super::{Group, Reading, RowRef, some_id};
use crate::bulk::json;
use crate::bulk::source::SourceKind;
use crate::shop::goods::sheet::cells::Fault;
use crate::shop::goods::sheet::documents;
use crate::shop::goods::sheet::fields::Field;
use crate::shop::goods::sheet::rows::Payload;
use crate::text;
use anyhow::Result;
use std::borrow::Cow;

impl<T: Payload> Reading<'_, T> {
    pub(super) fn json(&mut self, kind: SourceKind) -> Result<()> {
        let source = &self.this_file().source;
        let (name, file) = (source.name.clone(), source.reader()?);
        json::each(&name, file, kind, &mut |document| self.document(&document))
    }

    pub(super) fn document(&mut self, document: &json::Document<'_>) -> Result<bool> {
        self.counts.rows += 1;
        let lines = self.this_file().source.kind == SourceKind::Jsonl;
        let read = match &document.text {
            Err(why) => Err(Fault::new(text!("not JSON: {why}", why))),
            Ok(text) => {
                let options = self.options;
                documents::read::<T>(
                    text,
                    &|field| options.name_of(field),
                    &mut |field, name, value| self.vet(field, name, value),
                )
            }
        };
        let mut read = match read {
            Ok(read) => read,
            Err(fault) => {
                let open = fault.is_open && lines;
                let problem = self.problem(Some(document.line), None, None, fault);
                self.note(problem);
                // A product over several lines: what its other lines lack would say nothing.
                return Ok(!open);
            }
        };
        let faulty_id = read
            .faults
            .iter()
            .any(|(_, field, _)| *field == Field::OutProductId);
        if read.values.id.is_empty() && !faulty_id {
            read.faults.push((
                "out_product_id".into(),
                Field::OutProductId,
                Fault::new(text!(
                    "{name} is missing",
                    name = self.options.name_of(Field::OutProductId)
                )),
            ));
        }
        if read.values.skus.is_empty() && T::CREATES && !self.options.partial {
            read.faults.push((
                "skus".into(),
                Field::OutSkuId,
                Fault::new(text!("the product has no SKU")),
            ));
        }
        let bad = !read.faults.is_empty();
        for (path, field, fault) in std::mem::take(&mut read.faults) {
            let mut problem = self.problem(Some(document.line), None, Some(field), fault);
            problem.field = Some(Cow::Owned(path));
            problem.out_product_id = some_id(&read.values.id);
            self.note(problem);
        }
        let input = u32::try_from(self.files.len() - 1)?;
        let mut rows: Vec<RowRef> = read
            .sku_touched
            .iter()
            .map(|bits| RowRef {
                input,
                row: document.line,
                touched: bits | read.touched,
            })
            .collect();
        if rows.is_empty() {
            rows.push(RowRef {
                input,
                row: document.line,
                touched: read.touched,
            });
        }
        self.counts.skus += read.values.skus.len() as u64;
        self.end_group();
        self.current = Some(Group {
            values: read.values,
            rows,
            bad,
        });
        self.end_group();
        Ok(true)
    }
}
