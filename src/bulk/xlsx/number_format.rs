//! How a number format shows a whole number: `000000` shows 123 as `000123`, `"TEA-"0` shows 77 as `TEA-77`. Only what
//! leaves every digit of the number visible is followed; of other formats it is said that they show something else.

/// What a format makes of a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NumberFormat {
    /// As it is.
    Plain,
    Percent,
    /// Places for digits, and text between them.
    Pattern(Vec<Part>),
    /// With separators, decimals, an exponent, or in a way that is not followed.
    Other,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// `0`: a digit, or 0 where there is none.
    Zero,
    /// `#` or `?`: a digit, or nothing.
    Digit,
    Text(String),
}

impl NumberFormat {
    pub fn of_code(code: &str) -> NumberFormat {
        let code = code.trim();
        // An exponent hides digits from the eye, as `General` does with long numbers, and loses none.
        let exponent = code.contains("E+") && !code.contains('%');
        if code.is_empty() || code.eq_ignore_ascii_case("general") || code == "@" || exponent {
            return NumberFormat::Plain;
        }
        let (mut parts, mut chars) = (Vec::new(), code.chars());
        let mut words = String::new();
        let mut percent = false;
        while let Some(c) = chars.next() {
            let part = match c {
                // The first section is for numbers above zero.
                ';' => break,
                '"' => {
                    words.extend(chars.by_ref().take_while(|c| *c != '"'));
                    continue;
                }
                '\\' => {
                    words.extend(chars.next());
                    continue;
                }
                '[' => {
                    let inside: String = chars.by_ref().take_while(|c| *c != ']').collect();
                    if inside.starts_with('$') || inside.chars().all(char::is_alphabetic) {
                        continue;
                    }
                    return NumberFormat::Other;
                }
                // As wide as the next character; filled with it.
                '_' | '*' => {
                    chars.next();
                    continue;
                }
                '%' => {
                    percent = true;
                    continue;
                }
                '0' => Part::Zero,
                '#' | '?' => Part::Digit,
                '-' | '+' | ' ' | '(' | ')' | ':' | '\'' | '~' | '!' | '&' | '^' | '{' | '}'
                | '<' | '>' | '=' => {
                    words.push(c);
                    continue;
                }
                _ => {
                    return if code.contains('%') {
                        NumberFormat::Percent
                    } else {
                        NumberFormat::Other
                    };
                }
            };
            if !words.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut words)));
            }
            parts.push(part);
        }
        if percent {
            return NumberFormat::Percent;
        }
        if !words.is_empty() {
            parts.push(Part::Text(words));
        }
        match parts.as_slice() {
            [Part::Zero] | [Part::Digit] => NumberFormat::Plain,
            parts if parts.iter().all(|part| matches!(part, Part::Text(_))) => NumberFormat::Other,
            _ => NumberFormat::Pattern(parts),
        }
    }

    /// How a whole number of these digits is shown; `None` where nothing changes or the format is not followed.
    pub fn digits(&self, digits: &str) -> Option<String> {
        let NumberFormat::Pattern(parts) = self else {
            return None;
        };
        let mut rest: Vec<char> = digits.chars().collect();
        let first = parts
            .iter()
            .position(|part| !matches!(part, Part::Text(_)))?;
        let mut shown: Vec<String> = Vec::new();
        for (at, part) in parts.iter().enumerate().rev() {
            match part {
                Part::Text(words) => shown.push(words.clone()),
                Part::Zero => shown.push(rest.pop().unwrap_or('0').to_string()),
                Part::Digit => shown.extend(rest.pop().map(String::from)),
            }
            // Digits beyond the places stand before the first of them.
            if at == first && !rest.is_empty() {
                shown.push(rest.drain(..).collect());
            }
        }
        shown.reverse();
        Some(shown.concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_shown_as_the_spreadsheet_shows_it() {
        for (code, digits, shown) in [
            ("000000", "123", "000123"),
            ("000000", "1234567", "1234567"),
            ("\"TEA-\"0", "77", "TEA-77"),
            ("\\A\\-000", "7", "A-007"),
            ("000\\-0000\\-0000", "13800001111", "138-0000-1111"),
            ("00000_);[Red](00000)", "42", "00042"),
            ("000-00", "12345", "123-45"),
        ] {
            assert_eq!(
                NumberFormat::of_code(code).digits(digits).as_deref(),
                Some(shown),
                "{code}"
            );
        }
        for code in ["General", "@", "0", "#", "", "0.00E+00"] {
            assert_eq!(NumberFormat::of_code(code), NumberFormat::Plain, "{code}");
        }
        for code in ["0%", "0.00%", "#,##0%"] {
            assert_eq!(NumberFormat::of_code(code), NumberFormat::Percent, "{code}");
        }
        for code in ["0.00", "#,##0", "yyyy-mm-dd", "# ?/?"] {
            assert_eq!(NumberFormat::of_code(code), NumberFormat::Other, "{code}");
        }
    }
}
