//! Files of every kind, read cell by cell into the rows of products.

use super::{Group, LONGEST_ID, MOST_PROBLEMS, Reading, RowRef, SheetFile, formats, some_id};
use crate::bulk::csv::Encoding;
use crate::bulk::source::{CellKind, Row, Source, SourceKind, column_letters};
use crate::bulk::table::{Counted, Table, Wish};
use crate::bulk::xlsx::choose::{HEAD_ROWS, hidden_rows};
use crate::shop::goods::sheet::cells::{Fault, Value, read_cell};
use crate::shop::goods::sheet::example::EXAMPLE_TITLE;
use crate::shop::goods::sheet::fields::{Field, SKU_FIELDS, Shape};
use crate::shop::goods::sheet::headings::Columns;
use crate::shop::goods::sheet::problem::Problem;
use crate::shop::goods::sheet::rows::{Payload, Values, sku_slot};
use crate::text;
use crate::types::rfc3339;
use crate::types::spelling::folded;
use anyhow::Result;
use std::borrow::Cow;
use std::hash::BuildHasher;
use std::sync::Arc;

impl<T: Payload> Reading<'_, T> {
    pub(super) fn file(&mut self, source: Source) -> Result<()> {
        let kind = source.kind;
        self.files.push(SheetFile {
            source,
            sheet: None,
            dialect: None,
            columns: Arc::default(),
            heading: 0,
            unsound: false,
            width: 0,
            counted: Counted::default(),
        });
        let before = (self.counts.rows, self.total_problems());
        match kind {
            SourceKind::Csv | SourceKind::Tsv | SourceKind::Xlsx => self.table()?,
            SourceKind::Json | SourceKind::Jsonl => self.json(kind)?,
        }
        if let Some(first) = self.above.take() {
            self.headings(&first);
        }
        self.end_group();
        self.note_hidden();
        if before == (self.counts.rows, self.total_problems()) {
            let problem = self.problem(
                None,
                None,
                None,
                Fault::new(text!("it contains no products")).hint(text!(
                    "`wxsell goods template` writes a sheet with all columns and an example"
                )),
            );
            self.note(problem);
        }
        Ok(())
    }

    pub(super) fn total_problems(&self) -> u64 {
        (self.problems.len() + self.more_problems.len()) as u64
    }

    /// Names the rows that nobody sees and that were read all the same.
    fn note_hidden(&mut self) {
        let hidden = std::mem::take(&mut self.hidden);
        let notice = hidden_rows(&self.this_file().source.name, &hidden);
        self.notices.extend(notice);
    }

    pub(super) fn this_file(&self) -> &SheetFile {
        &self.files[self.files.len() - 1]
    }

    fn table(&mut self) -> Result<()> {
        let source = &self.this_file().source;
        let name = source.name.clone();
        let mut table = Table::open(
            source,
            &Wish {
                encoding: self.options.encoding,
                sheet: self.options.sheet.as_deref(),
                column: text!("the product number"),
                knows: &|row| self.naming.knows(row),
            },
        )?;
        self.notices.append(&mut table.notices);
        if let Some(dialect) = table.dialect
            && dialect.encoding == Encoding::Gb18030
        {
            self.notices.push(text!(
                "reading {file} as {encoding}",
                file = &name,
                encoding = dialect.encoding.name()
            ));
        }
        let here = self.files.len() - 1;
        self.files[here].dialect = table.dialect;
        self.files[here].sheet.clone_from(&table.sheet);
        table.each(&mut |row| self.row(row))?;
        let read: Vec<String> = self
            .this_file()
            .columns
            .read
            .iter()
            .map(|(place, _)| column_letters(*place))
            .collect();
        self.notices.extend(table.unseen(&name, &read));
        Ok(())
    }

    /// Takes a row of a table.
    pub(super) fn row(&mut self, row: &Row) -> Result<bool> {
        let input = self.files.len() - 1;
        let file = &mut self.files[input];
        file.counted.hear(row);
        if file.heading == 0 {
            if self.naming.knows(row) {
                let above = self.above.take();
                self.headings(row);
                if let Some(above) = above {
                    let fault = Fault::new(text!(
                        "the headings are in row {row}, below other rows",
                        row = row.counted()
                    ))
                    .hint(text!("delete the rows above the headings"));
                    let problem = self.problem(Some(above.number), None, None, fault);
                    self.note(problem);
                    self.files[input].unsound = true;
                }
                return Ok(true);
            }
            let first = self.above.get_or_insert_with(|| row.clone());
            if row.counted() - first.counted() + 1 < HEAD_ROWS {
                return Ok(true);
            }
            // The first row has to be the headings, then.
            if let Some(first) = self.above.take() {
                self.headings(&first);
            }
            return Ok(self
                .this_file()
                .columns
                .place(Field::OutProductId)
                .is_some());
        }
        file.width = file.width.max(row.len());
        if row.hidden {
            self.hidden.push(row.number);
        }
        if self.is_no_goods(row) {
            return Ok(true);
        }
        self.counts.rows += 1;
        let columns = Arc::clone(&self.files[input].columns);
        if columns.place(Field::OutProductId).is_none() {
            // Nothing can be said of rows that belong to nobody.
            return Ok(false);
        }
        self.cells(&columns, row).map(|()| true)
    }

    /// Whether a row holds headings once more, or notes on the columns, which is a problem of its own.
    fn is_no_goods(&mut self, row: &Row) -> bool {
        let columns = &self.this_file().columns;
        let (first, _) = row.cell(columns.id);
        let again = Field::of_heading(first) == Some(Field::OutProductId)
            || (first.trim() == columns.headings[columns.id] && self.naming.knows(row));
        let fault = if again {
            Fault::new(text!("this row repeats the headings"))
        } else if columns.are_noted_in(row) {
            Fault::new(text!("this row holds notes on the columns, not a product"))
        } else {
            return false;
        };
        let id = columns.id;
        let fault = fault.hint(text!("delete the row"));
        let problem = self.problem(Some(row.number), Some(id), None, fault);
        self.note(problem);
        true
    }

    pub(super) fn headings(&mut self, row: &Row) {
        let input = self.files.len() - 1;
        let (columns, faults) = self.naming.columns::<T>(row);
        if !columns.ignored.is_empty() {
            self.notices.push(text!(
                "columns of {file} ignored: {columns}",
                file = &self.files[input].source.name,
                columns = columns.ignored.join(", ")
            ));
        }
        self.files[input].columns = Arc::new(columns);
        self.files[input].heading = row.number;
        self.files[input].width = row.len();
        self.files[input].unsound = !faults.is_empty();
        for (column, fault) in faults {
            let problem = self.problem(Some(row.number), column, None, fault);
            self.note(problem);
        }
    }

    pub(super) fn cells(&mut self, columns: &Columns, row: &Row) -> Result<()> {
        let input = self.files.len() - 1;
        let (id_cell, id_kind) = row.seen(columns.id);
        let id = match self.id(columns, id_cell, id_kind) {
            Ok(id) => id,
            Err(fault) => {
                let mut problem = self.problem(
                    Some(row.number),
                    Some(columns.id),
                    Some(Field::OutProductId),
                    fault,
                );
                // The row may be a further SKU of the product above it, which is then incomplete without it.
                if let Some(above) = &mut self.current
                    && !above.values.id.is_empty()
                {
                    above.bad = true;
                    problem.out_product_id = Some(above.values.id.clone());
                    problem.of_row_above = true;
                }
                self.note(problem);
                // The other cells are looked at all the same, so that all their problems are known at once.
                String::new()
            }
        };
        if self
            .current
            .as_ref()
            .is_none_or(|group| group.values.id != id || id.is_empty())
        {
            self.end_group();
        }
        let mut group = self.current.take().unwrap_or_default();
        group.bad |= id.is_empty() || self.files[input].unsound;
        group.values.id = id;
        let mut sku: [Option<Value>; SKU_FIELDS] = Default::default();
        let mut touched = 0u64;
        for (column, field) in &columns.read {
            let (cell, kind) = match field.shape() {
                Shape::Id => row.seen(*column),
                _ => row.cell(*column),
            };
            let fits = match kind {
                CellKind::Picture => matches!(field.shape(), Shape::Image | Shape::Images),
                _ => !cell.trim().is_empty(),
            };
            if !fits {
                continue;
            }
            touched |= field.bit();
            let name = &columns.headings[*column];
            if let Err(fault) = self.cell(
                *field, name, cell, kind, touched, row.number, &mut group, &mut sku,
            ) {
                let mut problem =
                    self.problem(Some(row.number), Some(*column), Some(*field), fault);
                problem.out_product_id = some_id(&group.values.id);
                self.note(problem);
                group.bad = true;
            }
        }
        for column in columns
            .blank
            .iter()
            .copied()
            .chain(columns.fields.len()..row.len())
        {
            let (cell, kind) = row.cell(column);
            if kind != CellKind::Merged && !cell.trim().is_empty() {
                let fault = Fault::new(text!(
                    "there is a value in column {column}, which has no heading: {cell}",
                    column = column_letters(column),
                    cell = cell.trim().chars().take(40).collect::<String>()
                ))
                .hint(match self.this_file().sheet {
                    Some(_) => text!("give the column a heading, or empty it"),
                    None => text!(
                        "put a cell that contains a comma in quotes (\"…\"), or give the column a heading"
                    ),
                });
                let mut problem = self.problem(Some(row.number), Some(column), None, fault);
                problem.out_product_id = some_id(&group.values.id);
                self.note(problem);
                group.bad = true;
            }
        }
        group.rows.push(RowRef {
            input: u32::try_from(input)?,
            row: row.number,
            touched,
        });
        group.values.skus.push(sku);
        self.counts.skus += 1;
        self.current = Some(group);
        Ok(())
    }

    pub(super) fn id(
        &mut self,
        columns: &Columns,
        cell: &str,
        kind: CellKind,
    ) -> Result<String, Fault> {
        let name = columns.name_of(Field::OutProductId);
        if cell.trim().is_empty() && kind != CellKind::Picture {
            return Err(Fault::new(text!("{name} is missing", name)).hint(text!(
                "every row needs its product number, including further SKUs of the same product"
            )));
        }
        let read = read_cell(Field::OutProductId, name, cell, kind)?;
        self.normalised += u64::from(read.normalised);
        let mut value = read.value;
        self.vet(Field::OutProductId, name, &mut value)?;
        match value {
            Value::Text(id) => Ok(id),
            _ => Ok(String::new()),
        }
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "one cell and the row and product it goes into"
    )]
    pub(super) fn cell(
        &mut self,
        field: Field,
        name: &str,
        cell: &str,
        kind: CellKind,
        touched: u64,
        row: u32,
        group: &mut Group,
        sku: &mut [Option<Value>; SKU_FIELDS],
    ) -> Result<(), Fault> {
        if let Some(twin) = field.twin().filter(|twin| touched & twin.bit() != 0) {
            return Err(Fault::new(text!(
                "both {one} and {other} are given",
                one = self.this_file().columns.name_of(twin).to_owned(),
                other = name
            ))
            .hint(text!("empty one of the two")));
        }
        let read = read_cell(field, name, cell, kind)?;
        self.normalised += u64::from(read.normalised);
        let mut value = read.value;
        self.vet(field, name, &mut value)?;
        if !field.of_product() {
            sku[sku_slot(field)] = Some(value);
            return Ok(());
        }
        let target = field.target();
        match &group.values.product[target as usize] {
            None => group.values.product[target as usize] = Some(value),
            Some(known) if *known == value => {}
            Some(_) => {
                let wanted = target.bit() | target.twin().map_or(0, Field::bit);
                let first = group.rows.iter().find(|seen| seen.touched & wanted != 0);
                let place = first.map_or(row, |seen| seen.row);
                return Err(self.conflict(target, self.files.len() - 1, place));
            }
        }
        Ok(())
    }

    /// Two rows of a product that disagree on what they share.
    pub(super) fn conflict(&self, field: Field, input: usize, row: u32) -> Fault {
        let file = &self.files[input];
        let first = self.problem_in(
            input,
            Some(row),
            file.columns.place_of_value(field),
            Some(field),
            Fault::new(text!("")),
        );
        Fault::new(text!(
            "{name} differs from {place}, another row of the same product",
            name = file.columns.name_of(field).to_owned(),
            place = first.location()
        ))
        .hint(text!(
            "write the same in both, or leave all but the first empty"
        ))
    }

    /// Checks a value by itself; local pictures become their content. `name` is what the file calls the field.
    pub(super) fn vet(&mut self, field: Field, name: &str, value: &mut Value) -> Result<(), Fault> {
        formats::check(field, name, value)?;
        match (field.target(), value) {
            (
                Field::OutProductId | Field::OutSkuId | Field::SkuCode | Field::Barcode,
                Value::Text(id),
            ) if id.chars().count() > LONGEST_ID => {
                return Err(Fault::new(text!(
                    "{name} is longer than {most} characters",
                    name,
                    most = LONGEST_ID
                )));
            }
            (Field::SalePrice, Value::Fen(fen)) if fen.0 <= 0 => {
                return Err(Fault::new(text!("{name} must be more than 0", name)));
            }
            (_, Value::Fen(fen)) if fen.0 < 0 => {
                return Err(Fault::new(text!("{name} must not be less than 0", name)));
            }
            (Field::StockNum, Value::Whole(stock)) => {
                if *stock < 0 {
                    return Err(Fault::new(text!("{name} must not be less than 0", name)));
                }
                if *stock == 0 && T::CREATES && !self.options.zero_stock {
                    return Err(Fault::new(text!("{name} is 0, which WeChat refuses for new products", name))
                        .hint(text!("write at least 1; for products that exist already use --allow-zero-stock or goods price-stock")));
                }
            }
            (Field::ThirdCatId | Field::BrandId | Field::Unitfactor, Value::Whole(number))
                if *number <= 0 =>
            {
                return Err(Fault::new(text!("{name} must be more than 0", name)));
            }
            (Field::ThirdCatId, Value::Whole(number)) => {
                if let Some(open) = &self.options.categories
                    && !u64::try_from(*number).is_ok_and(|number| open.ids.contains(&number))
                {
                    return Err(Fault::new(text!(
                        "category {category} was not open to this shop on {day}",
                        category = *number,
                        day = rfc3339(open.at)[..10].to_owned()
                    ))
                    .hint(text!("`wxsell category mine` reads the list again; others need an audit in the console first")));
                }
            }
            (Field::Onsale, Value::Whole(number)) if !(0..=1).contains(number) => {
                return Err(Fault::new(text!("{name} must be 0 (no) or 1 (yes)", name)));
            }
            (field, Value::List(list)) if matches!(field.shape(), Shape::Image | Shape::Images) => {
                let folder = &self.files[self.files.len() - 1].source.folder;
                self.images.resolve(folder, list)?;
                if field.shape() == Shape::Image && list.len() > 1 {
                    return Err(Fault::new(text!(
                        "{name} takes one image, not {count}",
                        name,
                        count = list.len()
                    )));
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Sets the rows of a product stager.
    pub(super) fn end_group(&mut self) {
        let Some(group) = self.current.take() else {
            return;
        };
        let entry = self.hashes.len();
        if group.values.id.is_empty() {
            return;
        }
        let mut missing = self.incomplete_in(&group.values, &group.rows);
        if T::CREATES && is_template(&group.values) {
            let fault = Fault::new(text!("this is the example of the template"))
                .hint(text!("delete its rows"));
            missing = vec![self.lack(&group.values, &group.rows, 0, Field::Title, fault)];
        }
        if !missing.is_empty() {
            self.incomplete.push((entry, missing));
        }
        if group.bad {
            self.bad.insert(entry);
        }
        self.hashes
            .push(self.hasher.hash_one(group.values.id.as_str()));
        self.folds
            .push(self.hasher.hash_one(folded(&group.values.id)));
        self.stager.put(group.values, group.rows);
    }

    pub(super) fn problem(
        &self,
        row: Option<u32>,
        column: Option<usize>,
        field: Option<Field>,
        fault: Fault,
    ) -> Problem {
        self.problem_in(self.files.len() - 1, row, column, field, fault)
    }

    pub(super) fn problem_in(
        &self,
        input: usize,
        row: Option<u32>,
        column: Option<usize>,
        field: Option<Field>,
        fault: Fault,
    ) -> Problem {
        let file = &self.files[input];
        let table = !matches!(file.source.kind, SourceKind::Json | SourceKind::Jsonl);
        let cell = match (row, column) {
            (Some(row), Some(column)) if table => {
                let row = file.row_in_sheet(row);
                Some(format!("{}{row}", column_letters(column)))
            }
            _ => None,
        };
        let heading = match (column, field) {
            (Some(column), _) => file.columns.headings.get(column).cloned(),
            (None, Some(field)) if table => Some(file.columns.name_of(field).to_owned()),
            (None, Some(field)) => self.options.called.map(|called| called(field).to_owned()),
            _ => None,
        };
        // What is made of options has no lines.
        let row = row.filter(|_| !file.source.made);
        Problem {
            file: file.source.name.clone(),
            sheet: file.sheet.clone(),
            row,
            cell,
            heading: heading.filter(|heading| !heading.is_empty()),
            field: field.map(|field| Cow::Borrowed(field.name())),
            out_product_id: None,
            message: fault.message,
            hint: fault.hint,
            input,
            column,
            of_row_above: false,
            once: false,
        }
    }

    pub(super) fn note(&mut self, problem: Problem) {
        if self.problems.len() < MOST_PROBLEMS {
            self.problems.push(problem);
        } else {
            // Inputs are counted in u32 everywhere.
            let input = u32::try_from(problem.input).unwrap_or(u32::MAX);
            self.more_problems.push((input, problem.row.unwrap_or(0)));
        }
    }
}

/// Whether a product is the one that stands in a new sheet.
fn is_template(values: &Values) -> bool {
    matches!(
        &values.product[Field::Title as usize],
        Some(Value::Text(title)) if title == EXAMPLE_TITLE
    )
}
