//! The pictures of the terminal in both READMEs: made from a real run in the sandbox, and held against one. What changes
//! with the hour (numbers, times and the blanks that fit them) does not count.
//!
//! `WXSELL_RENEW=1 cargo test --test all picture::` makes them anew.
#![cfg(unix)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

const COLUMNS: usize = 80;
/// A letter, and a line.
const WIDE: f64 = 8.4;
const HIGH: f64 = 18.0;

/// What is typed, in this order.
const TYPED: [&str; 3] = [
    "wxsell goods check teas.csv",
    "wxsell due --within 24h",
    "wxsell goods list --limit 4",
];

/// A sheet with two mistakes.
const SHEET: &str = "商品编号,标题,路径,主图,类目,规格编号,售价,库存\n\
    TEA-1,明前龙井 2026新茶,pages/tea?id=1,https://img.example.com/1.jpg,1423,TEA-1-50,98,20\n\
    TEA-2,碧螺春 2026新茶,pages/tea?id=2,https://img.example.com/2.jpg,茶叶,TEA-2-50,88.888,15\n";

fn project() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn run(folder: &Path, lang: &str, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_wxsell"))
        .args(args)
        .env_clear()
        .current_dir(folder)
        .stdin(Stdio::null())
        .env("WXSELL_CONFIG_DIR", folder.join("config"))
        .env("WXSELL_STATE_DIR", folder.join("state"))
        .env("WXSELL_PROFILE", "sandbox")
        .env("WXSELL_LANG", lang)
        .env("COLUMNS", COLUMNS.to_string())
        .output()
        .expect("the binary runs")
}

/// What stands on the screen, a line each; styles are still in it.
fn screen(lang: &str) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("teas.csv"), SHEET).expect("a sheet");
    assert!(run(folder.path(), lang, &["demo"]).status.success());
    let mut lines = Vec::new();
    for typed in TYPED {
        lines.push(format!("\x1b[1m$ {typed}\x1b[0m"));
        let args: Vec<&str> = typed
            .split(' ')
            .skip(1)
            .chain(["--color", "always"])
            .collect();
        let output = run(folder.path(), lang, &args);
        for part in [&output.stdout, &output.stderr] {
            let text = String::from_utf8_lossy(part);
            lines.extend(text.lines().map(str::to_owned));
        }
        lines.push(String::new());
    }
    lines
}

/// A piece of a line: its column, its style, its text.
struct Piece {
    column: usize,
    style: &'static str,
    text: String,
}

/// Pieces end where a style changes, and at two blanks, so that each stands in its column whatever the font.
fn pieces(line: &str) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let (mut column, mut style, mut blanks, mut fresh) = (0, "", 0, true);
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter == '\x1b' {
            let code: String = letters
                .by_ref()
                .take_while(|letter| *letter != 'm')
                .collect();
            style = match code.as_str() {
                "[1" => "b",
                "[2" => "d",
                "[31" => "r",
                "[32" => "g",
                "[33" => "y",
                _ => "",
            };
            fresh = true;
            continue;
        }
        let wide = letter.width().unwrap_or(0);
        if letter == ' ' {
            blanks += 1;
        } else {
            match pieces.last_mut() {
                Some(last) if !fresh && blanks < 2 => {
                    last.text.extend(std::iter::repeat_n(' ', blanks));
                    last.text.push(letter);
                }
                _ => pieces.push(Piece {
                    column,
                    style,
                    text: letter.to_string(),
                }),
            }
            (blanks, fresh) = (0, false);
        }
        column += wide;
    }
    pieces
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn svg(lines: &[String]) -> String {
    let (width, height) = (
        COLUMNS as f64 * WIDE + 32.0,
        lines.len() as f64 * HIGH + 44.0,
    );
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" height=\"{height:.0}\">\n\
         <style>text {{ font: 14px ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', 'Noto Sans Mono CJK SC', monospace; fill: #d8dee9; }} .b {{ font-weight: bold; fill: #fff; }} .d {{ fill: #8b93a1; }} .r {{ fill: #f28b82; }} .g {{ fill: #98d982; }} .y {{ fill: #f5d67b; }}</style>\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#1b1f27\"/>\n\
         <circle cx=\"18\" cy=\"15\" r=\"5\" fill=\"#f2665c\"/><circle cx=\"36\" cy=\"15\" r=\"5\" fill=\"#f5bf4f\"/><circle cx=\"54\" cy=\"15\" r=\"5\" fill=\"#61c554\"/>\n"
    );
    for (at, line) in lines.iter().enumerate() {
        let y = at as f64 * HIGH + 46.0;
        for piece in pieces(line) {
            let x = piece.column as f64 * WIDE + 16.0;
            let long = piece.text.width() as f64 * WIDE;
            let style = match piece.style {
                "" => String::new(),
                style => format!(" class=\"{style}\""),
            };
            let _ = writeln!(
                svg,
                "<text x=\"{x:.1}\" y=\"{y:.0}\" textLength=\"{long:.1}\" lengthAdjust=\"spacingAndGlyphs\"{style}>{}</text>",
                escaped(&piece.text)
            );
        }
    }
    svg.push_str("</svg>\n");
    svg
}

/// The words of a picture without what the hour makes of them.
fn words(svg: &str) -> Vec<String> {
    let texts = svg.lines().filter(|line| line.starts_with("<text"));
    texts
        .map(|line| {
            let text = line.split_once('>').map_or("", |(_, rest)| rest);
            let text: String = text
                .trim_end_matches("</text>")
                .chars()
                .filter(|c| !c.is_ascii_digit())
                .collect();
            // `5h 3m` may be `5h` at another minute.
            let unit = |word: &&str| !["h", "m", "d", "小时", "分", "天"].contains(word);
            text.split_whitespace()
                .filter(unit)
                .collect::<Vec<_>>()
                .join(" ")
        })
        .filter(|text| !text.is_empty())
        .collect()
}

#[test]
fn the_pictures_of_the_terminal_show_what_the_program_prints() {
    for (lang, file) in [
        ("en", "docs/terminal.svg"),
        ("zh", "docs/terminal.zh-CN.svg"),
    ] {
        let lines = screen(lang);
        assert!(
            (20..=48).contains(&lines.len()),
            "{}: {lines:#?}",
            lines.len()
        );
        let made = svg(&lines);
        let path = project().join(file);
        if std::env::var_os("WXSELL_RENEW").is_some() {
            std::fs::write(&path, &made).expect("a picture");
        }
        let there = std::fs::read_to_string(&path).expect("a picture");
        assert_eq!(
            words(&there),
            words(&made),
            "{file} is old; run: WXSELL_RENEW=1 cargo test --test all picture::"
        );
    }
}

#[test]
fn both_readmes_show_the_picture_and_stay_short() {
    for (file, picture) in [
        ("README.md", "docs/terminal.svg"),
        ("README.zh-CN.md", "docs/terminal.zh-CN.svg"),
    ] {
        let readme = std::fs::read_to_string(project().join(file)).expect("a README");
        assert!(readme.contains(&format!("]({picture})")), "{file}");
        assert!(readme.lines().count() <= 200, "{file} is too long");
        // What it links to in this tree is there.
        for link in readme.split("](").skip(1) {
            let target = link.split([')', '#']).next().unwrap_or_default();
            if !target.is_empty() && !target.contains("://") {
                assert!(project().join(target).exists(), "{file}: {target}");
            }
        }
    }
}
