//! Tables for people: no borders, one line a row, fitted to the terminal.
//!
//! Ids, times, states and amounts are never cut. Columns without a value in any row are left out. Where a table is too
//! wide, times lose seconds and year, then minor columns go, the last first, then prose is shortened and long words are
//! wrapped; what a few rows alone say, such as why a product was rejected, then stands below them. Where even that does
//! not fit, each row becomes a block of its own.

use super::fields::Heading;
use super::{Cell, Output, words};
use crate::lang::{Lang, Text, fold_at};
use crate::types::plain_time;
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Row, Table, Width};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Blanks between two columns.
const GAP: usize = 2;
/// Prose is not shortened below this width while a minor column is there that can go.
const EASY: usize = 20;
/// Prose keeps at least this width, so that it still says something.
const LEAST: usize = 8;
/// A column of sentences is wrapped, not cut, and wants more; a long state that is wrapped as the last resort too.
const LEAST_WRAPPED: usize = 14;

/// The tones a state can have. The marks have no width and never come from data, because [`words::visible`] takes
/// them out of it; they become colour once everything is laid out.
const TONES: [(char, &str, &[&str]); 3] = [
    (
        '\u{2061}',
        "\x1b[32m",
        &[
            "on sale",
            "approved",
            "audit passed",
            "passed",
            "done",
            "ok",
            "added",
            "updated",
            "unchanged",
            "active",
            "running",
            "completed",
            "refunded",
            "shipped",
            "yes",
        ],
    ),
    (
        '\u{2062}',
        "\x1b[33m",
        &[
            "in audit",
            "waiting",
            "pending",
            "not sent",
            "sent",
            "unclear",
            "unfinished",
            "interrupted",
            "draft",
            "expired",
            "to do",
            "to ship",
            "you",
            "refund requested",
            "return requested",
            "return on its way",
            "partial",
            "held back",
        ],
    ),
    (
        '\u{2063}',
        "\x1b[31m",
        &[
            "audit failed",
            "rejected",
            "refused",
            "failed",
            "refund failed",
            "off sale by platform",
            "taken down by WeChat",
            "missing",
            "invalid",
            "overdue",
            "unreadable",
        ],
    ),
];
const END: char = '\u{2064}';
/// Where a row begins, while what stands below some is put in.
const ROW: char = '\u{2060}';

/// One row, field beside value.
pub(super) fn show(out: &Output, headings: &[Heading], cells: Vec<Cell>) -> String {
    let (titles, cells): (Vec<String>, Vec<Cell>) = headings
        .iter()
        .map(|heading| out.lang.of(&heading.title).to_owned())
        .zip(cells)
        .filter(|(_, cell)| !is_blank(cell))
        .unzip();
    paint(block(out, &titles, &cells), out)
}

fn is_blank(cell: &Cell) -> bool {
    match cell {
        Cell::Empty => true,
        Cell::Text(text) | Cell::Id(text) | Cell::Time(text) => text.is_empty(),
        Cell::List(values) => values.is_empty(),
        Cell::Sentence(text) => text.to_string().is_empty(),
        Cell::Number(_) | Cell::Money(_) | Cell::Word(_) => false,
    }
}

/// How much of a time is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Clock {
    /// `2026-11-28 22:10:30`
    Whole,
    /// `2026-11-28 22:10`
    Minutes,
    /// `11-28 22:10`, where the whole column is of one year.
    Short,
}

/// Rows under a heading.
pub(super) fn lay_out(out: &Output, headings: &[Heading], rows: Vec<Vec<Cell>>) -> String {
    let mut columns = columns(out, headings, rows);
    // What was asked for stays; the first says what a row is about.
    if out.columns.is_none() {
        let mut first = true;
        columns.retain(|column| std::mem::take(&mut first) || column.says_something());
    }
    let limit = out.sink.width();
    for clock in [Clock::Whole, Clock::Minutes, Clock::Short] {
        for column in &mut columns {
            column.set(clock);
        }
        if fits(&columns, limit, Column::natural) {
            return draw(out, &columns, limit);
        }
    }
    let mut minor: Vec<usize> = (0..columns.len()).filter(|at| columns[*at].minor).collect();
    while !fits(&columns, limit, Column::easy) {
        let Some(at) = minor.pop() else { break };
        columns[at].gone = true;
    }
    if fits(&columns, limit, Column::least) {
        return draw(out, &columns, limit);
    }
    for column in &mut columns {
        column.wrap_words();
    }
    if fits(&columns, limit, Column::least) {
        return draw(out, &columns, limit);
    }
    // There is room for all of them below each other.
    for column in &mut columns {
        column.set(Clock::Whole);
    }
    let titles: Vec<String> = columns.iter().map(|column| column.title.clone()).collect();
    let count = columns.first().map_or(0, |column| column.cells.len());
    let blocks: Vec<String> = (0..count)
        .map(|row| {
            let cells: Vec<Cell> = columns
                .iter()
                .map(|column| column.cells[row].clone())
                .collect();
            block(out, &titles, &cells)
        })
        .collect();
    paint(blocks.join("\n"), out)
}

