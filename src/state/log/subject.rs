//! What a request is about, by the numbers and ids at its head.

use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use std::fmt;

/// The numbers and ids that say what a request is about, the best first.
const NAMES: [&str; 15] = [
    "out_product_id",
    "product_id",
    "out_order_id",
    "order_id",
    "out_aftersale_id",
    "aftersale_id",
    "complaint_order_id",
    "out_coupon_id",
    "out_user_coupon_id",
    "out_request_no",
    "trade_no",
    "audit_id",
    "openid",
    "id",
    "force_refresh",
];

/// What a request is about: the best two of its [`NAMES`]. Requests begin with them, so that what comes after the first
/// list or object is read only where nothing was found before it.
pub(super) fn subject(body: &[u8]) -> String {
    let read = |nested: bool| {
        let mut names = Names {
            nested,
            found: Vec::new(),
        };
        // It ends with an error at a list or object that is not to be read over.
        let _ = serde_json::Deserializer::from_slice(body).deserialize_map(&mut names);
        names.found
    };
    let mut found = read(false);
    if found.is_empty() {
        found = read(true);
    }
    found.sort_unstable();
    let named = found.iter().take(2);
    let named = named.map(|(at, word)| format!("{}={word}", NAMES[*at]));
    named.collect::<Vec<_>>().join(" ")
}

/// Finds [`NAMES`] in an object.
struct Names<'de> {
    /// Reads over lists and objects.
    nested: bool,
    found: Vec<(usize, Cow<'de, str>)>,
}

impl<'de> Visitor<'de> for &mut Names<'de> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            let at = NAMES.iter().position(|known| *known == name);
            match (at, self.nested) {
                (None, true) => drop(map.next_value::<IgnoredAny>()?),
                (at, _) => {
                    let Word(word) = map.next_value()?;
                    self.found.extend(at.zip(word));
                }
            }
        }
        Ok(())
    }
}

/// A text or a number; neither a list nor an object.
struct Word<'de>(Option<Cow<'de, str>>);

impl<'de> Deserialize<'de> for Word<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Word<'de>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a text or a number")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Word<'de>, E> {
                Ok(Word((!text.is_empty()).then_some(Cow::Borrowed(text))))
            }

            fn visit_str<E>(self, text: &str) -> Result<Word<'de>, E> {
                Ok(Word(
                    (!text.is_empty()).then(|| Cow::Owned(text.to_owned())),
                ))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Word<'de>, E> {
                Ok(Word(Some(Cow::Owned(number.to_string()))))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Word<'de>, E> {
                Ok(Word(Some(Cow::Owned(number.to_string()))))
            }

            fn visit_f64<E>(self, _: f64) -> Result<Word<'de>, E> {
                Ok(Word(None))
            }

            fn visit_bool<E>(self, yes: bool) -> Result<Word<'de>, E> {
                Ok(Word(yes.then_some(Cow::Borrowed("true"))))
            }

            fn visit_unit<E>(self) -> Result<Word<'de>, E> {
                Ok(Word(None))
            }
        }
        deserializer.deserialize_any(Read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_about_its_best_two_numbers() {
        let cases = [
            (
                r#"{"out_product_id":"P1","title":"x","skus":[{"openid":"o"}]}"#,
                "out_product_id=P1",
            ),
            (
                r#"{"openid":"o","order_id":33,"out_order_id":"A\u0031","id":""}"#,
                "out_order_id=A1 order_id=33",
            ),
            (
                r#"{"order_detail":{"openid":"no"},"out_order_id":"A1","openid":"o"}"#,
                "out_order_id=A1 openid=o",
            ),
            (
                r#"{"id":null,"list":[1],"trade_no":{"x":1},"openid":"o"}"#,
                "",
            ),
            (r#"{"note":true,"rate":1.5}"#, ""),
            ("", ""),
            ("[1]", ""),
        ];
        for (body, told) in cases {
            assert_eq!(subject(body.as_bytes()), told, "{body}");
        }
    }
}
