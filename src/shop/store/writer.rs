//! Sheets of goods for a WeChat Store, written: what the store has, in the form that an upload reads back unchanged,
//! and an empty sheet for one category.

use super::CategoryPath;
use super::check::StoreFacts;
use super::plan::{measure, of_product, of_sku};
use super::sheet::{ATTRIBUTE, FIELDS, Field, PAPER, SIZE, SKU_ATTRIBUTE};
use crate::api::store::goods::{NO_BRAND, Product, Sku};
use crate::bulk::csv::{CsvWriter, Dialect, Encoding};
use crate::lang::{Lang, Text};
use crate::model::category_rule::{
    AttributeRule, CategoryRule, Need, PRESALE_DAYS, PaperRule, ValueKind,
};
use crate::text;
use anyhow::Result;
use rust_xlsxwriter::{
    Color, DataValidation, DataValidationRule, Format, FormatAlign, Formula, Note, Workbook,
    Worksheet,
};
use std::collections::HashMap;
use std::io::{Seek, Write};

/// The kinds of files that can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SheetKind {
    Csv,
    Xlsx,
}

/// Rows of a template that get drop-down lists.
const PREPARED: u32 = 2000;

fn heading(field: Field, lang: Lang) -> String {
    field.words().render(lang)
}

/// A sheet of products with their SKUs, one row each.
pub struct Export {
    headings: Vec<(String, Shape)>,
    rows: Vec<Vec<String>>,
    pub products: usize,
    pub skus: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Text,
    Money,
    Whole,
}