/// A column with what it shows.
struct Column {
    title: String,
    minor: bool,
    below: bool,
    /// It gave way.
    gone: bool,
    headers: bool,
    cells: Vec<Cell>,
    shown: Vec<String>,
    kind: Kind,
}

/// What may be done to a column that is too wide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Nothing.
    Whole,
    /// As [`Kind::Whole`], at the right.
    Number,
    /// Words of ours that may take several lines, as the last resort.
    Words,
    /// It may take several lines.
    Wrapped,
    /// It may be cut.
    Prose,
}

fn columns(out: &Output, headings: &[Heading], rows: Vec<Vec<Cell>>) -> Vec<Column> {
    let mut cells: Vec<Vec<Cell>> = headings
        .iter()
        .map(|_| Vec::with_capacity(rows.len()))
        .collect();
    for row in rows {
        let mut row = row.into_iter();
        for column in &mut cells {
            column.push(row.next().unwrap_or(Cell::Empty));
        }
    }
    let columns = headings.iter().zip(cells).enumerate();
    columns
        .map(|(at, (heading, cells))| {
            let any = |is: fn(&Cell) -> bool| cells.iter().any(is);
            let kind = if any(|cell| matches!(cell, Cell::Number(_) | Cell::Money(_))) {
                Kind::Number
            } else if any(|cell| matches!(cell, Cell::Sentence(_))) {
                Kind::Wrapped
            } else if at > 0 && any(|cell| matches!(cell, Cell::Text(_) | Cell::List(_))) {
                Kind::Prose
            } else {
                Kind::Whole
            };
            let lang = out.lang;
            Column {
                title: lang.of(&heading.title).to_owned(),
                minor: heading.minor && at > 0,
                below: heading.below,
                gone: false,
                headers: out.headers,
                shown: cells.iter().map(|cell| line(cell, lang)).collect(),
                cells,
                kind,
            }
        })
        .collect()
}

impl Column {
    fn says_something(&self) -> bool {
        self.cells.iter().any(|cell| !is_blank(cell))
    }

    /// Writes the times of the column so.
    fn set(&mut self, clock: Clock) {
        if !self.cells.iter().any(|cell| matches!(cell, Cell::Time(_))) {
            return;
        }
        let year = |text: &str| plain_time(text).get(..5).map(str::to_owned);
        let times = self.cells.iter().filter_map(|cell| match cell {
            Cell::Time(text) if !text.is_empty() => Some(year(text)),
            _ => None,
        });
        let mut years: Vec<Option<String>> = times.collect();
        years.dedup();
        for (cell, shown) in self.cells.iter().zip(&mut self.shown) {
            if let Cell::Time(text) = cell {
                let whole = words::visible(&plain_time(text)).into_owned();
                *shown = match clock {
                    Clock::Short if years.len() == 1 => whole.get(5..16).unwrap_or(&whole).into(),
                    Clock::Minutes | Clock::Short => whole.get(..16).unwrap_or(&whole).into(),
                    Clock::Whole => whole,
                };
            }
        }
    }

    /// Lets long words of ours take several lines.
    fn wrap_words(&mut self) {
        let words = self.cells.iter().any(|cell| matches!(cell, Cell::Word(_)));
        if self.kind == Kind::Whole && words {
            self.kind = Kind::Words;
        }
    }

    fn title_width(&self) -> usize {
        if self.headers { self.title.width() } else { 0 }
    }

    fn natural(&self) -> usize {
        let content = self.shown.iter().map(|cell| cell.width()).max();
        content.unwrap_or(0).max(self.title_width()).max(1)
    }

    fn at_least(&self, width: usize) -> usize {
        self.natural().min(width.max(self.title_width()))
    }

