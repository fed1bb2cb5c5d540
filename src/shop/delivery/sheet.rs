//! Tables of parcels: which column holds what, and the rows with all that is wrong in their cells.

pub use super::headings::Field;
use super::headings::HEADINGS;
use super::packing;
use crate::bulk::csv::{CsvReader, Dialect, Encoding, dialect};
use crate::bulk::inputs::{Inputs, expand, names_of};
use crate::bulk::number::{self, Refusal};
use crate::bulk::sheet::too_many;
use crate::bulk::source::{CellKind, Row, Source, SourceKind, column_letters};
use crate::bulk::xlsx::Book;
use crate::bulk::xlsx::choose::{HEAD_ROWS, choose, hidden_rows};
use crate::fail::Failure;
use crate::lang::Text;
use crate::text;
use crate::types::spelling::{folded, half_width};
use anyhow::Result;
use serde::Serialize;
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// One row: a parcel of an order, or a part of one.
#[derive(Debug, Clone, Default)]
pub struct Line {
    pub input: usize,
    pub row: u32,
    pub order: String,
    pub openid: Option<String>,
    pub carrier: String,
    pub waybill: String,
    pub product: Option<String>,
    pub sku: Option<String>,
    pub count: Option<i64>,
}

/// What is wrong, and where.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct Problem {
    /// `tracking.xlsx Sheet1!C17 运单号`, `tracking.csv:17 C17 运单号`.
    pub place: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub order: String,
    pub message: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<Text>,
    #[serde(skip)]
    pub at: (usize, u32),
    #[serde(skip)]
    pub column: Option<usize>,
}

/// One file.
pub struct Sheet {
    pub source: Source,
    pub dialect: Option<Dialect>,
    pub sheet: Option<String>,
    /// The row of the headings; 0 before it was met.
    pub heading: u32,
    pub columns: Vec<Option<Field>>,
    /// As they stand in the file.
    pub headings: Vec<String>,
    /// Columns of the widest row.
    pub width: usize,
    /// Rows that nobody sees and that were read.
    hidden: Vec<u32>,
}

/// Parcels are held in memory; more than this in a day are several tables.
const MOST_LINES: usize = 100_000;

impl Sheet {
    pub fn column(&self, field: Field) -> Option<usize> {
        self.columns.iter().position(|known| *known == Some(field))
    }

    /// Where a row, or a cell of it, stands.
    pub fn place(&self, row: u32, column: Option<usize>) -> String {
        let name = &self.source.name;
        let heading = column
            .and_then(|column| self.headings.get(column))
            .map_or("", String::as_str);
        match (&self.sheet, column) {
            (Some(sheet), Some(column)) => {
                format!("{name} {sheet}!{}{row} {heading}", column_letters(column))
            }
            (Some(sheet), None) => format!("{name} {sheet}!{row}"),
            (None, Some(column)) => {
                format!("{name}:{row} {}{row} {heading}", column_letters(column))
            }
            (None, None) => format!("{name}:{row}"),
        }
        .trim_end()
        .to_owned()
    }
}

/// Everything the files hold.
#[derive(Default)]
pub struct Table {
    pub sheets: Vec<Sheet>,
    pub lines: Vec<Line>,
    pub problems: Vec<Problem>,
    pub notices: Vec<Text>,
    /// Rows with neither carrier nor waybill number: orders that wait for their parcel.
    waiting: Vec<Line>,
    /// The first row of a file, while its headings are looked for.
    above: Option<Row>,
}

/// How files are read.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    pub kind: Option<SourceKind>,
    pub sheet: Option<String>,
    pub encoding: Option<Encoding>,
}

impl Table {
    /// Reads all files. What is wrong with cells is kept in `problems`; what keeps a file from being read is an error.
    pub fn read(files: &[String], how: &Reading, spool_dir: &Path) -> Result<Table> {
        let mut table = Table::default();
        let Inputs { inputs, notices } = expand(files)?;
        table.notices.extend(notices);
        for (input, name) in inputs.iter().zip(names_of(&inputs)) {
            let mut source = Source::open(input, how.kind, spool_dir)?;
            source.name = name;
            table.sheets.push(Sheet {
                source,
                dialect: None,
                sheet: None,
                heading: 0,
                columns: Vec::new(),
                headings: Vec::new(),
                width: 0,
                hidden: Vec::new(),
            });
            table.file(how)?;
        }
        table.compare_orders();
        table.set_aside();
        Ok(table)
    }

