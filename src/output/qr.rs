//! QR codes on the terminal, for a phone to scan: two modules of the code a character cell, one above the other. A code
//! that comes as a picture is read and made again, so that it is as sharp as one that is made here.

use super::Output;
use crate::fail::Failure;
use crate::text;
use anyhow::Result;
use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;
use rqrr::PreparedImage;

/// The largest picture that is read, in pixels a side; codes are a few hundred wide.
const LARGEST: u32 = 4096;

impl Output {
    /// Draws `content` (an address, say) as a QR code on stderr; `--quiet` leaves it out.
    ///
    /// # Errors
    /// Content that no code can hold: 2,953 bytes are the most.
    pub fn qr(&self, content: impl AsRef<[u8]>) -> Result<()> {
        let code = QrCode::new(content).map_err(|error| {
            Failure::input(text!(
                "cannot make a QR code: {error}",
                error = error.to_string()
            ))
        })?;
        if !self.quiet {
            self.sink.words(&drawn(&code, self.sink.shows_colour(true)));
        }
        Ok(())
    }

    /// Reads the QR code in a PNG and draws it on stderr; `--quiet` leaves the drawing out. False where the picture
    /// holds no QR code that can be read: a Mini Program code, say, is better looked at as a file.
    pub fn qr_picture(&self, picture: &[u8]) -> bool {
        content(picture).is_some_and(|content| self.qr(content).is_ok())
    }
}

/// Lines of half blocks. With colours the code is black on white whatever the terminal's own are; without, light
/// modules are filled, which is right on the usual dark terminal, and scanners read the opposite as well.
fn drawn(code: &QrCode, coloured: bool) -> String {
    let mut renderer = code.render::<Dense1x2>();
    if coloured {
        let lines = renderer.build();
        let lines = lines
            .lines()
            .map(|line| format!("\x1b[30;107m{line}\x1b[0m"));
        return lines.collect::<Vec<_>>().join("\n");
    }
    renderer
        .dark_color(Dense1x2::Light)
        .light_color(Dense1x2::Dark)
        .build()
}

/// What the QR code in a PNG says.
fn content(picture: &[u8]) -> Option<Vec<u8>> {
    let (width, height, grey) = grey(picture)?;
    let mut image =
        PreparedImage::prepare_from_greyscale(width, height, |x, y| grey[y * width + x]);
    image.detect_grids().into_iter().find_map(|grid| {
        let mut content = Vec::new();
        grid.decode_to(&mut content).ok()?;
        Some(content)
    })
}

/// Width, height and the brightness of each pixel of a PNG; transparent ones are white.
fn grey(picture: &[u8]) -> Option<(usize, usize, Vec<u8>)> {
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
    let mut grey = Vec::with_capacity(bytes.len() / samples);
    for line in bytes.chunks(info.line_size) {
        grey.extend(line[..row].chunks(samples).map(|pixel| match pixel {
            [grey] => *grey,
            [_, 0..128] | [_, _, _, 0..128] => 255,
            [grey, _] => *grey,
            [red, green, blue, ..] => {
                let light = 3 * u32::from(*red) + 6 * u32::from(*green) + u32::from(*blue);
                u8::try_from(light / 10).unwrap_or(255)
            }
            [] => 255,
        }));
    }
    Some((
        usize::try_from(width).ok()?,
        usize::try_from(height).ok()?,
        grey,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture of a code: so many pixels a module, and a border.
    fn painted(text: &str, scale: usize, border: usize, colour: png::ColorType) -> Vec<u8> {
        let code = QrCode::new(text).expect("a code");
        let side = code.width() * scale + 2 * border;
        let inside = |at: usize| {
            let module = at.checked_sub(border)? / scale;
            (module < code.width()).then_some(module)
        };
        let mut bytes = Vec::new();
        for y in 0..side {
            for x in 0..side {
                let dark = match (inside(x), inside(y)) {
                    (Some(x), Some(y)) => code[(x, y)] == qrcode::Color::Dark,
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
    fn a_code_in_a_picture_is_read() {
        for text in [
            "x",
            "https://example.com/withdraw?ticket=0123456789",
            &"q".repeat(700),
        ] {
            for (scale, border, colour) in [
                (2, 8, png::ColorType::Grayscale),
                (3, 0, png::ColorType::Grayscale),
                (7, 30, png::ColorType::Rgba),
            ] {
                let read = content(&painted(text, scale, border, colour));
                assert_eq!(
                    read.as_deref(),
                    Some(text.as_bytes()),
                    "{scale}, {border}, {colour:?}"
                );
            }
        }
    }

    #[test]
    fn a_picture_that_holds_no_code_is_not_drawn() {
        let (out, kept) = Output::captured(80);
        assert!(!out.qr_picture(b"no picture"));
        let empty = painted("x", 1, 60, png::ColorType::Grayscale);
        assert!(!out.qr_picture(&empty[..empty.len() / 2]));
        assert_eq!(kept.stderr(), "");
    }

    #[test]
    fn a_code_is_drawn_for_people_only() {
        let (out, kept) = Output::captured(80);
        out.qr("https://example.com").expect("a code");
        assert_eq!(kept.stdout(), "");
        // 25 modules and a quiet zone of 4 on each side, two a line.
        assert_eq!(kept.stderr().lines().count(), (25 + 8usize).div_ceil(2));
        let (out, again) = Output::captured(80);
        let picture = painted("https://example.com", 4, 16, png::ColorType::Grayscale);
        assert!(out.qr_picture(&picture));
        assert_eq!(again.stderr(), kept.stderr());
        let (mut out, kept) = Output::captured(80);
        out.quiet = true;
        out.qr("https://example.com").expect("a code");
        assert_eq!(kept.stderr(), "");
    }
}