    /// The width at which nobody minds.
    fn easy(&self) -> usize {
        match self.kind {
            Kind::Whole | Kind::Number | Kind::Words => self.natural(),
            // What can go goes before it takes several lines.
            Kind::Wrapped if self.minor => self.natural(),
            Kind::Wrapped | Kind::Prose => self.at_least(EASY),
        }
    }

    fn least(&self) -> usize {
        match self.kind {
            Kind::Whole | Kind::Number => self.natural(),
            Kind::Words | Kind::Wrapped => self.at_least(LEAST_WRAPPED),
            Kind::Prose => self.at_least(LEAST),
        }
    }
}

fn fits(columns: &[Column], limit: Option<usize>, width: fn(&Column) -> usize) -> bool {
    let widths = columns.iter().filter(|column| !column.gone).map(width);
    let total: usize = widths.map(|width| width + GAP).sum();
    limit.is_none_or(|limit| total <= limit + GAP)
}

/// One line a row.
fn draw(out: &Output, columns: &[Column], limit: Option<usize>) -> String {
    let below: Vec<&Column> = columns
        .iter()
        .filter(|column| column.gone && column.below)
        .collect();
    let columns: Vec<&Column> = columns.iter().filter(|column| !column.gone).collect();
    let mut shapes: Vec<Shape> = columns
        .iter()
        .map(|column| Shape {
            natural: column.natural(),
            least: column.least(),
            number: column.kind == Kind::Number,
        })
        .collect();
    let widths = fit(&shapes, limit);
    for (shape, width) in shapes.iter_mut().zip(widths) {
        shape.natural = width;
    }
    let mut table = Table::new();
    if out.headers {
        let titles = columns.iter().map(|column| column.title.clone());
        table.set_header(Row::from(titles.collect::<Vec<String>>()));
    }
    let count = columns.first().map_or(0, |column| column.cells.len());
    for row in 0..count {
        let cells = columns.iter().zip(&shapes).map(|(column, shape)| {
            let cell = &column.shown[row];
            match column.kind {
                Kind::Prose => cut(cell, shape.natural),
                // Where lines may end is a matter of language; a word that is longer is broken by the table.
                Kind::Wrapped | Kind::Words => fold_at(cell, shape.natural, 0, false),
                Kind::Whole | Kind::Number => cell.clone(),
            }
        });
        let mut cells: Vec<String> = cells.collect();
        if let Some(first) = cells.first_mut().filter(|_| !below.is_empty()) {
            first.insert(0, ROW);
        }
        table.add_row(Row::from(cells));
    }
    let mut drawn = plain(table, &shapes);
    if !below.is_empty() {
        drawn = with_notes(&drawn, &below, limit);
    }
    if out.headers && out.coloured() {
        let end = drawn.find('\n').unwrap_or(drawn.len());
        drawn.insert_str(end, "\x1b[0m");
        drawn.insert_str(0, "\x1b[1m");
    }
    paint(drawn, out)
}

/// Puts what columns without a place say below their rows, which begin with [`ROW`].
fn with_notes(drawn: &str, below: &[&Column], limit: Option<usize>) -> String {
    let mut whole = String::with_capacity(drawn.len());
    let mut rows = drawn.split(ROW);
    // The headings.
    whole.push_str(rows.next().unwrap_or_default());
    for (at, row) in rows.enumerate() {
        whole.push_str(row);
        for column in below.iter().filter(|column| !is_blank(&column.cells[at])) {
            let note = format!("  └ {}", column.shown[at]);
            let note = limit.map_or_else(|| note.clone(), |limit| cut(&note, limit));
            whole.push_str(&note);
            whole.push('\n');
        }
    }
    whole
}

/// What a column needs.
struct Shape {
    natural: usize,
    least: usize,
    number: bool,
}

/// Widths that fit into `limit`: the widest columns that may be cut give way first.
fn fit(columns: &[Shape], limit: Option<usize>) -> Vec<usize> {
    let natural: Vec<usize> = columns.iter().map(|column| column.natural).collect();
    let Some(limit) = limit else {
        return natural;
    };
    let space = limit.saturating_sub(GAP * columns.len().saturating_sub(1));
    let at_most = |cap: usize| {
        columns
            .iter()
            .map(move |column| column.natural.min(cap.max(column.least)))
    };
    let widest = natural.iter().copied().max().unwrap_or(0);
    let cap = (0..=widest)
        .rev()
        .find(|cap| at_most(*cap).sum::<usize>() <= space);
    at_most(cap.unwrap_or(0)).collect()
}

