//! Files of every kind, read cell by cell into the rows of products.

use super::{Group, LONGEST_ID, MOST_PROBLEMS, Reading, RowRef, SheetFile, some_id};
use crate::bulk::csv::{CsvReader, Encoding, dialect};
use crate::bulk::json;
use crate::bulk::source::{CellKind, Row, Source, SourceKind, column_letters};
use crate::bulk::xlsx::Book;
use crate::fail::Failure;
use crate::shop::goods::sheet::cells::{Fault, Value, read_cell};
use crate::shop::goods::sheet::documents;
use crate::shop::goods::sheet::fields::{Field, SKU_FIELDS, Shape};
use crate::shop::goods::sheet::headings::Columns;
use crate::shop::goods::sheet::problem::Problem;
use crate::shop::goods::sheet::rows::{Payload, sku_slot};
use crate::text;
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
        });
        let before = (self.counts.rows, self.total_problems());
        match kind {
            SourceKind::Csv | SourceKind::Tsv => self.csv(kind == SourceKind::Tsv)?,
            SourceKind::Xlsx => self.xlsx()?,
            SourceKind::Json | SourceKind::Jsonl => self.json(kind)?,
        }
        self.end_group();
        if before == (self.counts.rows, self.total_problems()) {
            let problem = self.problem(
                None,
                None,
                None,
                Fault::new(text!("there is no product in it")).hint(text!(
                    "`wxsell goods template` writes a sheet with all columns and an example"
                )),
            );
            self.note(problem);
        }
        Ok(())
    }

    pub(super) fn total_problems(&self) -> u64 {
        self.problems.len() as u64 + self.more_problems
    }

    pub(super) fn this_file(&self) -> &SheetFile {
        &self.files[self.files.len() - 1]
    }

    pub(super) fn csv(&mut self, tab: bool) -> Result<()> {
        let source = &self.this_file().source;
        let name = source.name.clone();
        let dialect = dialect(&name, &mut source.reader()?, self.options.encoding, tab)?;
        let mut reader = CsvReader::new(&name, source.reader()?, dialect)?;
        if dialect.encoding == Encoding::Gb18030 {
            self.notices.push(text!(
                "{file} is read as {encoding}",
                file = &name,
                encoding = dialect.encoding.name()
            ));
        }
        let here = self.files.len() - 1;
        self.files[here].dialect = Some(dialect);
        let mut row = Row::default();
        while reader.next(&mut row)? {
            if !row.is_blank() && !self.row(&row)? {
                break;
            }
        }
        Ok(())
    }

    pub(super) fn xlsx(&mut self) -> Result<()> {
        let source = &self.this_file().source;
        let mut book = Book::open(&source.name, source.reader()?)?;
        let sheet = self.choose_sheet(&mut book)?;
        let here = self.files.len() - 1;
        self.files[here].sheet = Some(sheet.clone());
        book.rows(&sheet, &mut |row| self.row(row))
    }

    /// The sheet asked for, else the only one, else the first with a heading for the product's number.
    pub(super) fn choose_sheet(&mut self, book: &mut Book) -> Result<String> {
        let name = self.this_file().source.name.clone();
        let sheets = book.sheets();
        let list = sheets.join(", ");
        if let Some(wanted) = &self.options.sheet {
            return match sheets.into_iter().find(|sheet| sheet == wanted) {
                Some(sheet) => Ok(sheet),
                None => Err(Failure::input(text!(
                    "{file} has no sheet \"{sheet}\"",
                    file = name,
                    sheet = wanted
                ))
                .hint(text!("its sheets are: {list}", list))
                .into()),
            };
        }
        if let [only] = sheets.as_slice() {
            return Ok(only.clone());
        }
        for sheet in sheets {
            let mut known = false;
            book.rows(&sheet, &mut |row| {
                known = self.naming.knows(row);
                Ok(false)
            })?;
            if known {
                self.notices.push(text!(
                    "the sheet \"{sheet}\" of {file} is read",
                    sheet = &sheet,
                    file = name
                ));
                return Ok(sheet);
            }
        }
        Err(Failure::input(text!(
            "no sheet of {file} has a column for the product number in its first row",
            file = name
        ))
        .hint(text!(
            "name the sheet with --sheet; its sheets are: {list}",
            list
        ))
        .into())
    }

    /// Takes a row of a table; false when the headings make the others pointless.
    pub(super) fn row(&mut self, row: &Row) -> Result<bool> {
        let input = self.files.len() - 1;
        if self.files[input].heading == 0 {
            return Ok(self.headings(row));
        }
        self.counts.rows += 1;
        let columns = Arc::clone(&self.files[input].columns);
        self.cells(&columns, row).map(|()| true)
    }

    pub(super) fn headings(&mut self, row: &Row) -> bool {
        let input = self.files.len() - 1;
        let (columns, faults) = self.naming.columns::<T>(row);
        if !columns.ignored.is_empty() {
            self.notices.push(text!(
                "columns left out of {file}: {columns}",
                file = &self.files[input].source.name,
                columns = columns.ignored.join(", ")
            ));
        }
        self.files[input].columns = Arc::new(columns);
        self.files[input].heading = row.number;
        let sound = faults.is_empty();
        for (column, fault) in faults {
            let problem = self.problem(Some(row.number), column, None, fault);
            self.note(problem);
        }
        sound
    }

    pub(super) fn cells(&mut self, columns: &Columns, row: &Row) -> Result<()> {
        let input = self.files.len() - 1;
        let (id_cell, id_kind) = row.cell(columns.id);
        let id = match self.id(id_cell, id_kind) {
            Ok(id) => id,
            Err(fault) => {
                let problem = self.problem(
                    Some(row.number),
                    Some(columns.id),
                    Some(Field::OutProductId),
                    fault,
                );
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
        group.bad |= id.is_empty();
        group.values.id = id;
        let mut sku: [Option<Value>; SKU_FIELDS] = Default::default();
        let mut touched = 0u64;
        for (column, field) in &columns.read {
            let (cell, kind) = row.cell(*column);
            if cell.is_empty() || cell.trim().is_empty() {
                continue;
            }
            touched |= field.bit();
            if let Err(fault) = self.cell(
                *field, cell, kind, touched, row.number, &mut group, &mut sku,
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
            if !row.cell(column).0.trim().is_empty() {
                let fault = Fault::new(text!(
                    "there is a value in column {column}, which has no heading",
                    column = column_letters(column)
                ))
                .hint(text!("give the column a heading, or empty it"));
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

    pub(super) fn id(&mut self, cell: &str, kind: CellKind) -> Result<String, Fault> {
        if cell.trim().is_empty() {
            return Err(Fault::new(text!(
                "{name} is missing",
                name = Field::OutProductId.name()
            ))
            .hint(text!(
                "every row needs the number of its product, also further SKUs of the same product"
            )));
        }
        let read = read_cell(Field::OutProductId, cell, kind)?;
        self.normalised += u64::from(read.normalised);
        let mut value = read.value;
        self.vet(Field::OutProductId, &mut value)?;
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
                one = twin.name(),
                other = field.name()
            ))
            .hint(text!("empty one of the two")));
        }
        let read = read_cell(field, cell, kind)?;
        self.normalised += u64::from(read.normalised);
        let mut value = read.value;
        self.vet(field, &mut value)?;
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
            name = field.name(),
            place = first.location()
        ))
        .hint(text!(
            "write the same in both, or leave all but the first empty"
        ))
    }

    /// Checks a value by itself; local pictures become their content.
    pub(super) fn vet(&mut self, field: Field, value: &mut Value) -> Result<(), Fault> {
        let name = field.name();
        match (field.target(), value) {
            (
                Field::OutProductId | Field::OutSkuId | Field::SkuCode | Field::Barcode,
                Value::Text(id),
            ) => {
                if id.chars().any(char::is_control) {
                    return Err(Fault::new(text!(
                        "{name} holds a line break or another control character",
                        name
                    )));
                }
                if id.chars().count() > LONGEST_ID {
                    return Err(Fault::new(text!(
                        "{name} is longer than {most} characters",
                        name,
                        most = LONGEST_ID
                    )));
                }
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
            (Field::Onsale, Value::Whole(number)) if !(0..=1).contains(number) => {
                return Err(Fault::new(text!("{name} is 0 (no) or 1 (yes)", name)));
            }
            (field, Value::List(list)) if matches!(field.shape(), Shape::Image | Shape::Images) => {
                let folder = &self.files[self.files.len() - 1].source.folder;
                self.images.resolve(folder, list)?;
                if field.shape() == Shape::Image && list.len() > 1 {
                    return Err(Fault::new(text!(
                        "{name} takes one picture, here are {count}",
                        name,
                        count = list.len()
                    )));
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Sets the rows of a product aside.
    pub(super) fn end_group(&mut self) {
        let Some(group) = self.current.take() else {
            return;
        };
        let entry = self.hashes.len();
        if group.values.id.is_empty() {
            return;
        }
        let missing = self.incomplete_in(&group.values, &group.rows);
        if !missing.is_empty() {
            self.incomplete.push((entry, missing));
        }
        if group.bad {
            self.bad.insert(entry);
        }
        self.hashes
            .push(self.hasher.hash_one(group.values.id.as_str()));
        self.aside.put(group.values, group.rows);
    }

    pub(super) fn json(&mut self, kind: SourceKind) -> Result<()> {
        let source = &self.this_file().source;
        let (name, file) = (source.name.clone(), source.reader()?);
        json::each(&name, file, kind, &mut |document| self.document(&document))
    }

    pub(super) fn document(&mut self, document: &json::Document<'_>) -> Result<()> {
        self.counts.rows += 1;
        let read = match &document.text {
            Err(why) => Err(Fault::new(text!("not JSON: {why}", why))),
            Ok(text) => documents::read::<T>(text, &mut |field, value| self.vet(field, value)),
        };
        let mut read = match read {
            Ok(read) => read,
            Err(fault) => {
                let problem = self.problem(Some(document.line), None, None, fault);
                self.note(problem);
                return Ok(());
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
                    name = Field::OutProductId.name()
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
        for (path, _, fault) in std::mem::take(&mut read.faults) {
            let mut problem = self.problem(Some(document.line), None, None, fault);
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
        Ok(())
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
        let cell = match (&file.sheet, row, column) {
            (Some(_), Some(row), Some(column)) => Some(format!("{}{row}", column_letters(column))),
            _ => None,
        };
        Problem {
            file: file.source.name.clone(),
            sheet: file.sheet.clone(),
            row,
            cell,
            field: field.map(|field| Cow::Borrowed(field.name())),
            out_product_id: None,
            message: fault.message,
            hint: fault.hint,
            input,
            column,
        }
    }

    pub(super) fn note(&mut self, problem: Problem) {
        if self.problems.len() < MOST_PROBLEMS {
            self.problems.push(problem);
        } else {
            self.more_problems += 1;
        }
    }
}
