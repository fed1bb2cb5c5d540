//! How values of the model stand in machine output: no text is null, times are RFC 3339 in China time.

use crate::types::{rfc3339, rfc3339_millis};
use serde::Serializer;

/// Text; empty as null.
pub fn text<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    if text.is_empty() {
        serializer.serialize_none()
    } else {
        serializer.serialize_str(text)
    }
}

/// Unix seconds.
pub fn seconds<S: Serializer>(at: &Option<i64>, serializer: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => serializer.serialize_str(&rfc3339(*at)),
        None => serializer.serialize_none(),
    }
}

/// Unix milliseconds.
pub fn millis<S: Serializer>(at: &Option<i64>, serializer: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => serializer.serialize_str(&rfc3339_millis(*at)),
        None => serializer.serialize_none(),
    }
}

/// Gives an enumeration its `name()` in machine output.
macro_rules! named {
    ($($kind:ty),*) => {$(
        crate::types::shape::printed_as!($kind => crate::types::shape::Word);
        impl serde::Serialize for $kind {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }
    )*};
}
pub(crate) use named;