    /// Refuses a job whose rows could not be given back.
    pub fn check_failed_files(&self, wanted: Option<&Path>) -> Result<()> {
        let mut sheets = self.sheets.iter();
        sheets.try_for_each(|sheet| crate::bulk::failed::check(&sheet.source, wanted))
    }

    fn this(&mut self) -> &mut Sheet {
        let last = self.sheets.len() - 1;
        &mut self.sheets[last]
    }

    fn file(&mut self, how: &Reading) -> Result<()> {
        let before = self.lines.len() + self.problems.len();
        let kind = self.this().source.kind;
        match kind {
            SourceKind::Csv | SourceKind::Tsv => self.csv(how, kind == SourceKind::Tsv)?,
            SourceKind::Xlsx => self.xlsx(how)?,
            SourceKind::Json | SourceKind::Jsonl => {
                let file = self.this().source.name.clone();
                return Err(Failure::input(text!("{file} is not a table", file))
                    .hint(text!("parcels are read from .xlsx, .csv and .tsv"))
                    .into());
            }
        }
        if let Some(first) = self.above.take() {
            self.headings(&first);
        }
        let hidden = std::mem::take(&mut self.this().hidden);
        let file = self.this().source.name.clone();
        self.notices.extend(hidden_rows(&file, &hidden));
        if before == self.lines.len() + self.problems.len() {
            let heading = self.this().heading.max(1);
            let input = self.sheets.len() - 1;
            let none = if self.waiting.iter().any(|line| line.input == input) {
                text!("no row has a carrier and a waybill number")
            } else {
                text!("it contains no parcels")
            };
            self.note(heading, None, "", none, None);
        }
        Ok(())
    }

    /// Rows that wait for their parcel are not sent. An order of which other rows are in a parcel may be meant to go in
    /// that one, or in another one later: whoever wrote the table has to say which.
    fn set_aside(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        let packed: HashMap<String, usize> = (0..self.lines.len())
            .map(|at| (folded(&self.lines[at].order), at))
            .collect();
        let mut wrong: HashSet<String> = HashSet::new();
        let mut aside: Vec<(usize, u32)> = Vec::new();
        for line in &waiting {
            let order = folded(&line.order);
            let Some(other) = packed.get(&order) else {
                aside.push((line.input, line.row));
                continue;
            };
            let sheet = &self.sheets[line.input];
            let column = sheet.column(Field::Waybill);
            self.problems.push(Problem {
                place: sheet.place(line.row, column),
                order: line.order.clone(),
                message: text!(
                    "the order has a waybill number in row {row} and none here",
                    row = self.lines[*other].row
                ),
                hint: Some(text!(
                    "write it here too, or delete this row if it goes in a later parcel"
                )),
                at: (line.input, line.row),
                column,
            });
            wrong.insert(order);
        }
        if !wrong.is_empty() {
            self.lines
                .retain(|line| !wrong.contains(&folded(&line.order)));
        }
        if let Some((input, row)) = aside.first() {
            self.notices.push(text!(
                "{count} {count:row|rows} without carrier and waybill number {count:is|are} not sent (first: {place})",
                count = aside.len(),
                place = self.sheets[*input].place(*row, None)
            ));
        }
    }

    fn csv(&mut self, how: &Reading, tab: bool) -> Result<()> {
        let source = &self.this().source;
        let name = source.name.clone();
        let dialect = dialect(&name, &mut source.reader()?, how.encoding, tab)?;
        let mut reader = CsvReader::new(&name, source.reader()?, dialect)?;
        if dialect.encoding == Encoding::Gb18030 {
            self.notices.push(text!(
                "reading {file} as {encoding}",
                file = &name,
                encoding = dialect.encoding.name()
            ));
        }
        self.this().dialect = Some(dialect);
        let mut row = Row::default();
        while reader.next(&mut row)? {
            if !row.is_blank() && !self.row(&row)? {
                break;
            }
        }
        Ok(())
    }

    fn xlsx(&mut self, how: &Reading) -> Result<()> {
        let source = &self.this().source;
        let name = source.name.clone();
        let mut book = Book::open(&name, source.reader()?)?;
        let (sheet, notices) = choose(
            &mut book,
            how.sheet.as_deref(),
            text!("the order number"),
            &has_order,
        )?;
        self.notices.extend(notices);
        self.this().sheet = Some(sheet.clone());
        book.rows(&sheet, &mut |row| self.row(row))
    }

