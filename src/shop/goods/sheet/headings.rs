//! Which column of a sheet holds which field.

use super::cells::{Fault, read_cell};
use super::fields::{Field, Shape, plain_heading};
use super::rows::Payload;
use crate::bulk::source::Row;
use crate::fail::Failure;
use crate::text;
use anyhow::Result;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// The columns of one sheet.
#[derive(Debug, Clone, Default)]
pub struct Columns {
    /// By place; `None` is not read.
    pub fields: Vec<Option<Field>>,
    /// The columns that are read, with their places.
    pub read: Vec<(usize, Field)>,
    pub id: usize,
    /// Places of columns without a heading; a value in one is a problem.
    pub blank: Vec<usize>,
    /// Headings that `--ignore-column` left out.
    pub ignored: Vec<String>,
    /// By place, as they stand in the file, in one line.
    pub headings: Vec<String>,
    /// Required columns that are not there, which is said once and not again for every row.
    pub missing: Vec<Field>,
    /// Most headings are Chinese.
    pub chinese: bool,
}

impl Columns {
    /// Whether a row holds notes on the columns instead of goods: it has no price, no stock and no other amount.
    pub fn are_noted_in(&self, row: &Row) -> bool {
        let first = row.cell(self.id).0.to_lowercase();
        let notes = ["必填", "选填", "不填", "填写", "required", "optional"];
        let amount = |(column, field): &(usize, Field)| {
            let (cell, kind) = row.cell(*column);
            matches!(field.shape(), Shape::Yuan | Shape::Fen | Shape::Whole)
                && !cell.trim().is_empty()
                && read_cell(*field, "", cell, kind).is_ok()
        };
        notes.iter().any(|note| first.contains(note)) && !self.read.iter().any(amount)
    }

    pub fn place(&self, field: Field) -> Option<usize> {
        self.fields.iter().position(|known| *known == Some(field))
    }

    /// What a field is called in the file: its heading, or the name it would have in a sheet of this language.
    pub fn name_of(&self, field: Field) -> &str {
        let heading = self
            .place(field)
            .or_else(|| self.place_of_value(field))
            .and_then(|place| self.headings.get(place));
        match heading {
            Some(heading) => heading,
            None if self.chinese => field.spec().chinese,
            None => field.name(),
        }
    }

    /// The column that gives a field, in whichever unit.
    pub fn place_of_value(&self, field: Field) -> Option<usize> {
        self.place(field)
            .or_else(|| field.twin().and_then(|twin| self.place(twin)))
    }
}

/// Headings that an operator gave our fields, from `--map`; and those to leave out.
#[derive(Debug, Clone, Default)]
pub struct Naming {
    /// Plain heading → field.
    mapped: HashMap<String, Field>,
    /// As written, for messages.
    written: Vec<(Field, String)>,
    ignored: Vec<String>,
}

/// The lines of a `--map` file: field and heading.
///
/// # Errors
/// A file that cannot be read or is no TOML of such lines.
pub fn mapping(path: &Path) -> Result<BTreeMap<String, String>> {
    let shown = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::input(text!(
            "cannot read {file}: {why}",
            file = &shown,
            why = error.to_string()
        ))
    })?;
    let entries = toml::from_str(&text).map_err(|error| {
        Failure::input(text!(
            "{file} is not a column mapping: {why}",
            file = &shown,
            why = error.message()
        ))
        .hint(text!(
            "write one line for each column, e.g. title = \"品名\""
        ))
    })?;
    Ok(entries)
}

/// A line of a `--map` file that names no field.
pub fn no_field(path: &Path, name: &str, nearest: Option<&str>) -> Failure {
    let failure = Failure::input(text!(
        "{file} maps {name}, which is not a product field",
        file = path.display().to_string(),
        name
    ));
    match nearest {
        Some(nearest) => failure.hint(text!("did you mean {nearest}?", nearest)),
        None => failure,
    }
}

impl Naming {
    /// Reads a TOML file of lines such as `title = "品名"`.
    pub fn read(map: Option<&Path>, ignore: &[String]) -> Result<Naming> {
        let mut naming = Naming {
            ignored: ignore
                .iter()
                .map(|heading| plain_heading(heading))
                .collect(),
            ..Naming::default()
        };
        let Some(path) = map else { return Ok(naming) };
        for (name, heading) in mapping(path)? {
            let Some(field) = Field::named(&name) else {
                return Err(no_field(path, &name, Field::nearest(&name)).into());
            };
            naming.mapped.insert(plain_heading(&heading), field);
            naming.written.push((field, heading));
        }
        Ok(naming)
    }

    fn field_of(&self, heading: &str) -> Option<Field> {
        self.mapped
            .get(&plain_heading(heading))
            .copied()
            .or_else(|| {
                // A field with a heading of its own answers to no other.
                Field::of_heading(heading)
                    .filter(|field| self.written.iter().all(|(mapped, _)| mapped != field))
            })
    }

