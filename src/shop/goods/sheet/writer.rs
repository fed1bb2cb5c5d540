//! Products written as a sheet or as JSON lines, in the form that `goods upload` reads back unchanged.

use super::cells::{Value, cell_of, csv_cell_of};
use super::fields::{Field, PRODUCT_FIELDS, SKU_FIELDS, SPECS, Shape};
use super::rows::Payload;
use crate::api::component::goods::{AddSpu, Spu};
use crate::bulk::csv::{CsvWriter, Dialect, Encoding};
use crate::lang::Lang;
use anyhow::Result;
use rust_xlsxwriter::{Format, Workbook};
use std::io::{Seek, Write};

/// The kinds of files that can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SheetKind {
    Csv,
    Xlsx,
    Jsonl,
}

/// The columns that most sheets need.
pub const USUAL: [Field; 18] = [
    Field::OutProductId,
    Field::Title,
    Field::Path,
    Field::HeadImg,
    Field::Desc,
    Field::DescImgs,
    Field::ThirdCatId,
    Field::BrandId,
    Field::InfoVersion,
    Field::QualificationPics,
    Field::OutSkuId,
    Field::ThumbImg,
    Field::SalePrice,
    Field::MarketPrice,
    Field::StockNum,
    Field::SkuCode,
    Field::Barcode,
    Field::SkuAttrs,
];

/// The columns of these products: the usual ones, and what else one of them holds.
pub fn columns_of(goods: &[Spu]) -> Vec<Field> {
    let has = |spu: &Spu| {
        spu.direct_path
            .as_ref()
            .is_some_and(|path| !path.is_empty())
    };
    let more = goods.iter().any(has).then_some(Field::DirectPath);
    USUAL.into_iter().chain(more).collect()
}

/// Every field there is.
pub fn all_fields() -> Vec<Field> {
    SPECS[..PRODUCT_FIELDS + SKU_FIELDS]
        .iter()
        .map(|spec| spec.field)
        .collect()
}

/// Writes products one after another.
pub struct SheetWriter<W: Write + Seek + Send> {
    form: Form<W>,
    fields: Vec<Field>,
}

enum Form<W: Write + Seek + Send> {
    Csv(Box<CsvWriter<W>>),
    Xlsx {
        workbook: Box<Workbook>,
        row: u32,
        out: W,
    },
    Jsonl(W),
}

impl<W: Write + Seek + Send> SheetWriter<W> {
    /// Starts a file with headings in the reader's language; `fields` are its columns. JSON lines hold all there is.
    pub fn new(out: W, kind: SheetKind, fields: &[Field], lang: Lang) -> Result<SheetWriter<W>> {
        let headings = fields.iter().map(|field| match lang {
            Lang::En => field.name(),
            Lang::Zh => field.spec().chinese,
        });
        let form = match kind {
            SheetKind::Jsonl => Form::Jsonl(out),
            SheetKind::Csv => {
                // With the mark, Excel reads UTF-8 as what it is.
                let mut writer = CsvWriter::new(
                    out,
                    Dialect {
                        encoding: Encoding::Utf8Bom,
                        delimiter: b',',
                        crlf: true,
                        sep: false,
                    },
                )?;
                writer.row(headings)?;
                Form::Csv(Box::new(writer))
            }
            SheetKind::Xlsx => {
                let mut workbook = Box::new(Workbook::new());
                let sheet = workbook.add_worksheet_with_constant_memory()?;
                sheet.set_name(match lang {
                    Lang::En => "goods",
                    Lang::Zh => "商品",
                })?;
                sheet.set_freeze_panes(1, 0)?;
                let (bold, as_text) = (Format::new().set_bold(), Format::new().set_num_format("@"));
                for (column, (field, heading)) in fields.iter().zip(headings).enumerate() {
                    let column = u16::try_from(column)?;
                    sheet.set_column_width(
                        column,
                        if matches!(field.shape(), Shape::Words | Shape::Images) {
                            30
                        } else {
                            16
                        },
                    )?;
                    if is_text(*field) {
                        sheet.set_column_format(column, &as_text)?;
                    }
                    sheet.write_string_with_format(0, column, heading, &bold)?;
                }
                Form::Xlsx {
                    workbook,
                    row: 1,
                    out,
                }
            }
        };
        Ok(SheetWriter {
            form,
            fields: fields.to_vec(),
        })
    }

