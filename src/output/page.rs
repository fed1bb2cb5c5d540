//! A report as one HTML page: facts, tables and charts as inline SVG. It needs nothing beside itself, neither on this
//! machine nor on the network, and prints as it is read. It is well-formed XML as well, so that programs can read it.

use super::words::visible;
use super::{Cell, Columns, Record};
use crate::lang::{Lang, Text};
use crate::text;
use crate::types::{plain_time, redact};
use std::fmt::Write;

/// A page that is being put together.
pub struct Page {
    lang: Lang,
    title: String,
    body: String,
}

/// One bar of a chart.
pub struct Bar {
    /// What it stands for.
    pub label: String,
    /// How long it is; nothing below 0 is drawn.
    pub value: i64,
    /// The value as people read it.
    pub shown: String,
}

const STYLE: &str = "
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif; color: #1c2330; background: #fff; max-width: 60em; margin: 2em auto; padding: 0 1em; }
h1 { font-size: 1.5em; margin: 0; } h2 { font-size: 1.1em; margin: 2em 0 .5em; }
p.about { color: #5b6472; margin: .2em 0 1.5em; }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(9em, 1fr)); gap: 1em; margin: 0; }
dl div { border: 1px solid #dde1e7; border-radius: 6px; padding: .6em .8em; break-inside: avoid; }
dt { color: #5b6472; font-size: .85em; } dd { margin: 0; font-size: 1.2em; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: .3em .8em .3em 0; border-bottom: 1px solid #e6e9ee; overflow-wrap: anywhere; }
th { color: #5b6472; font-weight: 600; font-size: .85em; } td.n, th.n { text-align: right; white-space: nowrap; }
svg { width: 100%; height: auto; } svg text { font-size: 11px; fill: #5b6472; } svg rect { fill: #2f6fde; } svg line { stroke: #c9ced6; }
thead { display: table-header-group; } tr, svg { break-inside: avoid; }
@media print { body { margin: 0; max-width: none; font-size: 11pt; } @page { margin: 15mm; } }
";

impl Page {
    /// `about` stands below the title: what it is of, and when it was made.
    pub fn new(lang: Lang, title: Text, about: Text) -> Page {
        let title = escaped(&title.render(lang));
        let mut body = String::new();
        let _ = writeln!(body, "<h1>{title}</h1>");
        let _ = writeln!(
            body,
            "<p class=\"about\">{}</p>",
            escaped(&about.render(lang))
        );
        Page { lang, title, body }
    }

    /// Single values, each under its name.
    pub fn facts(mut self, facts: Vec<(Text, Cell)>) -> Page {
        self.body.push_str("<dl>\n");
        for (name, cell) in facts {
            let name = escaped(&name.render(self.lang));
            let value = self.cell(&cell);
            let _ = writeln!(self.body, "<div><dt>{name}</dt><dd>{value}</dd></div>");
        }
        self.body.push_str("</dl>\n");
        self
    }

    /// A paragraph.
    pub fn note(mut self, words: Text) -> Page {
        let words = escaped(&words.render(self.lang));
        let _ = writeln!(self.body, "<p>{words}</p>");
        self
    }

    /// Rows under a heading; nothing where there are none.
    pub fn table<T: Record>(mut self, title: Text, rows: &[T]) -> Page {
        if rows.is_empty() {
            return self;
        }
        let columns: Columns<T> = Columns::of();
        let cells: Vec<Vec<Cell>> = rows
            .iter()
            .map(|row| columns.cells(row).collect())
            .collect();
        let right = |at: usize| {
            let cell = cells.iter().map(|row| &row[at]);
            let mut told = cell.filter(|cell| **cell != Cell::Empty).peekable();
            let numbers = |cell: &Cell| matches!(cell, Cell::Number(_) | Cell::Money(_));
            told.peek().is_some() && told.all(numbers)
        };
        let kinds: Vec<&str> = columns
            .titles()
            .enumerate()
            .map(|(at, _)| if right(at) { " class=\"n\"" } else { "" })
            .collect();
        let _ = writeln!(self.body, "<h2>{}</h2>", escaped(&title.render(self.lang)));
        self.body.push_str("<table><thead><tr>");
        for (title, kind) in columns.titles().zip(&kinds) {
            let title = escaped(self.lang.of(title));
            let _ = write!(self.body, "<th{kind} scope=\"col\">{title}</th>");
        }
        self.body.push_str("</tr></thead><tbody>\n");
        for row in &cells {
            self.body.push_str("<tr>");
            for (cell, kind) in row.iter().zip(&kinds) {
                let value = self.cell(cell);
                let _ = write!(self.body, "<td{kind}>{value}</td>");
            }
            self.body.push_str("</tr>\n");
        }
        self.body.push_str("</tbody></table>\n");
        self
    }

    /// Upright bars, such as one a day; nothing where all are 0.
    pub fn columns(mut self, title: Text, bars: &[Bar]) -> Page {
        const WIDE: usize = 720;
        const HIGH: usize = 160;
        const TOP: usize = 18;
        const BELOW: usize = 20;
        let most = most(bars);
        if most <= 0 {
            return self;
        }
        let title = escaped(&title.render(self.lang));
        let _ = writeln!(self.body, "<h2>{title}</h2>");
        let (high, low) = (TOP + HIGH + BELOW, TOP + HIGH);
        let _ = writeln!(
            self.body,
            "<svg viewBox=\"0 0 {WIDE} {high}\" role=\"img\" aria-label=\"{title}\">"
        );
        let step = WIDE as f64 / bars.len() as f64;
        for (at, bar) in bars.iter().enumerate() {
            let tall = part(bar.value, most) * HIGH as f64;
            let (x, y) = (at as f64 * step + step * 0.1, low as f64 - tall);
            let _ = writeln!(
                self.body,
                "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{tall:.1}\"><title>{}: {}</title></rect>",
                step * 0.8,
                escaped(&bar.label),
                escaped(&bar.shown)
            );
        }
        let _ = writeln!(
            self.body,
            "<line x1=\"0\" y1=\"{low}\" x2=\"{WIDE}\" y2=\"{low}\"/>"
        );
        let top = bars.iter().find(|bar| bar.value == most);
        if let (Some(top), Some(first), Some(last)) = (top, bars.first(), bars.last()) {
            let foot = high - 6;
            let _ = writeln!(
                self.body,
                "<text x=\"0\" y=\"12\">{}: {}</text>",
                escaped(&top.label),
                escaped(&top.shown)
            );
            let _ = writeln!(
                self.body,
                "<text x=\"0\" y=\"{foot}\">{}</text>",
                escaped(&first.label)
            );
            let _ = writeln!(
                self.body,
                "<text x=\"{WIDE}\" y=\"{foot}\" text-anchor=\"end\">{}</text>",
                escaped(&last.label)
            );
        }
        self.body.push_str("</svg>\n");
        self
    }

    /// Bars that lie, each beside its name; nothing where all are 0.
    pub fn bars(mut self, title: Text, bars: &[Bar]) -> Page {
        const WIDE: usize = 720;
        const LINE: usize = 24;
        const NAMES: usize = 240;
        const VALUES: usize = 110;
        let most = most(bars);
        if most <= 0 {
            return self;
        }
        let title = escaped(&title.render(self.lang));
        let _ = writeln!(self.body, "<h2>{title}</h2>");
        let high = bars.len() * LINE + 4;
        let _ = writeln!(
            self.body,
            "<svg viewBox=\"0 0 {WIDE} {high}\" role=\"img\" aria-label=\"{title}\">"
        );
        for (at, bar) in bars.iter().enumerate() {
            let (y, text) = (at * LINE + 5, at * LINE + 17);
            let long = part(bar.value, most) * (WIDE - NAMES - VALUES) as f64;
            let end = NAMES as f64 + long + 6.0;
            let _ = writeln!(
                self.body,
                "<text x=\"{}\" y=\"{text}\" text-anchor=\"end\">{}</text>",
                NAMES - 8,
                escaped(&shortened(&bar.label))
            );
            let _ = writeln!(
                self.body,
                "<rect x=\"{NAMES}\" y=\"{y}\" width=\"{long:.1}\" height=\"16\"><title>{}: {}</title></rect>",
                escaped(&bar.label),
                escaped(&bar.shown)
            );
            let _ = writeln!(
                self.body,
                "<text x=\"{end:.1}\" y=\"{text}\">{}</text>",
                escaped(&bar.shown)
            );
        }
        self.body.push_str("</svg>\n");
        self
    }

    /// The whole page, without any secret.
    pub fn render(&self) -> String {
        let lang = match self.lang {
            Lang::En => "en",
            Lang::Zh => "zh-CN",
        };
        let made = text!(
            "Made by wxsell {version}",
            version = env!("CARGO_PKG_VERSION")
        );
        let page = format!(
            "<!DOCTYPE html>\n<html lang=\"{lang}\">\n<head>\n<meta charset=\"utf-8\"/>\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"/>\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
             <title>{}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{}<p class=\"about\">{}</p>\n</body>\n</html>\n",
            self.title,
            self.body,
            escaped(&made.render(self.lang))
        );
        redact(&page).into_owned()
    }

    fn cell(&self, cell: &Cell) -> String {
        match cell {
            Cell::Empty => String::new(),
            Cell::Time(time) => escaped(&plain_time(time)),
            Cell::Number(number) => number.to_string(),
            Cell::Money(fen) => fen.to_yuan(),
            Cell::Text(text) | Cell::Id(text) => escaped(text),
            Cell::Word(words) | Cell::Sentence(words) => escaped(&words.render(self.lang)),
            Cell::List(values) => values
                .iter()
                .map(|value| escaped(value))
                .collect::<Vec<_>>()
                .join("<br/>"),
        }
    }
}

fn most(bars: &[Bar]) -> i64 {
    bars.iter().map(|bar| bar.value).max().unwrap_or(0)
}

fn part(value: i64, most: i64) -> f64 {
    value.max(0) as f64 / most as f64
}

/// A name beside its bar.
fn shortened(name: &str) -> String {
    const MOST: usize = 20;
    if name.chars().count() > MOST {
        name.chars().take(MOST - 1).chain(['…']).collect()
    } else {
        name.to_owned()
    }
}

/// Text from outside, as it may stand in a page: nothing in it acts.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in visible(text).chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            letter => safe.push(letter),
        }
    }
    safe
}

/// A line of small bars, at most `width` of them: `▁▂▃▅▇`. Where there are more values, neighbours are added up.
pub fn spark(values: &[i64], width: usize) -> String {
    const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let together = values.len().div_ceil(width.max(1)).max(1);
    let sums: Vec<i64> = values
        .chunks(together)
        .map(|chunk| {
            chunk
                .iter()
                .fold(0i64, |sum, value| sum.saturating_add(*value))
        })
        .collect();
    let most = sums.iter().copied().max().unwrap_or(0).max(1);
    let level = |sum: i64| {
        let level =
            (u128::from(sum.max(0).unsigned_abs()) * 7).div_ceil(u128::from(most.unsigned_abs()));
        usize::try_from(level).unwrap_or(0).min(7)
    };
    sums.into_iter().map(|sum| LEVELS[level(sum)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_outside_acts_in_a_page() {
        let bars = [Bar {
            label: "<script>alert(1)</script>".into(),
            value: 3,
            shown: "3\" onload='x'".into(),
        }];
        let page = Page::new(
            Lang::En,
            Text::verbatim("<b>&\u{202e}"),
            Text::verbatim("x"),
        )
        .facts(vec![(
            Text::verbatim("a"),
            Cell::Text("<img src=x>".into()),
        )])
        .columns(Text::verbatim("\"c\""), &bars)
        .bars(Text::verbatim("b"), &bars)
        .render();
        for wrong in ["<script", "<img", "<b>", "onload='", "\u{202e}"] {
            assert!(!page.contains(wrong), "{wrong}: {page}");
        }
        assert!(page.contains("&lt;script&gt;"));
    }

    #[test]
    fn small_bars_are_as_tall_as_their_share() {
        assert_eq!(spark(&[0, 1, 4, 7], 10), "▁▂▅█");
        assert_eq!(spark(&[1, 1, 1, 1, 4], 3), "▅▅█");
        assert_eq!(spark(&[0, 0], 10), "▁▁");
        assert_eq!(spark(&[], 10), "");
        assert_eq!(spark(&[i64::MAX, -5], 10), "█▁");
    }
}