/// Titles at the left, values at the right; long values are wrapped, never cut.
fn block(out: &Output, titles: &[String], cells: &[Cell]) -> String {
    let label = titles
        .iter()
        .map(|title| title.width())
        .max()
        .unwrap_or(1)
        .max(1);
    let values: Vec<String> = cells.iter().map(|cell| lines(cell, out.lang)).collect();
    let natural = values
        .iter()
        .map(|value| value.lines().map(widest).max().unwrap_or(0))
        .max()
        .unwrap_or(0);
    let room = out
        .sink
        .width()
        .map_or(natural, |width| width.saturating_sub(label + GAP).max(1));
    let columns = [
        Shape {
            natural: label,
            least: label,
            number: false,
        },
        Shape {
            natural: natural.min(room).max(1),
            least: 1,
            number: false,
        },
    ];
    let mut shown = String::new();
    let filled = titles.iter().zip(values).zip(cells);
    // What a thing does not have is not worth a line.
    for ((title, value), _) in filled.filter(|(_, cell)| !is_blank(cell)) {
        // An address in two pieces could not be opened: the terminal breaks it, and knows that it is one.
        let long = |line: &str| line.starts_with("http") && line.width() > room;
        if out.sink.is_terminal() && value.lines().any(long) {
            for (at, line) in value.lines().enumerate() {
                let title = if at == 0 { title.as_str() } else { "" };
                let gap = " ".repeat(label + GAP - title.width());
                shown.push_str(&format!("{title}{gap}{line}\n"));
            }
            continue;
        }
        let mut table = Table::new();
        let lines = value.lines().map(|line| fold_at(line, room, 0, false));
        let value = lines.collect::<Vec<String>>().join("\n");
        table.add_row(Row::from(vec![title.clone(), value]));
        shown.push_str(&plain(table, &columns));
    }
    shown
}