impl Export {
    /// The rows of products. Attributes, SKU attributes and papers have a column each.
    pub fn new(products: &[Product], facts: &StoreFacts, lang: Lang) -> Export {
        fn add<'a>(list: &mut Vec<&'a str>, name: &'a str) {
            if !list.contains(&name) {
                list.push(name);
            }
        }
        let (mut attributes, mut sku_attributes) = (Vec::new(), Vec::new());
        let (mut papers, mut sizes) = (Vec::new(), Vec::new());
        for product in products {
            product
                .attrs
                .iter()
                .for_each(|one| add(&mut attributes, &one.attr_key));
            for sku in &product.skus {
                sku.sku_attrs
                    .iter()
                    .for_each(|one| add(&mut sku_attributes, &one.attr_key));
            }
            product
                .product_qua_infos
                .iter()
                .for_each(|paper| add(&mut papers, paper.qua_id.as_str()));
            let chart = product.size_chart.iter().filter(|chart| chart.enable);
            chart
                .flat_map(|chart| &chart.specification_list)
                .for_each(|line| add(&mut sizes, &line.name));
        }
        // Attributes have columns of their own, since their values may hold what separates them in one cell.
        let fields = FIELDS
            .iter()
            .map(|(field, ..)| *field)
            .filter(|field| !matches!(field, Field::Attributes | Field::SkuAttributes));
        let (of_product_fields, of_sku_fields): (Vec<Field>, Vec<Field>) =
            fields.partition(|field| !field.of_sku());
        let shape = |field: Field| match field {
            Field::Price => Shape::Money,
            Field::Stock | Field::Weight => Shape::Whole,
            _ => Shape::Text,
        };
        let headed = |fields: &[Field]| -> Vec<(String, Shape)> {
            let headed = fields
                .iter()
                .map(|field| (heading(*field, lang), shape(*field)));
            headed.collect()
        };
        let prefixed = |prefix: [&str; 2], names: &[&str]| -> Vec<(String, Shape)> {
            let prefix = prefix[usize::from(lang == Lang::Zh)];
            let named = names
                .iter()
                .map(|name| (format!("{prefix}{name}"), Shape::Text));
            named.collect()
        };
        let headings = [
            headed(&of_product_fields),
            prefixed(ATTRIBUTE, &attributes),
            prefixed(PAPER, &papers),
            headed(&of_sku_fields),
            prefixed(SKU_ATTRIBUTE, &sku_attributes),
            prefixed(SIZE, &sizes),
        ]
        .concat();
        let names = Names::new(facts);
        let mut export = Export {
            headings,
            rows: Vec::new(),
            products: products.len(),
            skus: 0,
        };
        for product in products {
            let of_whole: Vec<String> = of_product_fields
                .iter()
                .map(|field| names.product(product, *field))
                .chain(attributes.iter().map(|name| {
                    let found = product.attrs.iter().find(|one| one.attr_key == *name);
                    found.map_or_else(String::new, |one| one.attr_value.clone())
                }))
                .chain(papers.iter().map(|id| {
                    let mut all = product.product_qua_infos.iter();
                    let found = all.find(|paper| paper.qua_id.as_str() == *id);
                    found.map_or_else(String::new, |paper| paper.qua_url.join("|"))
                }))
                .collect();
            for sku in &product.skus {
                let of_one = of_sku_fields.iter().map(|field| match field {
                    // What was made in the console has no number of the merchant's.
                    Field::SkuNumber if sku.out_sku_id.is_empty() => sku.sku_id.to_string(),
                    field => of_sku(sku, *field),
                });
                let named = sku_attributes.iter().map(|name| {
                    let found = sku.sku_attrs.iter().find(|one| one.attr_key == *name);
                    found.map_or_else(String::new, |one| one.attr_value.clone())
                });
                let measured = sizes.iter().map(|name| size_of(product, sku, name));
                export.rows.push(
                    of_whole
                        .iter()
                        .cloned()
                        .chain(of_one)
                        .chain(named)
                        .chain(measured)
                        .collect(),
                );
                export.skus += 1;
            }
        }
        export
    }

    pub fn write(
        &self,
        out: &mut (impl Write + Seek + Send),
        kind: SheetKind,
        lang: Lang,
    ) -> Result<()> {
        if kind == SheetKind::Csv {
            let mut writer = CsvWriter::new(out, DIALECT)?;
            writer.row(self.headings.iter().map(|(heading, _)| heading))?;
            for row in &self.rows {
                writer.row(row)?;
            }
            return writer.finish();
        }
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet_with_constant_memory()?;
        sheet.set_name(sheet_name(lang))?;
        sheet.set_freeze_panes(1, 0)?;
        let bold = Format::new().set_bold();
        let as_text = Format::new().set_num_format("@");
        let money = Format::new().set_num_format("0.00");
        for (column, (heading, shape)) in self.headings.iter().enumerate() {
            let column = u16::try_from(column)?;
            sheet.set_column_width(column, 16)?;
            if *shape == Shape::Text {
                sheet.set_column_format(column, &as_text)?;
            }
            sheet.write_string_with_format(0, column, heading, &bold)?;
        }
        for (row, cells) in self.rows.iter().enumerate() {
            let row = u32::try_from(row + 1)?;
            for (column, (cell, (_, shape))) in cells.iter().zip(&self.headings).enumerate() {
                let column = u16::try_from(column)?;
                match (shape, cell.parse::<f64>()) {
                    _ if cell.is_empty() => {}
                    (Shape::Money, Ok(number)) => {
                        sheet.write_number_with_format(row, column, number, &money)?;
                    }
                    (Shape::Whole, Ok(number)) => {
                        sheet.write_number(row, column, number)?;
                    }
                    _ => {
                        sheet.write_string_with_format(row, column, cell, &as_text)?;
                    }
                }
            }
        }
        Ok(workbook.save_to_writer(out)?)
    }
}

/// What the size chart says of the size that a SKU is.
fn size_of(product: &Product, sku: &Sku, name: &str) -> String {
    let chart = product.size_chart.as_ref().filter(|chart| chart.enable);
    let line = chart.and_then(|chart| {
        let mut lines = chart.specification_list.iter();
        lines.find(|line| line.name == name)
    });
    let of_sku = |key: &str| sku.sku_attrs.iter().any(|one| one.attr_value == key);
    let value = line.and_then(|line| {
        let found = line.value_list.iter().find(|value| of_sku(&value.key))?;
        Some(measure(line.is_range, found))
    });
    value.unwrap_or_default()
}

