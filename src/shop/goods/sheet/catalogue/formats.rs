//! Values that only some fields take, as far as WeChat documents them. What is refused here would be taken by the API and
//! never be shown again, or be noticed in the audit, hours later.

use crate::shop::goods::sheet::cells::{Fault, Value};
use crate::shop::goods::sheet::fields::Field;
use crate::text;

/// No shop shows a longer title. WeChat documents no number.
const LONGEST_TITLE: usize = 200;

/// Checks the form of one value.
pub fn check(field: Field, name: &str, value: &Value) -> Result<(), Fault> {
    match (field, value) {
        (Field::Title, Value::Text(title)) => {
            let letters = title.trim().chars().count();
            if !(2..=LONGEST_TITLE).contains(&letters) {
                return Err(
                    Fault::new(text!("{name} has {letters} characters", name, letters))
                        .hint(text!("write 2 to {most} characters", most = LONGEST_TITLE)),
                );
            }
        }
        (Field::Path | Field::DirectPath, Value::Text(path)) => page(path)?,
        (Field::SellTime, Value::Text(time)) if !is_time(time) => {
            return Err(Fault::new(text!("\"{time}\" is not a time", time))
                .hint(text!("write it as 2026-05-01 08:00:00")));
        }
        (Field::ProductType, Value::Text(kind)) if !is_one_of(kind, 3) => {
            return Err(
                Fault::new(text!("\"{kind}\" is not a kind of product", kind)).hint(text!(
                    "write 1 for pre-sale, 2 for a voucher or 3 for made to order"
                )),
            );
        }
        (Field::PickUpType, Value::List(ways)) => {
            if let Some(way) = ways.iter().find(|way| !is_one_of(way, 4)) {
                return Err(Fault::new(text!("\"{way}\" is not a way of delivery", way)).hint(
                    text!(
                        "write 1 for a carrier, 2 for the same city, 3 for pick-up or 4 for dining; several with | between them"
                    ),
                ));
            }
        }
        _ => {}
    }
    Ok(())
}

fn is_one_of(value: &str, most: u32) -> bool {
    value
        .parse()
        .is_ok_and(|number: u32| (1..=most).contains(&number))
}

/// A page of a Mini Program: `pages/product/index?id=1`.
fn page(path: &str) -> Result<(), Fault> {
    let fault = |message| {
        Fault::new(message).hint(text!(
            "write the page in the Mini Program, e.g. pages/product/index?id=TEA-1001"
        ))
    };
    let scheme = path.split_once(':').is_some_and(|(before, _)| {
        !before.is_empty()
            && before
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    });
    if scheme || path.starts_with("//") {
        return Err(fault(text!(
            "\"{path}\" is a URL, not a page of a Mini Program",
            path
        )));
    }
    if path.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(fault(text!("\"{path}\" contains a space", path)));
    }
    Ok(())
}

/// `YYYY-MM-DD HH:MM:SS`, of a day that there is.
fn is_time(time: &str) -> bool {
    let shaped = time.len() == 19
        && time.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            10 => byte == b' ',
            13 | 16 => byte == b':',
            _ => byte.is_ascii_digit(),
        });
    shaped && jiff::civil::DateTime::strptime("%Y-%m-%d %H:%M:%S", time).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note_of(field: Field, value: &Value) -> Option<String> {
        check(field, "列", value)
            .err()
            .map(|fault| fault.message.to_string())
    }

    #[test]
    fn values_that_wechat_documents_are_checked() {
        let text = |text: &str| Value::Text(text.to_owned());
        let list =
            |words: &[&str]| Value::List(words.iter().map(|word| (*word).to_owned()).collect());
        for (field, value) in [
            (Field::SellTime, text("明天上午")),
            (Field::SellTime, text("2024/5/1 8:00")),
            (Field::SellTime, text("2024-02-30 08:00:00")),
            (Field::ProductType, text("预售")),
            (Field::ProductType, text("4")),
            (Field::PickUpType, list(&["快递"])),
            (Field::PickUpType, list(&["1", "5"])),
            (Field::Path, text("javascript:alert(1)")),
            (Field::Path, text("https://shop.example.com/p/5")),
            (Field::Path, text("pages/a b")),
            (Field::Title, text("短")),
            (Field::Title, text(&"长".repeat(201))),
        ] {
            assert!(note_of(field, &value).is_some(), "{field:?} {value:?}");
        }
        for (field, value) in [
            (Field::SellTime, text("2024-05-01 08:00:00")),
            (Field::ProductType, text("3")),
            (Field::PickUpType, list(&["1", "4"])),
            (Field::Path, text("pages/p?id=1&t=10:00")),
            (Field::Title, text("绿茶")),
        ] {
            assert_eq!(note_of(field, &value), None, "{field:?} {value:?}");
        }
    }
}