    /// Two spellings of one order number are a mistake, since the parcels of an order go out together.
    fn compare_orders(&mut self) {
        let mut known: HashMap<String, usize> = HashMap::new();
        let mut found = Vec::new();
        for (at, line) in self.lines.iter().enumerate() {
            let first = *known.entry(folded(&line.order)).or_insert(at);
            if self.lines[first].order != line.order {
                found.push((first, at));
            }
        }
        let mut wrong: HashSet<usize> = HashSet::new();
        for (first, at) in found {
            let (one, line) = (&self.lines[first], &self.lines[at]);
            let place = |line: &Line| {
                let sheet = &self.sheets[line.input];
                sheet.place(line.row, sheet.column(Field::Order))
            };
            self.problems.push(Problem {
                place: place(line),
                order: line.order.clone(),
                message: text!(
                    "\"{number}\" and \"{other}\" at {place} differ only in width, spaces or leading zeros",
                    number = &line.order,
                    other = &one.order,
                    place = place(one)
                ),
                hint: Some(text!("write the same number in both places")),
                at: (line.input, line.row),
                column: self.sheets[line.input].column(Field::Order),
            });
            wrong.extend([first, at]);
        }
        let mut at = 0;
        self.lines.retain(|_| {
            at += 1;
            !wrong.contains(&(at - 1))
        });
    }

    fn note(
        &mut self,
        row: u32,
        column: Option<usize>,
        order: &str,
        message: Text,
        hint: Option<Text>,
    ) {
        let input = self.sheets.len() - 1;
        self.problems.push(Problem {
            place: self.sheets[input].place(row, column),
            order: order.to_owned(),
            message,
            hint,
            at: (input, row),
            column,
        });
    }

    /// Takes a row; false when the headings make the others pointless.
    fn row(&mut self, row: &Row) -> Result<bool> {
        if self.lines.len() >= MOST_LINES {
            return Err(too_many(&self.this().source.name, MOST_LINES).into());
        }
        if self.this().heading == 0 {
            if has_order(row) {
                let sound = self.headings(row);
                let Some(first) = self.above.take() else {
                    return Ok(sound);
                };
                let message = text!(
                    "the headings are in row {row}, below other rows",
                    row = row.counted()
                );
                let hint = text!("delete the rows above the headings");
                self.note(first.number, None, "", message, Some(hint));
                return Ok(false);
            }
            let first = self.above.get_or_insert_with(|| row.clone());
            return Ok(row.counted() - first.counted() + 1 < HEAD_ROWS);
        }
        let this = self.this();
        this.width = this.width.max(row.len());
        if row.hidden {
            this.hidden.push(row.number);
        }
        self.line(row);
        Ok(true)
    }

