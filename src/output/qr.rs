//! QR codes on the terminal, for a phone to scan: two modules of the code a character cell, one above the other. A code
//! that comes as a picture is read back to its modules, so that it is drawn as sharp as one that is made here.

use super::Output;
use crate::fail::Failure;
use crate::text;
use anyhow::Result;
use qrcode::{Color, QrCode};

/// Light modules that a scanner wants around a code.
const QUIET: usize = 2;
/// The largest picture that is decoded; codes are a few hundred pixels wide.
const LARGEST: u32 = 4096;
/// What a picture that is no plain QR code is drawn with at the most, in columns.
const WIDEST: usize = 100;

/// A square of dark and light modules, or a picture of dark and light dots.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Grid {
    width: usize,
    dark: Vec<bool>,
}

impl Output {
    /// Draws `content` (an address, say) as a QR code on stderr; `--quiet` leaves it out.
    ///
    /// # Errors
    /// Content that no code can hold: 2,953 bytes are the most.
    pub fn qr(&self, content: &str) -> Result<()> {
        let code = QrCode::new(content).map_err(|error| {
            Failure::input(text!(
                "this cannot be a QR code: {error}",
                error = error.to_string()
            ))
        })?;
        let width = code.width();
        let dark = code.into_colors().into_iter();
        self.draw(&Grid {
            width,
            dark: dark.map(|color| color == Color::Dark).collect(),
        });
        Ok(())
    }

    /// Draws a PNG of a code on stderr; `--quiet` leaves it out. Says whether it was a QR code that could be read back:
    /// another picture is drawn as well as the terminal can, and better looked at as a file. `None` is no PNG.
    pub fn qr_picture(&self, picture: &[u8]) -> Option<bool> {
        let picture = decode(picture)?;
        match modules(&picture) {
            Some(grid) => {
                self.draw(&grid);
                Some(true)
            }
            None => {
                let columns = self.sink.width().unwrap_or(WIDEST).min(WIDEST);
                self.draw(&shrunk(&picture, columns));
                Some(false)
            }
        }
    }

    fn draw(&self, grid: &Grid) {
        if !self.quiet {
            let coloured = self.sink.shows_colour(true);
            self.sink.words(&drawn(grid, coloured));
        }
    }
}

impl Grid {
    fn height(&self) -> usize {
        self.dark.len().checked_div(self.width).unwrap_or(0)
    }

    /// Whether a module is dark; all around the code is light.
    fn is_dark(&self, x: isize, y: isize) -> bool {
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else {
            return false;
        };
        x < self.width && y < self.height() && self.dark[y * self.width + x]
    }
}

/// Lines of half blocks. With colours the code is black on white whatever the terminal's own are; without, light
/// modules are filled, which is right on the usual dark terminal, and scanners read the opposite as well.
fn drawn(grid: &Grid, coloured: bool) -> String {
    let quiet = QUIET.cast_signed();
    let mut lines = Vec::new();
    let mut y = -quiet;
    while y < grid.height().cast_signed() + quiet {
        let mut line = String::new();
        for x in -quiet..grid.width.cast_signed() + quiet {
            let below_end = y + 1 >= grid.height().cast_signed() + quiet;
            let (upper, lower) = (grid.is_dark(x, y), grid.is_dark(x, y + 1));
            line.push(
                match (upper ^ !coloured, lower ^ (!coloured && !below_end)) {
                    (true, true) => '█',
                    (true, false) => '▀',
                    (false, true) => '▄',
                    (false, false) => ' ',
                },
            );
        }
        lines.push(match coloured {
            true => format!("\x1b[30;107m{line}\x1b[0m"),
            false => line,
        });
        y += 2;
    }
    lines.join("\n")
}

/// The dark pixels of a PNG; transparent ones are light.
fn decode(picture: &[u8]) -> Option<Grid> {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(picture));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().ok()?;
    let (width, height) = reader.info().size();
    if width.max(height) > LARGEST {
        return None;
    }
    let mut bytes = vec![0; reader.output_buffer_size()?];
    let info = reader.next_frame(&mut bytes).ok()?;
    let samples = info.color_type.samples();
    let row = usize::try_from(width).ok()? * samples;
    let mut dark = Vec::with_capacity(bytes.len() / samples);
    for line in bytes.chunks(info.line_size) {
        dark.extend(line[..row].chunks(samples).map(|pixel| match pixel {
            [grey] => *grey < 128,
            [grey, alpha] => *alpha >= 128 && *grey < 128,
            [red, green, blue, rest @ ..] => {
                let light = 3 * u32::from(*red) + 6 * u32::from(*green) + u32::from(*blue);
                rest.iter().all(|alpha| *alpha >= 128) && light < 1280
            }
            [] => false,
        }));
    }
    Some(Grid {
        width: usize::try_from(width).ok()?,
        dark,
    })
}