fn sheet_name(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "goods",
        Lang::Zh => "商品",
    }
}

/// With the mark, Excel reads UTF-8 as what it is.
const DIALECT: Dialect = Dialect {
    encoding: Encoding::Utf8Bom,
    delimiter: b',',
    crlf: true,
    sep: false,
};

/// Names in place of numbers, where one name is one number.
struct Names<'a> {
    categories: HashMap<&'a str, &'a CategoryPath>,
    brands: HashMap<&'a str, &'a str>,
    templates: HashMap<&'a str, &'a str>,
}

impl<'a> Names<'a> {
    fn new(facts: &'a StoreFacts) -> Names<'a> {
        let once = |pairs: Vec<(&'a str, &'a str)>| -> HashMap<&'a str, &'a str> {
            let is_once =
                |name: &str| pairs.iter().filter(|(_, other)| *other == name).count() == 1;
            pairs
                .iter()
                .filter(|(_, name)| !name.is_empty() && is_once(name))
                .copied()
                .collect()
        };
        Names {
            categories: facts
                .categories
                .iter()
                .map(|path| (path.leaf(), path))
                .collect(),
            brands: once(
                facts
                    .brands
                    .iter()
                    .map(|brand| (brand.brand_id.as_str(), brand.ch_name.as_str()))
                    .collect(),
            ),
            templates: once(
                facts
                    .templates
                    .iter()
                    .map(|template| (template.template_id.as_str(), template.name.as_str()))
                    .collect(),
            ),
        }
    }

    fn product(&self, product: &Product, field: Field) -> String {
        let number = of_product(product, field);
        let known = match field {
            // A product that was made in the console may have no number of the merchant's.
            Field::Number if number.is_empty() => return product.product_id.to_string(),
            Field::Category => {
                return self
                    .categories
                    .get(&*number)
                    .map_or(number, |path| path.path());
            }
            Field::Brand if number == NO_BRAND => Some(&"无品牌"),
            Field::Brand => self.brands.get(&*number),
            Field::Freight => self.templates.get(&*number),
            _ => None,
        };
        known.map_or(number, |name| (*name).to_owned())
    }
}

/// A column of a template.
struct Prepared {
    heading: String,
    required: bool,
    /// What the note on the heading says.
    note: Text,
    choices: Vec<String>,
    /// Whether another value than the choices may stand there.
    open: bool,
    validation: Option<DataValidation>,
}

impl Prepared {
    fn new(heading: String, required: bool, note: Text) -> Prepared {
        Prepared {
            heading,
            required,
            note,
            choices: Vec::new(),
            open: false,
            validation: None,
        }
    }

    fn with(mut self, choices: Vec<String>, open: bool) -> Prepared {
        self.choices = choices;
        self.open = open;
        self
    }

