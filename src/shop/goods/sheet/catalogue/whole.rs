//! Checks that need all rows of a product, and the joining of rows that do not stand together.

use super::stager::Staged;
use super::{CHANGES, Group, JOINED, MOST_SKUS, Reading, RowRef, SheetFile, outline, some_id};
use crate::bulk::source::SourceKind;
use crate::bulk::spool::Cursor;
use crate::shop::goods::sheet::cells::{Fault, Value};
use crate::shop::goods::sheet::fields::{Field, PRODUCT_FIELDS, SKU_FIELDS, SPECS};
use crate::shop::goods::sheet::problem::Problem;
use crate::shop::goods::sheet::rows::{Payload, Values, sku_slot};
use crate::text;
use crate::types::spelling::folded;
use anyhow::Result;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

impl<T: Payload> Reading<'_, T> {
    /// What a product as a whole lacks.
    pub(super) fn incomplete_in(&self, values: &Values, rows: &[RowRef]) -> Vec<Problem> {
        let mut found = Vec::new();
        let needs = if self.options.partial { &[] } else { T::NEEDS };
        let touched = rows.iter().fold(0, |bits, row| bits | row.touched);
        let given = |bits: u64, field: Field| {
            bits & (field.bit() | field.twin().map_or(0, Field::bit)) != 0
        };
        // A column that is not there was said to be missing once.
        let has_column = |row: Option<&RowRef>, field: Field| {
            let row = row.or(rows.first());
            row.is_none_or(|row| {
                !self.files[row.input as usize]
                    .columns
                    .missing
                    .contains(&field)
            })
        };
        let missing = |place: usize, field: Field| {
            let name = self.name_in(rows.get(place).or(rows.first()), field);
            let fault = Fault::new(text!("{name} is missing", name));
            self.lack(values, rows, place, field, fault)
        };
        for field in needs.iter().copied().filter(|field| field.of_product()) {
            if !given(touched, field) && has_column(None, field) {
                found.push(missing(0, field));
            }
        }
        if values.skus.len() > MOST_SKUS {
            let fault = Fault::new(text!(
                "the product has {count} SKUs; the limit is {most}",
                count = values.skus.len(),
                most = MOST_SKUS
            ))
            .hint(text!("split it into several products"));
            found.push(self.lack(values, rows, 0, Field::OutProductId, fault));
        }
        // Of a change from options, the other price is the shop's.
        let made = rows
            .first()
            .is_some_and(|row| self.files[row.input as usize].source.made);
        for (place, sku) in values.skus.iter().enumerate().filter(|_| !made) {
            if let (Some(Value::Fen(sale)), Some(Value::Fen(list))) = (
                &sku[sku_slot(Field::SalePrice)],
                &sku[sku_slot(Field::MarketPrice)],
            ) && list < sale
            {
                let row = rows.get(place).or(rows.first());
                let fault = Fault::new(text!(
                    "{list} {amount} is below {sale} {price}",
                    list = self.name_in(row, Field::MarketPrice),
                    amount = list.to_yuan(),
                    sale = self.name_in(row, Field::SalePrice),
                    price = sale.to_yuan()
                ))
                .hint(text!(
                    "correct one of the two, or leave the list price empty"
                ));
                found.push(self.lack(values, rows, place, Field::MarketPrice, fault));
            }
        }
        for (place, row) in rows.iter().enumerate().take(values.skus.len()) {
            for field in needs.iter().copied().filter(|field| !field.of_product()) {
                if !given(row.touched, field) && has_column(Some(row), field) {
                    found.push(missing(place, field));
                }
            }
            if T::CREATES {
                continue;
            }
            let changes = CHANGES.iter().any(|field| given(row.touched, *field));
            if changes && !given(row.touched, Field::OutSkuId) {
                found.push(missing(place, Field::OutSkuId));
            }
            if !changes && !given(touched, Field::Path) {
                let fault = Fault::new(text!("there is nothing to change in this row"))
                    .hint(text!("give a price, the stock, a code or the path"));
                found.push(self.lack(values, rows, place, Field::OutSkuId, fault));
            }
        }
        if values.skus.len() > 1 {
            self.compare_skus(values, rows, &mut found);
        }
        found
    }

    /// SKUs of one product: no number twice, the same attributes in each, no two alike.
    pub(super) fn compare_skus(&self, values: &Values, rows: &[RowRef], found: &mut Vec<Problem>) {
        let place_of = |place: usize, field: Field| {
            rows.get(place)
                .or(rows.first())
                .map_or_else(String::new, |row| self.location(row, field, place))
        };
        let mut ids: HashMap<&str, usize> = HashMap::new();
        let mut folds: HashMap<String, usize> = HashMap::new();
        let mut looks: HashMap<Vec<(&str, &str)>, usize> = HashMap::new();
        let mut names: Option<Vec<&str>> = None;
        // Blank in all of them keeps what the shop has; a new product is looked at when it is sent.
        let says_nothing =
            |sku: &[Option<Value>; SKU_FIELDS]| sku[sku_slot(Field::SkuAttrs)].is_none();
        let none_given = values.skus.iter().all(says_nothing);
        for (place, sku) in values.skus.iter().enumerate() {
            if let Some(Value::Text(id)) = &sku[sku_slot(Field::OutSkuId)]
                && let Some(first) = ids.insert(id, place)
            {
                let fault = Fault::new(text!(
                    "the SKU {id} is already at {place}",
                    id,
                    place = place_of(first, Field::OutSkuId)
                ));
                found.push(self.lack(values, rows, place, Field::OutSkuId, fault));
                continue;
            }
            if let Some(Value::Text(id)) = &sku[sku_slot(Field::OutSkuId)]
                && let Some(first) = folds.insert(folded(id), place)
                && let Some(Value::Text(other)) = &values.skus[first][sku_slot(Field::OutSkuId)]
            {
                let fault = look_alike(id, other, place_of(first, Field::OutSkuId));
                found.push(self.lack(values, rows, place, Field::OutSkuId, fault));
            }
            let unread = rows
                .get(place)
                .is_some_and(|row| row.touched & Field::SkuAttrs.bit() != 0)
                && sku[sku_slot(Field::SkuAttrs)].is_none();
            if !T::CREATES || unread || none_given {
                continue;
            }
            let mut look: Vec<(&str, &str)> = match &sku[sku_slot(Field::SkuAttrs)] {
                Some(Value::Attrs(attrs)) => attrs
                    .iter()
                    .map(|attr| (attr.attr_key.as_str(), attr.attr_value.as_str()))
                    .collect(),
                _ => Vec::new(),
            };
            look.sort_unstable();
            let keys: Vec<&str> = look.iter().map(|(key, _)| *key).collect();
            if names.get_or_insert_with(|| keys.clone()) != &keys {
                let fault = Fault::new(text!(
                    "the SKUs of a product need the same attributes; the first SKU has different ones"
                ))
                .hint(text!(
                    "give every SKU of the product the same attribute names, e.g. color and size"
                ));
                found.push(self.lack(values, rows, place, Field::SkuAttrs, fault));
            } else if let Some(first) = looks.insert(look, place) {
                let fault = Fault::new(text!(
                    "the SKU has the same attributes as the one at {place}",
                    place = place_of(first, Field::SkuAttrs)
                ))
                .hint(text!("write how the two differ, e.g. color=red"));
                found.push(self.lack(values, rows, place, Field::SkuAttrs, fault));
            }
        }
    }

    /// What the file of a row calls a field.
    fn name_in(&self, row: Option<&RowRef>, field: Field) -> String {
        match row.map(|row| &self.files[row.input as usize]) {
            Some(file) if !is_document(file) => file.columns.name_of(field).to_owned(),
            _ => self.options.name_of(field).to_owned(),
        }
    }

    /// Finds products whose numbers differ in nothing that anybody sees.
    pub(super) fn compare_numbers(&mut self, staged: &mut Staged) -> Result<()> {
        let mut order: Vec<usize> = (0..self.folds.len())
            .filter(|entry| staged.places[*entry] != JOINED)
            .collect();
        order.sort_unstable_by_key(|entry| (self.folds[*entry], *entry));
        let alike: Vec<Vec<usize>> = order
            .chunk_by(|one, other| self.folds[*one] == self.folds[*other])
            .filter(|same| same.len() > 1)
            .map(<[usize]>::to_vec)
            .collect();
        if alike.is_empty() {
            return Ok(());
        }
        let spool = staged.spool.reader()?;
        let mut cursor = spool.cursor();
        for entries in alike {
            let mut first: Option<(String, String, usize)> = None;
            for entry in entries {
                let (meta, _) = cursor.record(staged.places[entry])?;
                let (outline, rows) = outline::read(meta)?;
                let place = rows.first().map_or_else(String::new, |row| {
                    self.location(row, Field::OutProductId, 0)
                });
                let Some((number, known, of_first)) = &first else {
                    first = Some((outline.key, place, entry));
                    continue;
                };
                // Two numbers may share a hash.
                if folded(number) != folded(&outline.key) || *number == outline.key {
                    continue;
                }
                let of_first = *of_first;
                let fault = look_alike(&outline.key, number, known.clone());
                let values = Values {
                    id: outline.key,
                    ..Values::default()
                };
                let problem = self.lack(&values, &rows, 0, Field::OutProductId, fault);
                self.note(problem);
                self.bad.extend([of_first, entry]);
            }
        }
        staged.spool.resume()
    }

    pub(super) fn location(&self, row: &RowRef, field: Field, sku: usize) -> String {
        self.problem_at(row, field, sku, Fault::new(text!("")))
            .location()
    }

    pub(super) fn lack(
        &self,
        values: &Values,
        rows: &[RowRef],
        place: usize,
        field: Field,
        fault: Fault,
    ) -> Problem {
        let row = rows.get(place).or(rows.first()).copied().unwrap_or(RowRef {
            input: 0,
            row: 0,
            touched: 0,
        });
        let mut problem = self.problem_at(&row, field, place, fault);
        problem.out_product_id = some_id(&values.id);
        problem
    }

    pub(super) fn problem_at(
        &self,
        row: &RowRef,
        field: Field,
        sku: usize,
        fault: Fault,
    ) -> Problem {
        let input = row.input as usize;
        let file = &self.files[input];
        let mut problem = self.problem_in(
            input,
            Some(row.row),
            file.columns.place_of_value(field),
            Some(field),
            fault,
        );
        if is_document(file) && !field.of_product() {
            problem.field = Some(Cow::Owned(format!("skus[{sku}].{}", field.name())));
        }
        problem
    }

    /// Finds products whose rows do not stand together.
    pub(super) fn join_scattered(&mut self, staged: &mut Staged) -> Result<()> {
        let hashes = &self.hashes;
        let mut order: Vec<u32> = (0..u32::try_from(hashes.len())?).collect();
        order.sort_unstable_by_key(|entry| (hashes[*entry as usize], *entry));
        let scattered: Vec<Vec<usize>> = order
            .chunk_by(|one, other| hashes[*one as usize] == hashes[*other as usize])
            .filter(|same| same.len() > 1)
            .map(|same| same.iter().map(|entry| *entry as usize).collect())
            .collect();
        drop(order);
        if scattered.is_empty() {
            return Ok(());
        }
        let again: HashSet<usize> = scattered.iter().flatten().copied().collect();
        self.incomplete.retain(|(entry, _)| !again.contains(entry));
        let spool = staged.spool.reader()?;
        let mut cursor = spool.cursor();
        let mut joined = Vec::new();
        for entries in scattered {
            // Two numbers may share a hash; their rows stay apart.
            let mut by_id: Vec<(usize, Group)> = Vec::new();
            for entry in entries {
                let group = self.group_at(&mut cursor, staged.places[entry], entry)?;
                match by_id
                    .iter_mut()
                    .find(|(_, known)| known.values.id == group.values.id)
                {
                    None => by_id.push((entry, group)),
                    Some((_, known)) => {
                        staged.places[entry] = JOINED;
                        self.join(known, group);
                    }
                }
            }
            joined.extend(by_id);
        }
        staged.spool.resume()?;
        let mut body = Vec::new();
        for (entry, group) in joined {
            let missing = self.incomplete_in(&group.values, &group.rows);
            if !missing.is_empty() {
                self.incomplete.push((entry, missing));
            }
            if group.bad {
                self.bad.insert(entry);
            }
            staged.places[entry] = staged.put::<T>(group.values, &group.rows, &mut body)?;
        }
        Ok(())
    }

    pub(super) fn group_at(&self, cursor: &mut Cursor, at: u64, entry: usize) -> Result<Group> {
        let (meta, body) = cursor.record(at)?;
        let (_, rows) = outline::read(meta)?;
        let mut values = serde_json::from_slice::<T>(body)?.into_values();
        // Defaults that stand for cells nobody filled in are none of the merchant's words.
        let given = |bits: u64, field: usize| {
            bits & ((1 << field) | SPECS[field].field.twin().map_or(0, Field::bit)) != 0
        };
        // What was given and is not there was to be emptied, unless it could not be read.
        let bad = self.bad.contains(&entry);
        let emptied =
            |field: usize| (!bad && SPECS[field].field.is_clearable()).then_some(Value::Clear);
        let all = rows.iter().fold(0, |bits, row| bits | row.touched);
        for field in 0..PRODUCT_FIELDS {
            match given(all, field) {
                false => values.product[field] = None,
                true if values.product[field].is_none() => values.product[field] = emptied(field),
                true => {}
            }
        }
        for (sku, row) in values.skus.iter_mut().zip(&rows) {
            for (slot, value) in sku.iter_mut().enumerate() {
                match given(row.touched, PRODUCT_FIELDS + slot) {
                    false => *value = None,
                    true if value.is_none() => *value = emptied(PRODUCT_FIELDS + slot),
                    true => {}
                }
            }
        }
        Ok(Group { values, rows, bad })
    }

    pub(super) fn join(&mut self, known: &mut Group, other: Group) {
        let of_document = |group: &Group| {
            let first = group.rows.first();
            first.is_some_and(|row| is_document(&self.files[row.input as usize]))
        };
        if of_document(known) || of_document(&other) {
            let place = known.rows.first().map_or_else(String::new, |row| {
                self.location(row, Field::OutProductId, 0)
            });
            let fault = Fault::new(text!(
                "the product {id} is already at {place}",
                id = &known.values.id,
                place
            ));
            let problem = self.lack(&other.values, &other.rows, 0, Field::OutProductId, fault);
            self.note(problem);
            known.bad = true;
            return;
        }
        known.bad |= other.bad;
        for (field, value) in other.values.product.into_iter().enumerate() {
            let Some(value) = value else { continue };
            match &known.values.product[field] {
                None => known.values.product[field] = Some(value),
                Some(same) if *same == value => {}
                Some(_) => {
                    let field = SPECS[field].field;
                    let wanted = field.bit() | field.twin().map_or(0, Field::bit);
                    let seen = |rows: &[RowRef]| {
                        rows.iter().find(|row| row.touched & wanted != 0).copied()
                    };
                    if let (Some(first), Some(second)) = (seen(&known.rows), seen(&other.rows)) {
                        let fault = self.conflict(field, first.input as usize, first.row);
                        let mut problem = self.problem_at(&second, field, 0, fault);
                        problem.out_product_id = some_id(&known.values.id);
                        self.note(problem);
                    }
                    known.bad = true;
                }
            }
        }
        known.values.skus.extend(other.values.skus);
        known.rows.extend(other.rows);
    }
}

fn is_document(file: &SheetFile) -> bool {
    matches!(file.source.kind, SourceKind::Json | SourceKind::Jsonl)
}

/// Two numbers that nobody can tell apart; one of them was mistyped.
fn look_alike(number: &str, other: &str, place: String) -> Fault {
    Fault::new(text!(
        "\"{number}\" and \"{other}\" at {place} differ only in width, spaces or leading zeros",
        number,
        other,
        place
    ))
    .hint(text!("write the same number in both places"))
}