    /// One row for each SKU; what belongs to the product stands in each.
    pub fn add(&mut self, spu: AddSpu) -> Result<()> {
        if let Form::Jsonl(out) = &mut self.form {
            serde_json::to_writer(&mut *out, &without_empty(serde_json::to_value(&spu)?))?;
            return Ok(out.write_all(b"\n")?);
        }
        let values = spu.into_values();
        for sku in &values.skus {
            let id = Value::Text(values.id.clone());
            let value = |field: Field| match field {
                Field::OutProductId => Some(&id),
                field if field.of_product() => values.product[field as usize].as_ref(),
                field => sku[super::rows::sku_slot(field)].as_ref(),
            };
            match &mut self.form {
                Form::Csv(writer) => writer.row(self.fields.iter().map(|field| {
                    value(*field)
                        .map(|value| csv_cell_of(*field, value))
                        .unwrap_or_default()
                }))?,
                Form::Xlsx { workbook, row, .. } => {
                    let (money, as_text) = (
                        Format::new().set_num_format("0.00"),
                        Format::new().set_num_format("@"),
                    );
                    let sheet = workbook.worksheet_from_index(0)?;
                    for (column, field) in self.fields.iter().enumerate() {
                        let column = u16::try_from(column)?;
                        match value(*field) {
                            None => {}
                            // A double holds these exactly enough to come back as the same number.
                            Some(Value::Fen(fen)) if fen.0.abs() < 1_000_000_000_000_000 => {
                                sheet.write_number_with_format(
                                    *row,
                                    column,
                                    fen.0 as f64 / 100.0,
                                    &money,
                                )?;
                            }
                            Some(Value::Whole(number)) if number.abs() < 1_000_000_000_000_000 => {
                                sheet.write_number(*row, column, *number as f64)?;
                            }
                            Some(other) => {
                                sheet.write_string_with_format(
                                    *row,
                                    column,
                                    cell_of(*field, other),
                                    &as_text,
                                )?;
                            }
                        }
                    }
                    *row += 1;
                }
                Form::Jsonl(_) => {}
            }
        }
        Ok(())
    }

    /// Writes what is still to be written.
    pub fn finish(self) -> Result<()> {
        match self.form {
            Form::Csv(writer) => writer.finish(),
            Form::Xlsx {
                mut workbook, out, ..
            } => Ok(workbook.save_to_writer(out)?),
            Form::Jsonl(mut out) => Ok(out.flush()?),
        }
    }
}

/// A document without what is empty in it: an empty field is left out, for `""` and `[]` are no values.
fn without_empty(document: serde_json::Value) -> serde_json::Value {
    use serde_json::Value as Json;
    let is_empty = |value: &Json| match value {
        Json::Null => true,
        Json::String(text) => text.trim().is_empty(),
        Json::Array(items) => items.is_empty(),
        Json::Object(fields) => fields.is_empty(),
        Json::Bool(_) | Json::Number(_) => false,
    };
    match document {
        Json::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| (name, without_empty(value)))
            .filter(|(_, value)| !is_empty(value))
            .collect(),
        Json::Array(items) => items.into_iter().map(without_empty).collect(),
        other => other,
    }
}

/// Columns in which a spreadsheet must not turn digits into a number.
fn is_text(field: Field) -> bool {
    !matches!(field.shape(), Shape::Yuan | Shape::Fen | Shape::Whole)
}