    fn valid(mut self, validation: DataValidation) -> Prepared {
        self.validation = Some(validation);
        self
    }
}

/// An empty sheet for products of one category.
pub struct Template {
    columns: Vec<Prepared>,
}

impl Template {
    pub fn new(
        path: &CategoryPath,
        rule: &CategoryRule,
        facts: &StoreFacts,
        lang: Lang,
    ) -> Template {
        let requirements = path.requirements();
        let plain = |field: Field, required: bool, note: Text| {
            Prepared::new(heading(field, lang), required, note)
        };
        let nothing = || Text::verbatim("");
        let mut columns = vec![
            plain(
                Field::Number,
                true,
                text!("your own number of the product; rows of the same number are its SKUs"),
            ),
            plain(
                Field::Title,
                true,
                text!("at most 60 characters, not only digits and letters"),
            ),
            plain(Field::ShortTitle, false, text!("at most 20 characters")),
            plain(Field::Category, true, nothing()).with(vec![path.path()], false),
            plain(
                Field::HeadImages,
                true,
                text!(
                    "{least} to {most} files or addresses, separated by |",
                    least = requirements.head_images,
                    most = 9
                ),
            ),
            plain(
                Field::DetailImages,
                true,
                text!(
                    "{least} to {most} files or addresses, separated by |",
                    least = requirements.detail_images,
                    most = 50
                ),
            ),
            plain(Field::Detail, false, nothing()),
            plain(Field::Freight, true, nothing()).with(
                facts
                    .templates
                    .iter()
                    .map(|template| template.name.clone())
                    .collect(),
                false,
            ),
        ];
        if facts
            .templates
            .iter()
            .any(|template| template.valuation_type == "WEIGHT")
        {
            columns.push(
                plain(
                    Field::Weight,
                    false,
                    text!("grams; needed where the freight template charges by weight"),
                )
                .valid(whole(1, 10_000_000)),
            );
        }
        let brands = facts.brands.iter().filter(|brand| {
            let allowed = |list: &Vec<String>| list.iter().any(|id| id == brand.brand_id.as_str());
            rule.brands.as_ref().is_none_or(allowed)
        });
        let mut brands: Vec<String> = brands.map(|brand| brand.ch_name.clone()).collect();
        if rule.brands.is_none() {
            brands.push("无品牌".to_owned());
        }
        columns.push(plain(Field::Brand, rule.brands.is_some(), nothing()).with(brands, false));
        let attribute = |prefix: [&str; 2], rule: &AttributeRule| {
            let heading = format!("{}{}", prefix[usize::from(lang == Lang::Zh)], rule.name);
            let note = match rule.need {
                Need::When(_) | Need::Unknown => text!(
                    "needed for some products of the category; {kind}",
                    kind = super::check::kind_words(&rule.kind)
                ),
                Need::Always | Need::Never => super::check::kind_words(&rule.kind),
            };
            let column = Prepared::new(heading, rule.need == Need::Always, note);
            match &rule.kind {
                ValueKind::OneOf(choices) => column.with(choices.clone(), rule.open),
                _ => column,
            }
        };
        columns.extend(
            rule.attributes
                .iter()
                .map(|rule| attribute(ATTRIBUTE, rule)),
        );
        let paper = |paper: &PaperRule| {
            let heading = format!("{}{}", PAPER[usize::from(lang == Lang::Zh)], paper.name);
            let note = match paper.need {
                Need::Always | Need::Never => text!(
                    "files or addresses of images, separated by | ({tips})",
                    tips = &paper.tips
                ),
                Need::When(_) | Need::Unknown => text!(
                    "needed for some products of the category; files or addresses of images, separated by | ({tips})",
                    tips = &paper.tips
                ),
            };
            Prepared::new(heading, paper.need == Need::Always, note)
        };
        columns.extend(rule.papers.iter().map(paper));
        let services = rule
            .services
            .iter()
            .find(|(name, _)| name == "seven_day_return");
        let returns = services
            .map(|(_, choices)| choices.clone())
            .unwrap_or_default();
        columns.extend([
            plain(
                Field::SevenDays,
                false,
                text!("0 no, 1 yes, 2 except customised goods, 3 not after use"),
            )
            .with(returns, false),
            plain(Field::FreightInsurance, false, nothing())
                .with(vec!["是".into(), "否".into()], false),
            plain(Field::AftersaleText, false, text!("at most 200 characters")),
            plain(Field::SpuCode, false, nothing()),
            plain(Field::SkuNumber, true, text!("your own number of the SKU")),
        ]);
        columns.extend(
            rule.sku_attributes
                .iter()
                .map(|rule| attribute(SKU_ATTRIBUTE, rule)),
        );
        let floor = rule.floor_price;
        let price = match floor.0 {
            ..=0 => text!("yuan"),
            _ => text!("yuan, at least {floor}", floor = floor.to_yuan()),
        };
        columns.extend([
            plain(Field::SkuImage, false, nothing()),
            plain(Field::Price, true, price).valid(DataValidation::new().allow_decimal_number(
                DataValidationRule::Between(floor.0.max(1) as f64 / 100.0, 10_000_000.0),
            )),
            plain(Field::Stock, true, nothing()).valid(whole(0, 10_000_000)),
            plain(Field::SkuCode, false, nothing()),
            plain(Field::BarCode, rule.needs_bar_code, nothing()),
        ]);
        if rule.presale {
            let (least, most) = rule.presale_days.unwrap_or(PRESALE_DAYS);
            columns.push(plain(
                Field::Delivery,
                false,
                text!(
                    "write 现货 (in stock), or the days from payment to shipping of a pre-sale, {least} to {most}",
                    least,
                    most
                ),
            ));
        }
        if rule.sizes.supported {
            columns.extend(rule.sizes.lines.iter().map(|line| {
                let heading = format!("{}{}", SIZE[usize::from(lang == Lang::Zh)], line.name);
                let note = text!(
                    "size chart, in {unit}, the same for every SKU of one size; {words}",
                    unit = &line.unit,
                    words = super::check::size_words(line)
                );
                Prepared::new(heading, false, note)
            }));
        }
        Template { columns }
    }