    fn headings(&mut self, row: &Row) -> bool {
        let mut columns: Vec<Option<Field>> = Vec::new();
        let (mut unread, mut sound) = (Vec::new(), true);
        for (at, (heading, _)) in row.cells().enumerate() {
            let field = Field::of_heading(heading);
            let known = heading.trim().is_empty() || packing::is_for_people(heading);
            if field.is_none() && !known {
                unread.push(heading.trim().to_owned());
            }
            if field.is_some() && columns.contains(&field) {
                let heading = heading.trim();
                let twice = text!("a second column for the same: \"{heading}\"", heading);
                self.note(row.number, Some(at), "", twice, None);
                sound = false;
            }
            columns.push(field);
        }
        let this = self.this();
        this.heading = row.number;
        this.width = row.len();
        this.columns = columns;
        this.headings = row
            .cells()
            .map(|(heading, _)| heading.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        let file = this.source.name.clone();
        for (field, names) in HEADINGS {
            let needed = matches!(field, Field::Order | Field::Carrier | Field::Waybill);
            if needed && self.this().column(*field).is_none() {
                let missing = text!(
                    "there is no column {chinese} ({english})",
                    chinese = names[0],
                    english = names[1]
                );
                self.note(row.number, None, "", missing, None);
                sound = false;
            }
        }
        if !unread.is_empty() {
            self.notices.push(text!(
                "columns of {file} not read: {columns}",
                file,
                columns = unread.join(", ")
            ));
        }
        sound
    }

    fn line(&mut self, row: &Row) {
        let columns = self.this().columns.clone();
        let mut line = Line {
            input: self.sheets.len() - 1,
            row: row.number,
            ..Line::default()
        };
        let mut wrong: Vec<(Option<usize>, Text, Option<Text>)> = Vec::new();
        for (at, field) in columns.iter().enumerate() {
            let Some(field) = field.filter(|field| *field != Field::Reason) else {
                continue;
            };
            let (cell, kind) = row.seen(at);
            if cell.trim().is_empty() && kind == CellKind::Text {
                continue;
            }
            match value(field, cell, kind) {
                Err(refusal) => wrong.push((Some(at), refusal.message, Some(refusal.hint))),
                Ok(words) if words.is_empty() => {}
                Ok(words) => match field {
                    Field::Order => line.order = words,
                    Field::Openid => line.openid = Some(words),
                    Field::Carrier => line.carrier = words,
                    Field::Waybill => line.waybill = words,
                    Field::Product => line.product = Some(words),
                    Field::Sku => line.sku = Some(words),
                    Field::Count => match pieces(&words).filter(|count| *count > 0) {
                        Some(count) => line.count = Some(count),
                        None => wrong.push((
                            Some(at),
                            text!("\"{text}\" is not a number of pieces", text = words),
                            None,
                        )),
                    },
                    Field::Reason => {}
                },
            }
        }
        for at in columns.len()..row.len() {
            let (cell, kind) = row.cell(at);
            if kind != CellKind::Merged && !cell.trim().is_empty() {
                let message = text!(
                    "there is a value in column {column}, which has no heading: {cell}",
                    column = column_letters(at),
                    cell = cell.trim().chars().take(40).collect::<String>()
                );
                let hint = text!("give the column a heading, or empty it");
                wrong.push((Some(at), message, Some(hint)));
            }
        }
        if line.count.is_some() && line.product.is_none() && line.sku.is_none() {
            let message = text!("a number of pieces without a product");
            wrong.push((None, message, Some(text!("give the product or the SKU"))));
        }
        let is_waiting = line.carrier.is_empty() && line.waybill.is_empty();
        if is_waiting && !line.order.is_empty() && wrong.is_empty() {
            self.waiting.push(line);
            return;
        }
        for (field, empty, what) in [
            (
                Field::Order,
                line.order.is_empty(),
                text!("the order number is missing"),
            ),
            (
                Field::Carrier,
                line.carrier.is_empty(),
                text!("the carrier is missing"),
            ),
            (
                Field::Waybill,
                line.waybill.is_empty(),
                text!("the waybill number is missing"),
            ),
        ] {
            let at = columns.iter().position(|known| *known == Some(field));
            if empty && !wrong.iter().any(|(column, ..)| *column == at) {
                wrong.push((at, what, None));
            }
        }
        if wrong.is_empty() {
            self.lines.push(line);
            return;
        }
        for (column, message, hint) in wrong {
            self.note(row.number, column, &line.order, message, hint);
        }
    }
}

/// The text of a cell: somebody's number as the person sees it, or words.
fn value(field: Field, cell: &str, kind: CellKind) -> std::result::Result<String, Refusal> {
    match field {
        Field::Order | Field::Openid | Field::Waybill | Field::Product | Field::Sku => {
            let number = number::read(cell, kind)?;
            if field == Field::Waybill && number.text.contains(' ') {
                return Err(Refusal {
                    message: super::blank_in_waybill(&number.text),
                    hint: text!("write it without spaces"),
                });
            }
            Ok(number.text.into_owned())
        }
        Field::Carrier | Field::Count | Field::Reason => match number::unreadable(cell, kind) {
            Some(refusal) => Err(refusal),
            None => Ok(half_width(cell.trim()).trim_start_matches('\'').to_owned()),
        },
    }
}

/// A number of pieces; of binary fractions what the spreadsheet shows.
fn pieces(words: &str) -> Option<i64> {
    let number: f64 = words.parse().ok()?;
    // Nobody sends so many that a double could not count them.
    ((number - number.round()).abs() < 1e-6 && number.abs() < 1e9).then(|| number.round() as i64)
}

/// Whether a row has the heading of the order number.
fn has_order(row: &Row) -> bool {
    row.cells()
        .any(|(heading, _)| Field::of_heading(heading) == Some(Field::Order))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content: &[u8]) -> Table {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("t.csv");
        std::fs::write(&path, content).expect("a file");
        let files = [path.display().to_string()];
        Table::read(&files, &Reading::default(), folder.path()).expect("a table")
    }

    #[test]
    fn chinese_and_english_headings_and_encodings_are_read() {
        let chinese = "订单号,收货人,快递公司,快递单号,SKU编号,数量\nA1,x,顺丰,SF1,T1,2\n";
        let (gbk, ..) = encoding_rs::GBK.encode(chinese);
        for content in [
            chinese.as_bytes(),
            &gbk,
            "Order,Remark,Carrier,Waybill_ID,out_sku_id,Qty\nA1,x,顺丰,SF1,T1,2\n".as_bytes(),
        ] {
            let table = read(content);
            assert_eq!(table.problems.len(), 0, "{:?}", table.problems);
            let line = &table.lines[0];
            assert_eq!(
                (
                    line.order.as_str(),
                    line.carrier.as_str(),
                    line.waybill.as_str()
                ),
                ("A1", "顺丰", "SF1")
            );
            assert_eq!(
                (line.sku.as_deref(), line.count, line.row),
                (Some("T1"), Some(2), 2)
            );
            assert!(
                table
                    .notices
                    .iter()
                    .any(|notice| notice.to_string().contains("not read"))
            );
        }
    }

