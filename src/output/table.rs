//! Tables for people: no borders, one line a row, fitted to the terminal. Numbers and the first column are never
//! cut. Where even that does not fit, each row becomes a block of its own.

use super::{Cell, Output, words};
use crate::lang::{Lang, Text};
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Row, Table, Width};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Blanks between two columns.
const GAP: usize = 2;
/// A column that may be cut keeps at least this width, so that it still says something.
const LEAST: usize = 8;
/// A column of sentences is wrapped, not cut, and wants more.
const LEAST_WRAPPED: usize = 16;

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
            "off sale by platform",
            "taken down by WeChat",
            "missing",
            "invalid",
        ],
    ),
];
const END: char = '\u{2064}';

/// One row, field beside value.
pub(super) fn show(out: &Output, titles: &[String], cells: Vec<Cell>) -> String {
    let (titles, cells): (Vec<String>, Vec<Cell>) = titles
        .iter()
        .map(|title| heading(title, out.lang))
        .zip(cells)
        .filter(|(_, cell)| !is_blank(cell))
        .unzip();
    paint(block(out, &titles, &cells), out)
}

fn is_blank(cell: &Cell) -> bool {
    match cell {
        Cell::Empty => true,
        Cell::Text(text) => text.is_empty(),
        Cell::List(values) => values.is_empty(),
        Cell::Number(_) | Cell::Money(_) | Cell::Word(_) | Cell::Sentence(_) => false,
    }
}

/// Rows under a heading. Where they do not fit, columns without a value in any row give way first.
pub(super) fn lay_out(out: &Output, titles: &[String], mut rows: Vec<Vec<Cell>>) -> String {
    let mut titles: Vec<String> = titles
        .iter()
        .map(|title| heading(title, out.lang))
        .collect();
    if let Some(table) = in_lines(out, &titles, &rows) {
        return table;
    }
    let filled: Vec<bool> = (0..titles.len())
        .map(|at| {
            at == 0
                || rows
                    .iter()
                    .any(|row| row.get(at).is_some_and(|cell| !is_blank(cell)))
        })
        .collect();
    let mut keep = filled.iter();
    titles.retain(|_| keep.next().is_some_and(|filled| *filled));
    for row in &mut rows {
        let mut keep = filled.iter();
        row.retain(|_| keep.next().is_some_and(|filled| *filled));
    }
    in_lines(out, &titles, &rows).unwrap_or_else(|| {
        let blocks: Vec<String> = rows.iter().map(|row| block(out, &titles, row)).collect();
        paint(blocks.join("\n"), out)
    })
}

/// One line a row; `None` where that does not fit.
fn in_lines(out: &Output, titles: &[String], rows: &[Vec<Cell>]) -> Option<String> {
    let shown: Vec<Vec<String>> = rows
        .iter()
        .map(|row| row.iter().map(|cell| line(cell, out.lang)).collect())
        .collect();
    let mut columns: Vec<Shape> = titles
        .iter()
        .enumerate()
        .map(|(at, title)| {
            let cells = shown.iter().filter_map(|row| row.get(at));
            let content = cells.map(|cell| widest(cell)).max().unwrap_or(0);
            let title = if out.headers { title.width() } else { 0 };
            let number = rows
                .iter()
                .any(|row| matches!(row.get(at), Some(Cell::Number(_) | Cell::Money(_))));
            let wrapped = rows
                .iter()
                .any(|row| matches!(row.get(at), Some(Cell::Sentence(_))));
            let natural = content.max(title).max(1);
            let least = if number || at == 0 {
                natural
            } else if wrapped {
                natural.min(LEAST_WRAPPED.max(title))
            } else {
                natural.min(LEAST.max(title))
            };
            Shape {
                natural,
                least,
                number,
                wrapped,
            }
        })
        .collect();
    let widths = fit(&columns, out.sink.width())?;
    for (shape, width) in columns.iter_mut().zip(&widths) {
        shape.natural = *width;
    }
    let mut table = Table::new();
    if out.headers {
        table.set_header(Row::from(titles.to_vec()));
    }
    for row in shown {
        let cells = row
            .into_iter()
            .zip(&columns)
            .map(|(cell, column)| match column.wrapped {
                true => cell,
                false => cut(&cell, column.natural),
            });
        table.add_row(Row::from(cells.collect::<Vec<String>>()));
    }
    Some(paint(plain(table, &columns), out))
}

