//! Tables of parcels: which column holds what, and the rows with all that is wrong in their cells.

use crate::bulk::csv::{CsvReader, Dialect, Encoding, dialect};
use crate::bulk::source::{
    CellKind, Row, Source, SourceKind, column_letters, expand, half_width, plain_heading,
};
use crate::bulk::xlsx::Book;
use crate::fail::Failure;
use crate::lang::Text;
use crate::output::{Cell, Column, Record};
use crate::text;
use anyhow::Result;
use serde::Serialize;
use std::path::Path;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    Order,
    Openid,
    Carrier,
    Waybill,
    Product,
    Sku,
    Count,
    Reason,
}

/// The headings of each field, plain: lower case, without blanks, dashes and underscores. The first stands in messages.
const HEADINGS: &[(Field, &[&str])] = &[
    (
        Field::Order,
        &[
            "订单号",
            "outorderid",
            "order",
            "ordernumber",
            "orderno",
            "orderid",
            "订单",
            "商家订单号",
            "商户订单号",
            "订单编号",
            "微信订单号",
        ],
    ),
    (
        Field::Openid,
        &["openid", "buyer", "买家openid", "用户openid", "买家"],
    ),
    (
        Field::Carrier,
        &[
            "快递公司",
            "carrier",
            "deliveryid",
            "deliverycompany",
            "company",
            "物流公司",
            "承运商",
            "快递",
            "快递名称",
            "快递公司名称",
            "快递公司编码",
        ],
    ),
    (
        Field::Waybill,
        &[
            "运单号",
            "waybill",
            "waybillid",
            "trackingnumber",
            "trackingno",
            "tracking",
            "快递单号",
            "物流单号",
            "运单编号",
        ],
    ),
    (
        Field::Product,
        &[
            "商品编号",
            "outproductid",
            "product",
            "商家商品编号",
            "商品编码",
            "商家商品id",
            "商家编码",
        ],
    ),
    (
        Field::Sku,
        &[
            "sku编号",
            "outskuid",
            "sku",
            "商家sku编号",
            "规格编码",
            "规格编号",
            "sku编码",
            "skuid",
        ],
    ),
    (
        Field::Count,
        &[
            "数量",
            "count",
            "productcnt",
            "quantity",
            "qty",
            "pieces",
            "件数",
            "发货数量",
        ],
    ),
    (Field::Reason, &["reason", "失败原因", "原因"]),
];

impl Field {
    pub fn of_heading(heading: &str) -> Option<Field> {
        let plain = plain_heading(heading);
        HEADINGS
            .iter()
            .find(|(_, names)| names.contains(&plain.as_str()))
            .map(|(field, _)| *field)
    }
}

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
#[derive(Debug, Clone, Serialize)]
pub struct Problem {
    /// `tracking.xlsx Sheet1!C17`, `tracking.csv:17`.
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

impl Record for Problem {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("place", "WHERE", |problem| {
            Cell::Text(problem.place.clone())
        }),
        Column::new("order", "ORDER", |problem| {
            Cell::Text(problem.order.clone())
        }),
        Column::new("message", "PROBLEM", |problem| {
            Cell::Sentence(problem.message.clone())
        }),
        Column::new("hint", "WHAT TO DO", |problem| {
            Cell::sentence(problem.hint.as_ref())
        }),
    ];
}

/// One file.
pub struct Sheet {
    pub source: Source,
    pub dialect: Option<Dialect>,
    pub sheet: Option<String>,
    /// The row of the headings; 0 before it was met.
    pub heading: u32,
    pub columns: Vec<Option<Field>>,
}

impl Sheet {
    pub fn column(&self, field: Field) -> Option<usize> {
        self.columns.iter().position(|known| *known == Some(field))
    }

    /// Where a row, or a cell of it, stands.
    pub fn place(&self, row: u32, column: Option<usize>) -> String {
        let name = &self.source.name;
        match (&self.sheet, column) {
            (Some(sheet), Some(column)) => {
                format!("{name} {sheet}!{}{row}", column_letters(column))
            }
            (Some(sheet), None) => format!("{name} {sheet}!{row}"),
            (None, _) => format!("{name}:{row}"),
        }
    }
}