/// The modules of a QR code in a picture that holds nothing else: its frame is found, the size of a module taken from
/// the corner mark, and each module looked at in its middle. `None` where the three corner marks are not there.
fn modules(picture: &Grid) -> Option<Grid> {
    let at = |x: usize, y: usize| picture.dark[y * picture.width + x];
    let rows: Vec<usize> = (0..picture.height())
        .filter(|y| (0..picture.width).any(|x| at(x, *y)))
        .collect();
    let columns: Vec<usize> = (0..picture.width)
        .filter(|x| (0..picture.height()).any(|y| at(*x, y)))
        .collect();
    let (top, bottom) = (*rows.first()?, *rows.last()? + 1);
    let (left, right) = (*columns.first()?, *columns.last()? + 1);
    let mark = (left..right).take_while(|x| at(*x, top)).count();
    let side = right - left;
    if mark < 7 || side.abs_diff(bottom - top) > mark / 7 {
        return None;
    }
    // A code has 17 + 4 × version modules a side; the corner mark has 7.
    let version = (1..=40usize).min_by_key(|version| {
        let width = 17 + 4 * version;
        (side * 7).abs_diff(mark * width)
    })?;
    let width = 17 + 4 * version;
    let middle = |start: usize, length: usize, index: usize| {
        start + (length * (2 * index + 1)) / (2 * width)
    };
    let mut dark = Vec::with_capacity(width * width);
    for row in 0..width {
        for column in 0..width {
            dark.push(at(
                middle(left, side, column),
                middle(top, bottom - top, row),
            ));
        }
    }
    let grid = Grid { width, dark };
    [(0, 0), (width - 7, 0), (0, width - 7)]
        .into_iter()
        .all(|(x, y)| is_mark(&grid, x, y))
        .then_some(grid)
}

/// Whether the mark of a corner stands here: a dark ring of 7 by 7 around a dark square of 3 by 3.
fn is_mark(grid: &Grid, left: usize, top: usize) -> bool {
    (0..7usize).all(|y| {
        (0..7usize).all(|x| {
            let ring = x.abs_diff(3).max(y.abs_diff(3));
            grid.dark[(top + y) * grid.width + left + x] == (ring != 2)
        })
    })
}

/// A picture with at most so many columns: a dot is dark where half of what it stands for is.
fn shrunk(picture: &Grid, columns: usize) -> Grid {
    let step = picture.width.div_ceil(columns.max(1)).max(1);
    let (width, height) = (
        picture.width.div_ceil(step),
        picture.height().div_ceil(step),
    );
    let mut dark = Vec::with_capacity(width * height);
    for row in 0..height {
        for column in 0..width {
            let (mut count, mut all) = (0, 0);
            for y in row * step..((row + 1) * step).min(picture.height()) {
                for x in column * step..((column + 1) * step).min(picture.width) {
                    all += 1;
                    count += usize::from(picture.dark[y * picture.width + x]);
                }
            }
            dark.push(count * 2 >= all);
        }
    }
    Grid { width, dark }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(content: &str) -> Grid {
        let code = QrCode::new(content).expect("a code");
        let width = code.width();
        let dark = code.into_colors().into_iter();
        Grid {
            width,
            dark: dark.map(|color| color == Color::Dark).collect(),
        }
    }

    /// A picture of a code: so many pixels a module, and a border.
    fn painted(grid: &Grid, scale: usize, border: usize, colour: png::ColorType) -> Vec<u8> {
        let side = grid.width * scale + 2 * border;
        let mut bytes = Vec::new();
        for y in 0..side {
            for x in 0..side {
                let inside = |at: usize| (at >= border).then(|| (at - border) / scale);
                let dark = match (inside(x), inside(y)) {
                    (Some(x), Some(y)) => grid.is_dark(x.cast_signed(), y.cast_signed()),
                    _ => false,
                };
                let shade = if dark { 10 } else { 250 };
                match colour {
                    png::ColorType::Grayscale => bytes.push(shade),
                    _ => bytes.extend([shade, shade, shade, 255]),
                }
            }
        }
        let mut file = Vec::new();
        let side = u32::try_from(side).expect("small");
        let mut encoder = png::Encoder::new(&mut file, side, side);
        encoder.set_color(colour);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header().expect("a header");
        writer.write_image_data(&bytes).expect("pixels");
        writer.finish().expect("an end");
        file
    }

    #[test]
    fn a_code_in_a_picture_is_read_back_to_its_modules() {
        for content in [
            "x",
            "https://example.com/withdraw?ticket=0123456789",
            &"q".repeat(700),
        ] {
            let grid = code(content);
            for (scale, border, colour) in [
                (1, 0, png::ColorType::Grayscale),
                (3, 4, png::ColorType::Grayscale),
                (7, 30, png::ColorType::Rgba),
            ] {
                let picture = decode(&painted(&grid, scale, border, colour)).expect("a picture");
                assert_eq!(
                    modules(&picture),
                    Some(grid.clone()),
                    "{scale}, {border}, {colour:?}"
                );
            }
        }
    }

    #[test]
    fn a_picture_that_is_no_qr_code_is_drawn_smaller() {
        let round = Grid {
            width: 300,
            dark: (0..300i64 * 300)
                .map(|at| (at % 300 - 150).pow(2) + (at / 300 - 150).pow(2) < 140i64.pow(2))
                .collect(),
        };
        assert_eq!(modules(&round), None);
        let small = shrunk(&round, 60);
        assert_eq!((small.width, small.height()), (60, 60));
        assert!(small.is_dark(30, 30) && !small.is_dark(1, 1));
        assert_eq!(Output::captured(80).0.qr_picture(b"no picture"), None);
    }

    #[test]
    fn two_modules_share_a_cell() {
        let grid = Grid {
            width: 2,
            dark: vec![true, false, false, false],
        };
        assert_eq!(drawn(&grid, true).lines().count(), 3);
        assert!(
            drawn(&grid, true).contains("  ▀   "),
            "{}",
            drawn(&grid, true)
        );
        assert_eq!(drawn(&grid, false), "██████\n██▄███\n██████");
    }

    #[test]
    fn a_code_is_drawn_for_people_only() {
        let (out, kept) = Output::captured(80);
        out.qr("https://example.com").expect("a code");
        assert_eq!(kept.stdout(), "");
        assert_eq!(kept.stderr().lines().count(), (25 + 4usize).div_ceil(2));
        let (mut out, kept) = Output::captured(80);
        out.quiet = true;
        out.qr("https://example.com").expect("a code");
        assert_eq!(kept.stderr(), "");
    }
}