    pub fn write(
        self,
        out: &mut (impl Write + Seek + Send),
        kind: SheetKind,
        lang: Lang,
    ) -> Result<()> {
        let shown = |column: &Prepared| {
            if column.required {
                // An upload reads a heading with this mark like one without.
                format!("{}（必填）", column.heading)
            } else {
                column.heading.clone()
            }
        };
        if kind == SheetKind::Csv {
            let mut writer = CsvWriter::new(out, DIALECT)?;
            writer.row(self.columns.iter().map(shown))?;
            return writer.finish();
        }
        let mut workbook = Workbook::new();
        let mut lists = Worksheet::new();
        lists.set_name("lists")?.set_hidden(true);
        let sheet = workbook.add_worksheet();
        sheet.set_name(sheet_name(lang))?;
        sheet.set_freeze_panes(1, 0)?;
        let as_text = Format::new().set_num_format("@");
        let plain = Format::new().set_bold().set_align(FormatAlign::Left);
        let needed = plain.clone().set_background_color(Color::RGB(0x00FF_F2CC));
        let mut filled = 0;
        for (place, column) in self.columns.into_iter().enumerate() {
            let place = u16::try_from(place)?;
            sheet.set_column_width(place, 18)?;
            let format = if column.required { &needed } else { &plain };
            sheet.write_string_with_format(0, place, shown(&column), format)?;
            let words = column.note.render(lang);
            if !words.is_empty() {
                sheet.insert_note(0, place, &Note::new(words).add_author_prefix(false))?;
            }
            if column.validation.is_none() {
                sheet.set_column_format(place, &as_text)?;
            }
            let validation = match (column.validation, column.choices.len()) {
                (Some(validation), _) => Some(validation),
                (None, 0) => None,
                (None, count) => {
                    for (row, choice) in column.choices.iter().enumerate() {
                        lists.write_string(u32::try_from(row)?, filled, choice)?;
                    }
                    let letters = crate::bulk::source::column_letters(usize::from(filled));
                    filled += 1;
                    let range = Formula::new(format!("=lists!${letters}$1:${letters}${count}"));
                    Some(
                        DataValidation::new()
                            .allow_list_formula(range)
                            .show_error_message(!column.open),
                    )
                }
            };
            if let Some(validation) = validation {
                sheet.add_data_validation(1, place, PREPARED, place, &validation)?;
            }
        }
        if filled > 0 {
            workbook.push_worksheet(lists);
        }
        Ok(workbook.save_to_writer(out)?)
    }
}

fn whole(least: i32, most: i32) -> DataValidation {
    DataValidation::new().allow_whole_number(DataValidationRule::Between(least, most))
}
