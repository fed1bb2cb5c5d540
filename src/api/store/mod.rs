//! The WeChat Store: `/channels/ec/*` and `/shop/ec/*`. Its answers are read leniently, as its own pages contradict
//! each other: an id may be a number or digits in quotes, a flag 0/1 or true/false, an empty list `null`.

pub mod category;
pub mod goods;
pub mod image;
pub mod merchant;
pub mod opening;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Whether a path is one of the Store. One call of the component begins like one of the Store's.
pub fn is_of_store(path: &str) -> bool {
    path.starts_with("/channels/ec/")
        || path.starts_with("/shop/ec/") && path != "/shop/ec/category/getcategoryrule"
}

/// A number issued by the Store, kept as its digits: it is sent as text, and read from text or from a number. No number
/// at all comes as `""`, `0`, `"0"` or `null`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Id(String);

impl Id {
    /// From digits; anything else is no id.
    pub fn read(text: &str) -> Option<Id> {
        let digits = text.trim();
        let sound = !digits.is_empty()
            && digits.len() <= 20
            && digits.bytes().all(|byte| byte.is_ascii_digit());
        (sound && digits.bytes().any(|byte| byte != b'0')).then(|| Id(digits.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the Store named no number.
    pub fn is_none(&self) -> bool {
        self.0.is_empty()
    }

    /// As a number; 0 for none.
    pub fn number(&self) -> u64 {
        self.0.parse().unwrap_or(0)
    }
}

impl From<u64> for Id {
    fn from(number: u64) -> Id {
        match number {
            0 => Id::default(),
            number => Id(number.to_string()),
        }
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Id, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Id;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a 64-bit id as a number or as digits")
            }

            fn visit_u64<E: serde::de::Error>(self, id: u64) -> Result<Id, E> {
                Ok(Id::from(id))
            }

            fn visit_i64<E: serde::de::Error>(self, id: i64) -> Result<Id, E> {
                u64::try_from(id).map(Id::from).map_err(E::custom)
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Id, E> {
                match Id::read(text) {
                    Some(id) => Ok(id),
                    None if text.bytes().all(|byte| byte == b'0') => Ok(Id::default()),
                    None => Err(E::custom("no id")),
                }
            }

            fn visit_unit<E: serde::de::Error>(self) -> Result<Id, E> {
                Ok(Id::default())
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// Reads a flag that may be 0/1, "0"/"1" or true/false.
pub fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Bool(bool),
        Number(i64),
        Text(String),
        Nothing(()),
    }
    Ok(match Either::deserialize(deserializer)? {
        Either::Bool(flag) => flag,
        Either::Number(number) => number != 0,
        Either::Text(text) => !matches!(text.as_str(), "" | "0" | "false"),
        Either::Nothing(()) => false,
    })
}

/// Reads `null` as nothing of its kind.
pub fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_sent_as_text_however_it_came() {
        for (came, sent) in [
            ("10000000000000000001", "\"10000000000000000001\""),
            ("\"10000000000000000001\"", "\"10000000000000000001\""),
            ("0", "\"\""),
            ("\"0\"", "\"\""),
            ("\"\"", "\"\""),
            ("null", "\"\""),
        ] {
            let id: Id = serde_json::from_str(came).expect("an id");
            assert_eq!(serde_json::to_string(&id).expect("text"), sent, "{came}");
        }
        assert!(serde_json::from_str::<Id>("\"abc\"").is_err());
        assert!(serde_json::from_str::<Id>("1e19").is_err());
    }
}