    #[test]
    fn every_problem_is_named_with_its_place() {
        let table =
            read("订单号,快递公司,运单号,数量\n,顺丰,SF1,\nA2,,,x\nA3,顺丰,SF3,3\n".as_bytes());
        let found: Vec<String> = table
            .problems
            .iter()
            .map(|problem| format!("{} {}", problem.place, problem.message))
            .collect();
        assert_eq!(found.len(), 5, "{found:#?}");
        assert!(found.iter().all(|line| line.starts_with("t.csv:")));
        let table = read("订单号,快递公司\nA1,顺丰\n".as_bytes());
        assert_eq!((table.problems.len(), table.lines.len()), (1, 0));
    }

    #[test]
    fn rows_that_wait_for_a_parcel_are_set_aside_unless_their_order_has_one() {
        let table =
            read("订单号,快递公司,运单号,SKU编号\nA1,顺丰,SF1,S1\nA2,,,S1\nA3,,,\n".as_bytes());
        assert_eq!(table.problems.len(), 0, "{:?}", table.problems);
        assert_eq!(table.lines.len(), 1);
        let told = table.notices[0].to_string();
        assert_eq!(
            told,
            "2 rows without carrier and waybill number are not sent (first: t.csv:3)"
        );
        let table = read("订单号,快递公司,运单号,SKU编号\nA1,顺丰,SF1,S1\nA1,,,S2\n".as_bytes());
        let problem = &table.problems[0];
        assert_eq!(
            (problem.place.as_str(), problem.message.to_string().as_str()),
            (
                "t.csv:3 C3 运单号",
                "the order has a waybill number in row 2 and none here"
            )
        );
        assert_eq!(table.lines.len(), 0);
        let table = read("订单号,快递公司,运单号\nA1,,\n".as_bytes());
        let told = table.problems[0].message.to_string();
        assert_eq!(told, "no row has a carrier and a waybill number");
        // Half of it is a slip.
        let table = read("订单号,快递公司,运单号\nA1,顺丰,\n".as_bytes());
        let told = table.problems[0].message.to_string();
        assert_eq!(told, "the waybill number is missing");
    }

    #[test]
    fn numbers_are_what_the_person_sees_or_refused() {
        let table = read(
            "订单号,快递公司,运单号\n\"=\"\"00A1\"\"\",顺丰,'SF1\nA2,顺丰,4.3E+14\nA3\u{200B},顺丰,SF3\n".as_bytes(),
        );
        let line = &table.lines[0];
        assert_eq!(
            (line.order.as_str(), line.waybill.as_str()),
            ("00A1", "SF1")
        );
        let found: Vec<String> = table
            .problems
            .iter()
            .map(|problem| format!("{} {}", problem.place, problem.message))
            .collect();
        assert_eq!(found.len(), 2, "{found:#?}");
        assert!(
            found[0].starts_with("t.csv:3 C3 运单号 the number is in scientific"),
            "{}",
            found[0]
        );
        assert!(
            found[1].contains("a zero-width space (U+200B)"),
            "{}",
            found[1]
        );
    }

    #[test]
    fn one_order_in_two_spellings_is_refused() {
        let table = read("订单号,快递公司,运单号\nA1,顺丰,SF1\n'0A1,顺丰,SF2\n".as_bytes());
        assert_eq!(table.problems.len(), 1);
        assert!(
            table.problems[0]
                .message
                .to_string()
                .contains("\"0A1\" and \"A1\"")
        );
        assert_eq!(table.lines.len(), 0);
    }

    #[test]
    fn headings_below_a_title_and_values_beyond_them_are_named() {
        let table = read("发货表,,\n订单号,快递公司,运单号\nA1,顺丰,SF1\n".as_bytes());
        let told = table.problems[0].message.to_string();
        assert_eq!(told, "the headings are in row 2, below other rows");
        let table = read("订单号,快递公司,运单号\nA1,顺丰,SF1,急件\n".as_bytes());
        let told = table.problems[0].message.to_string();
        assert!(told.contains("column D") && told.contains("急件"), "{told}");
    }
}