/// What a column needs.
struct Shape {
    natural: usize,
    least: usize,
    number: bool,
    /// Whether its cells may take several lines.
    wrapped: bool,
}

/// Widths that fit into `limit`: the widest columns that may be cut give way first. `None` where nothing helps.
fn fit(columns: &[Shape], limit: Option<usize>) -> Option<Vec<usize>> {
    let natural: Vec<usize> = columns.iter().map(|column| column.natural).collect();
    let Some(limit) = limit else {
        return Some(natural);
    };
    let space = limit.saturating_sub(GAP * columns.len().saturating_sub(1));
    if natural.iter().sum::<usize>() <= space {
        return Some(natural);
    }
    if columns.iter().map(|column| column.least).sum::<usize>() > space {
        return None;
    }
    let at_most = |cap: usize| {
        columns
            .iter()
            .map(move |column| column.natural.min(cap.max(column.least)))
    };
    let widest = natural.iter().copied().max().unwrap_or(0);
    let cap = (0..=widest)
        .rev()
        .find(|cap| at_most(*cap).sum::<usize>() <= space)?;
    Some(at_most(cap).collect())
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
            wrapped: true,
        },
        Shape {
            natural: natural.min(room).max(1),
            least: 1,
            number: false,
            wrapped: true,
        },
    ];
    let mut table = Table::new();
    let filled = titles.iter().zip(values).zip(cells);
    // What a thing does not have is not worth a line.
    for ((title, value), _) in filled.filter(|(_, cell)| !is_blank(cell)) {
        table.add_row(Row::from(vec![title.clone(), value]));
    }
    plain(table, &columns)
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

fn heading(title: &str, lang: Lang) -> String {
    lang.of(title).to_owned()
}

/// A cell on one line.
fn line(cell: &Cell, lang: Lang) -> String {
    match cell {
        Cell::Word(word) => marked(word, lang),
        Cell::Sentence(text) => words::visible(&text.render(lang)).into_owned(),
        Cell::List(values) => words::visible(&values.join(", ")).into_owned(),
        other => words::visible(&other.plain()).into_owned(),
    }
}

/// A cell with the line breaks it has.
fn lines(cell: &Cell, lang: Lang) -> String {
    match cell {
        Cell::Word(word) => marked(word, lang),
        Cell::Sentence(text) => words::visible(&text.render(lang)).into_owned(),
        Cell::List(values) => words::visible_lines(&values.join("\n")),
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
fn cut(text: &str, width: usize) -> String {
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

    #[test]
    fn a_column_without_a_value_gives_way_before_lines_become_blocks() {
        let titles = ["NUMBER", "OPEN SINCE", "WHO IS NEXT"].map(str::to_owned);
        let text = |text: &str| Cell::Text(text.to_owned());
        let rows = || vec![vec![text("A1"), Cell::Empty, text("WeChat")]; 2];
        let laid_out = |width| lay_out(&Output::captured(width).0, &titles, rows());
        assert_eq!(
            laid_out(40),
            "NUMBER  OPEN SINCE  WHO IS NEXT\nA1                  WeChat\nA1                  WeChat\n"
        );
        assert_eq!(
            laid_out(22),
            "NUMBER  WHO IS NEXT\nA1      WeChat\nA1      WeChat\n"
        );
        assert_eq!(
            laid_out(16),
            "NUMBER       A1\nWHO IS NEXT  WeC\n             hat\n\nNUMBER       A1\nWHO IS NEXT  WeC\n             hat\n"
        );
    }
}