    /// Whether a row looks like the headings of a goods sheet.
    pub fn knows(&self, row: &Row) -> bool {
        row.cells()
            .any(|(heading, _)| self.field_of(heading) == Some(Field::OutProductId))
    }

    /// What stands between headings that are all in one cell.
    fn other_separator(&self, heading: &str) -> Option<char> {
        ['，', '、', '；', '|', '｜'].into_iter().find(|mark| {
            let known = |part: &str| self.field_of(part).is_some();
            heading.split(*mark).filter(|part| known(part)).count() > 2
        })
    }

    /// Reads the headings; what is wrong with them comes with its column.
    pub fn columns<T: Payload>(&self, row: &Row) -> (Columns, Vec<(Option<usize>, Fault)>) {
        let mut columns = Columns::default();
        let mut faults = Vec::new();
        let filled = row
            .cells()
            .filter(|(heading, _)| !heading.trim().is_empty());
        let (chinese, all) = filled.fold((0, 0), |(chinese, all), (heading, _)| {
            (chinese + usize::from(!heading.is_ascii()), all + 1)
        });
        columns.chinese = chinese * 2 > all;
        for (place, (heading, _)) in row.cells().enumerate() {
            columns.fields.push(None);
            columns.headings.push(one_line(heading));
            if heading.trim().is_empty() {
                columns.blank.push(place);
                continue;
            }
            if self.ignored.contains(&plain_heading(heading)) {
                columns.ignored.push(heading.trim().to_owned());
                continue;
            }
            let shown = &one_line(heading);
            let Some(field) = self.field_of(heading) else {
                if let Some(mark) = self.other_separator(heading) {
                    let fault = Fault::new(text!(
                        "the columns are separated with {mark}",
                        mark = mark.to_string()
                    ))
                    .hint(text!(
                        "write an ordinary comma between them (,), or save the file as .xlsx"
                    ));
                    return (columns, vec![(Some(place), fault)]);
                }
                let fault = Fault::new(text!(
                    "the column \"{heading}\" is unknown",
                    heading = shown
                ));
                faults.push((
                    Some(place),
                    match Field::nearest(heading) {
                        Some(nearest) => fault.hint(text!(
                            "did you mean {nearest}? Otherwise ignore it with --ignore-column \"{heading}\" or map it to a field with --map",
                            nearest,
                            heading = shown
                        )),
                        None => fault.hint(text!("ignore it with --ignore-column \"{heading}\" or map it to a field with --map", heading = shown)),
                    },
                ));
                continue;
            };
            if field.shape() == Shape::Ignored {
                continue;
            }
            if !T::takes(field) {
                faults.push((
                    Some(place),
                    Fault::new(text!(
                        "the column \"{heading}\" cannot be changed without an audit",
                        heading = shown
                    ))
                    .hint(text!(
                        "ignore it with --ignore-column \"{heading}\", or use goods upload",
                        heading = shown
                    )),
                ));
                continue;
            }
            if let Some(first) = columns.place(field) {
                faults.push((
                    Some(place),
                    Fault::new(text!(
                        "two columns hold {name}: \"{first}\" and \"{second}\"",
                        name = columns.name_of(field).to_owned(),
                        first = &columns.headings[first],
                        second = shown
                    ))
                    .hint(text!(
                        "leave one out; with --ignore-column where their headings differ"
                    )),
                ));
                continue;
            }
            columns.fields[place] = Some(field);
            match field {
                Field::OutProductId => columns.id = place,
                _ => columns.read.push((place, field)),
            }
        }
        for (field, heading) in &self.written {
            if columns.place(*field).is_none() && T::takes(*field) {
                faults.push((
                    None,
                    Fault::new(text!(
                        "--map maps {name} to \"{heading}\", but there is no such column",
                        heading,
                        name = field.name()
                    )),
                ));
                columns.missing.push(*field);
            }
        }
        for field in T::REQUIRED {
            let faulty = self.written.iter().any(|(mapped, _)| mapped == field);
            if columns.place_of_value(*field).is_none() && !faulty {
                columns.missing.push(*field);
                faults.push((
                    None,
                    Fault::new(text!(
                        "the column {name} is missing",
                        name = columns.name_of(*field).to_owned()
                    ))
                    .hint(text!(
                        "its heading is {name} or {chinese}; `wxsell goods template` writes a sheet with all columns",
                        name = field.name(),
                        chinese = field.spec().chinese
                    )),
                ));
            }
        }
        (columns, faults)
    }
}

/// A heading in one line, short enough to be shown.
pub fn one_line(heading: &str) -> String {
    let line = heading.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(40) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}