/// Lays a filled table out: a table has no columns to be arranged before it has rows.
fn plain(mut table: Table, columns: &[Shape]) -> String {
    table.load_style(comfy_table::presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_constraints(columns.iter().enumerate().map(|(at, column)| {
        let gap = if at + 1 < columns.len() { GAP } else { 0 };
        ColumnConstraint::Absolute(Width::Fixed(
            u16::try_from(column.natural + gap).unwrap_or(u16::MAX),
        ))
    }));
    for (at, shape) in columns.iter().enumerate() {
        let gap = if at + 1 < columns.len() { GAP } else { 0 };
        if let Some(column) = table.column_mut(at) {
            column.set_padding((0, u16::try_from(gap).unwrap_or(0)));
            if shape.number {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
    }
    table.lines().fold(String::new(), |mut text, line| {
        text.push_str(line.trim_end());
        text.push('\n');
        text
    })
}

/// A cell on one line.
fn line(cell: &Cell, lang: Lang) -> String {
    match cell {
        Cell::Word(word) => marked(word, lang),
        Cell::Sentence(text) => words::visible(&text.render(lang)).into_owned(),
        Cell::List(values) => words::visible(&values.join(", ")).into_owned(),
        Cell::Time(time) => words::visible(&plain_time(time)).into_owned(),
        other => words::visible(&other.plain()).into_owned(),
    }
}

/// A cell with the line breaks it has.
fn lines(cell: &Cell, lang: Lang) -> String {
    match cell {
        Cell::Word(word) => marked(word, lang),
        Cell::Sentence(text) => words::visible(&text.render(lang)).into_owned(),
        Cell::List(values) => words::visible_lines(&values.join("\n")),
        Cell::Time(time) => words::visible(&plain_time(time)).into_owned(),
        other => words::visible_lines(&other.plain()),
    }
}

fn marked(word: &Text, lang: Lang) -> String {
    let shown = words::visible(&word.render(lang)).into_owned();
    match TONES
        .iter()
        .find(|(_, _, states)| states.contains(&word.template()))
    {
        Some((mark, ..)) => format!("{mark}{shown}{END}"),
        None => shown,
    }
}

fn widest(text: &str) -> usize {
    text.width()
}

/// `text` in at most `width` columns, with `…` where something is missing.
pub(super) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut kept = String::with_capacity(text.len());
    let mut used = 0;
    for letter in text.chars() {
        let wide = letter.width().unwrap_or(0);
        if used + wide + 1 > width {
            break;
        }
        used += wide;
        kept.push(letter);
    }
    kept.push('…');
    if text.ends_with(END) {
        kept.push(END);
    }
    kept
}

/// Marks become colour, or nothing.
fn paint(text: String, out: &Output) -> String {
    if !text.contains(END) {
        return text;
    }
    let coloured = out.coloured();
    let painted = TONES.iter().fold(text, |text, (mark, colour, _)| {
        text.replace(*mark, if coloured { colour } else { "" })
    });
    painted.replace(END, if coloured { "\x1b[0m" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headings(titles: &[&str]) -> Vec<Heading> {
        let heading = |title: &&str| Heading {
            title: title.trim_end_matches(['?', '!']).to_owned(),
            minor: title.ends_with(['?', '!']),
            below: title.ends_with('!'),
        };
        titles.iter().map(heading).collect()
    }

    fn laid_out(width: usize, titles: &[&str], row: &[Cell]) -> String {
        let rows = vec![row.to_vec(); 2];
        lay_out(&Output::captured(width).0, &headings(titles), rows)
    }

    fn id(text: &str) -> Cell {
        Cell::Id(text.to_owned())
    }

    #[test]
    fn a_column_without_a_value_is_left_out() {
        let titles = ["NUMBER", "OPEN SINCE", "WHO IS NEXT"];
        let row = [id("A1"), Cell::Empty, id("WeChat")];
        assert_eq!(
            laid_out(40, &titles, &row),
            "NUMBER  WHO IS NEXT\nA1      WeChat\nA1      WeChat\n"
        );
        assert_eq!(
            laid_out(16, &titles, &row),
            "NUMBER       A1\nWHO IS NEXT  WeC\n             hat\n\nNUMBER       A1\nWHO IS NEXT  WeC\n             hat\n"
        );
    }

    #[test]
    fn times_shorten_then_minor_columns_go_then_prose_is_cut() {
        let titles = ["NUMBER", "UNTIL", "TITLE", "SHOP?"];
        let row = [
            id("3302645269677080069"),
            Cell::Time("2026-11-29T02:49:10+08:00".to_owned()),
            Cell::Text("a title that goes on and on".to_owned()),
            Cell::Text("tea".to_owned()),
        ];
        let first = |width| {
            let table = laid_out(width, &titles, &row);
            table.lines().nth(1).unwrap_or_default().to_owned()
        };
        let number = "3302645269677080069";
        assert_eq!(
            [90, 74, 68, 60, 57, 44].map(first),
            [
                "2026-11-29 02:49:10  a title that goes on and on  tea",
                "2026-11-29 02:49  a title that goes on and on  tea",
                "11-29 02:49  a title that goes on and on  tea",
                "11-29 02:49  a title that goes o…  tea",
                "11-29 02:49  a title that goes on a…",
                "11-29 02:49  a title t…",
            ]
            .map(|rest| format!("{number}  {rest}"))
        );
        assert!(first(30).starts_with("UNTIL"), "{}", first(30));
    }

    #[test]
    fn what_few_rows_say_stands_below_them() {
        let titles = ["PRODUCT", "AUDIT", "REASON!"];
        let reason = |text: &str| match text {
            "" => Cell::Empty,
            text => Cell::Sentence(Text::verbatim(text)),
        };
        let rows = vec![
            vec![id("TEA-1"), id("passed"), reason("")],
            vec![id("TEA-2"), id("failed"), reason("the image is blurred")],
            vec![id("TEA-3"), id("passed"), reason("")],
        ];
        let shown = |width| {
            let headings = headings(&titles);
            lay_out(&Output::captured(width).0, &headings, rows.clone())
        };
        assert_eq!(
            shown(24),
            "PRODUCT  AUDIT\nTEA-1    passed\nTEA-2    failed\n  └ the image is blurred\nTEA-3    passed\n"
        );
        let wide = shown(60);
        assert!(wide.contains("failed  the image is blurred"), "{wide}");
    }

    #[test]
    fn a_year_is_left_out_only_where_all_are_the_same() {
        let titles = ["UNTIL", "NUMBER"];
        let time = |text: &str| Cell::Time(text.to_owned());
        let rows = vec![
            vec![time("2026-12-31 23:00:00"), id("1")],
            vec![time("2027-01-01 01:00:00"), id("2")],
        ];
        let table = lay_out(&Output::captured(24).0, &headings(&titles), rows);
        assert!(table.contains("2026-12-31 23:00  1"), "{table}");
    }
}
