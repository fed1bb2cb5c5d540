//! Deadlines as a calendar file (RFC 5545): one event each, with an alarm an hour before.

use super::Item;
use crate::lang::Lang;

/// Octets of a line without its end.
const LINE: usize = 75;

/// The whole file. What has no time has no event.
pub fn write(items: &[Item], now: i64, lang: Lang) -> String {
    let mut file = String::new();
    let mut line = |text: &str| fold(&mut file, text);
    line("BEGIN:VCALENDAR");
    line("VERSION:2.0");
    line("PRODID:-//wxsell//due//EN");
    for item in items {
        let Some(at) = item.at else { continue };
        let words = item.words().render(lang);
        let summary = format!("{} · {} {}", item.shop, words, item.number);
        let mut about = String::new();
        if let Some(then) = &item.then {
            about.push_str(&then.render(lang));
        }
        if let Some(order) = &item.order {
            about.push_str(&format!("\n{order}"));
        }
        if let Some(amount) = item.amount {
            about.push_str(&format!("\n¥{}", amount.to_yuan()));
        }
        let noun = format!("{:?}", item.noun).to_lowercase();
        line("BEGIN:VEVENT");
        line(&format!(
            "UID:{noun}-{}@{}.wxsell",
            escaped(&item.number),
            item.appid
        ));
        line(&format!("DTSTAMP:{}", stamp(now)));
        line(&format!("DTSTART:{}", stamp(at)));
        line(&format!("SUMMARY:{}", escaped(&summary)));
        line(&format!("DESCRIPTION:{}", escaped(about.trim())));
        if item.is_ours() {
            line("BEGIN:VALARM");
            line("ACTION:DISPLAY");
            line("TRIGGER:-PT1H");
            line(&format!("DESCRIPTION:{}", escaped(&summary)));
            line("END:VALARM");
        }
        line("END:VEVENT");
    }
    line("END:VCALENDAR");
    file
}

/// `20220401T040000Z`
fn stamp(seconds: i64) -> String {
    let moment = jiff::Timestamp::from_second(seconds).unwrap_or_default();
    moment.strftime("%Y%m%dT%H%M%SZ").to_string()
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    for letter in text.chars() {
        match letter {
            '\\' | ';' | ',' => escaped.extend(['\\', letter]),
            '\n' => escaped.push_str("\\n"),
            other if other.is_control() => escaped.push(' '),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Adds a line; a long one is continued behind a blank, never within a character.
fn fold(file: &mut String, line: &str) {
    let mut room = LINE;
    for letter in line.chars() {
        if letter.len_utf8() > room {
            file.push_str("\r\n ");
            room = LINE - 1;
        }
        room -= letter.len_utf8();
        file.push(letter);
    }
    file.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::super::Noun;
    use super::*;
    use crate::model::deadline::Actor;
    use crate::text;
    use crate::types::Fen;

    #[test]
    fn lines_are_folded_and_nothing_breaks_out_of_a_value() {
        let item = Item {
            shop: "茶, und; 茶".repeat(6),
            appid: "wx1".into(),
            noun: Noun::Aftersale,
            number: "9\r\nBEGIN:X".into(),
            order: Some("W1".into()),
            who: Actor::Merchant,
            what: text!("accept or reject the refund"),
            at: Some(1_648_785_600),
            then: Some(text!("it is closed")),
            amount: Some(Fen(1234)),
            assumed: false,
            unreadable: false,
            due: true,
            step: None,
            now: 1_648_742_400,
        };
        let timeless = Item {
            at: None,
            ..item.clone()
        };
        let file = write(&[item, timeless], 1_648_742_400, Lang::En);
        let lines: Vec<&str> = file.split_terminator("\r\n").collect();
        assert!(
            lines
                .iter()
                .all(|line| line.len() <= 75 && !line.contains('\n'))
        );
        assert!(lines.contains(&"DTSTART:20220401T040000Z"), "{file}");
        let whole = file.replace("\r\n ", "");
        assert_eq!(whole.matches("BEGIN:VEVENT").count(), 1);
        assert!(!whole.contains("\nBEGIN:X"), "{whole}");
        assert!(whole.contains("茶\\, und\\; 茶"), "{whole}");
        assert!(
            whole.contains("DESCRIPTION:it is closed\\nW1\\n¥12.34\r\n"),
            "{whole}"
        );
    }
}