/// Everything the files hold.
#[derive(Default)]
pub struct Table {
    pub sheets: Vec<Sheet>,
    pub lines: Vec<Line>,
    pub problems: Vec<Problem>,
    pub notices: Vec<Text>,
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
        for input in expand(files)? {
            let source = Source::open(&input, how.kind, spool_dir)?;
            table.sheets.push(Sheet {
                source,
                dialect: None,
                sheet: None,
                heading: 0,
                columns: Vec::new(),
            });
            table.file(how)?;
        }
        Ok(table)
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
                return Err(Failure::input(text!("{file} is no table", file))
                    .hint(text!("parcels are read from .xlsx, .csv and .tsv"))
                    .into());
            }
        }
        if before == self.lines.len() + self.problems.len() {
            let heading = self.this().heading.max(1);
            self.note(heading, None, "", text!("there is no parcel in it"), None);
        }
        Ok(())
    }

    fn csv(&mut self, how: &Reading, tab: bool) -> Result<()> {
        let source = &self.this().source;
        let name = source.name.clone();
        let dialect = dialect(&name, &mut source.reader()?, how.encoding, tab)?;
        let mut reader = CsvReader::new(&name, source.reader()?, dialect)?;
        if dialect.encoding == Encoding::Gb18030 {
            self.notices.push(text!(
                "{file} is read as {encoding}",
                file = &name,
                encoding = dialect.encoding.name()
            ));
        }
        self.this().dialect = Some(dialect);
        let mut row = Row::default();
        while reader.next(&mut row)? {
            if !row.is_blank() && !self.row(&row) {
                break;
            }
        }
        Ok(())
    }

    fn xlsx(&mut self, how: &Reading) -> Result<()> {
        let source = &self.this().source;
        let name = source.name.clone();
        let mut book = Book::open(&name, source.reader()?)?;
        let sheets = book.sheets();
        let list = sheets.join(", ");
        let mut chosen = None;
        for sheet in &sheets {
            let mut fits = how.sheet.as_ref() == Some(sheet);
            if how.sheet.is_none() {
                book.rows(sheet, &mut |row| {
                    fits = row
                        .cells()
                        .any(|(heading, _)| Field::of_heading(heading) == Some(Field::Order));
                    Ok(false)
                })?;
            }
            if fits {
                chosen = Some(sheet.clone());
                break;
            }
        }
        let sheet = match (chosen, sheets.as_slice(), &how.sheet) {
            (Some(sheet), ..) => sheet,
            (None, [only], None) => only.clone(),
            (None, _, Some(wanted)) => {
                return Err(Failure::input(text!(
                    "{file} has no sheet \"{sheet}\"",
                    file = name,
                    sheet = wanted
                ))
                .hint(text!("its sheets are: {list}", list))
                .into());
            }
            _ => {
                return Err(Failure::input(text!(
                    "no sheet of {file} has a column for the order number in its first row",
                    file = name
                ))
                .hint(text!(
                    "name the sheet with --sheet; its sheets are: {list}",
                    list
                ))
                .into());
            }
        };
        self.this().sheet = Some(sheet.clone());
        book.rows(&sheet, &mut |row| Ok(self.row(row)))
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
    fn row(&mut self, row: &Row) -> bool {
        match self.this().heading {
            0 => self.headings(row),
            _ => {
                self.line(row);
                true
            }
        }
    }

    fn headings(&mut self, row: &Row) -> bool {
        let mut columns: Vec<Option<Field>> = Vec::new();
        let (mut unread, mut sound) = (Vec::new(), true);
        for (at, (heading, _)) in row.cells().enumerate() {
            let field = Field::of_heading(heading);
            if field.is_none() && !heading.trim().is_empty() {
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
        this.columns = columns;
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
                "columns of {file} that are not read: {columns}",
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
            let (cell, kind) = row.cell(at);
            match words(cell, kind) {
                Err((message, hint)) => wrong.push((Some(at), message, Some(hint))),
                Ok(words) if words.is_empty() => {}
                Ok(words) => match field {
                    Field::Order => line.order = words,
                    Field::Openid => line.openid = Some(words),
                    Field::Carrier => line.carrier = words,
                    Field::Waybill => line.waybill = words,
                    Field::Product => line.product = Some(words),
                    Field::Sku => line.sku = Some(words),
                    Field::Count => match words.parse().ok().filter(|count| *count > 0) {
                        Some(count) => line.count = Some(count),
                        None => wrong.push((
                            Some(at),
                            text!("\"{text}\" is no number of pieces", text = words),
                            None,
                        )),
                    },
                    Field::Reason => {}
                },
            }
        }
        if line.count.is_some() && line.product.is_none() && line.sku.is_none() {
            let message = text!("a number of pieces, but not of which product");
            wrong.push((None, message, Some(text!("name the product or the SKU"))));
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

/// The text of a cell. A spreadsheet keeps 15 digits of a number, so a longer one is damaged.
fn words(cell: &str, kind: CellKind) -> std::result::Result<String, (Text, Text)> {
    let words = half_width(cell.trim()).trim_start_matches('\'').to_owned();
    let digits = words.bytes().filter(u8::is_ascii_digit).count();
    match kind {
        CellKind::Number if digits > 15 => Err((
            text!(
                "the cell is a number of more than 15 digits, of which the spreadsheet lost some"
            ),
            text!("format the column as text and enter the number again"),
        )),
        CellKind::Error => Err((
            text!("the cell holds the error {error}", error = words),
            text!("correct the formula, or paste the values"),
        )),
        CellKind::Date => Err((
            text!("the spreadsheet made a date of it"),
            text!("format the column as text and enter the number again"),
        )),
        _ => Ok(words),
    }
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
            "Order,Receiver,Carrier,Waybill_ID,out_sku_id,Qty\nA1,x,顺丰,SF1,T1,2\n".as_bytes(),
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
    fn a_number_that_lost_digits_is_no_number() {
        assert!(words("1234567890123456", CellKind::Number).is_err());
        assert_eq!(
            words("123456789012345", CellKind::Number).ok().as_deref(),
            Some("123456789012345")
        );
        assert_eq!(
            words("'SF００1 ", CellKind::Text).ok().as_deref(),
            Some("SF001")
        );
    }
}
