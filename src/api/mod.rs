//! What can be said to WeChat: one type per request, tied to its path and its reply. No sending happens here.

pub mod common;
pub mod component;
pub mod json;
pub mod operation;
pub mod provider;
pub mod reader;
pub mod store;

use crate::types::Family;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// What may be done when the answer to a request was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Resend {
    /// It only reads: send it again.
    Safe,
    /// WeChat knows the merchant's own number in it, so that a second arrival is recognised: send it again, and
    /// read a refusal as "already there" only after looking.
    Keyed,
    /// It leads an object from one state to another, and a second arrival finds it there: what became of it is read from
    /// the object.
    State,
    /// A second arrival would act twice: look it up first.
    Never,
}

/// One operation: a JSON body posted to `PATH`, answered by the errcode envelope around `Reply`.
///
/// Both sides are serialised and read, because the sandbox answers with the same types.
pub trait Endpoint: Serialize + DeserializeOwned + Send + Sync {
    const PATH: &'static str;
    const RESEND: Resend;
    type Reply: Serialize + DeserializeOwned + Send;
}

/// The contents page of a file of operations: `Request => "/path" -> Reply, Resend;`
macro_rules! endpoints {
    ($($request:ty => $path:literal -> $reply:ty, $resend:ident;)*) => {
        $(
            impl $crate::api::Endpoint for $request {
                const PATH: &'static str = $path;
                const RESEND: $crate::api::Resend = $crate::api::Resend::$resend;
                type Reply = $reply;
            }
        )*

        /// The paths declared in this file, with their resend class.
        pub const PATHS: &[(&str, $crate::api::Resend)] = &[$(($path, $crate::api::Resend::$resend)),*];
    };
}
pub(crate) use endpoints;

/// Reads seconds that came as a number or as digits.
pub fn seconds<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Number(i64),
        Digits(String),
    }
    match Written::deserialize(deserializer)? {
        Written::Number(seconds) => Ok(seconds),
        Written::Digits(digits) => digits.trim().parse().map_err(serde::de::Error::custom),
    }
}

/// What every answer carries. A missing `errcode` means 0; it comes in quotes now and then, and `errmsg` may be null.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Envelope {
    pub errcode: i64,
    pub errmsg: String,
    /// Whether an errcode was there.
    pub named: bool,
}

impl<'de> Deserialize<'de> for Envelope {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Envelope, D::Error> {
        #[derive(Deserialize)]
        struct Parts {
            #[serde(default)]
            errcode: serde_json::Value,
            #[serde(default)]
            errmsg: serde_json::Value,
        }
        use serde_json::Value::{Null, Number, String as Text};
        let Parts { errcode, errmsg } = Parts::deserialize(deserializer)?;
        let number = match &errcode {
            Null => Some(0),
            Number(number) => number.as_i64().or_else(|| {
                let whole = number.as_f64().filter(|number| number.fract() == 0.0);
                whole.map(|number| number as i64)
            }),
            Text(digits) => digits.trim().parse().ok(),
            _ => None,
        };
        Ok(Envelope {
            errcode: number
                .ok_or_else(|| serde::de::Error::custom("the errcode is not a number"))?,
            errmsg: match errmsg {
                Null => String::new(),
                Text(words) => words,
                other => other.to_string(),
            },
            named: !errcode.is_null(),
        })
    }
}

/// The reply of an operation that only says whether it worked.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Done {}

/// Whether a shop of this family may call a path. Some paths are shared; one that nobody documented goes by how it begins.
pub fn belongs(family: Family, path: &str) -> bool {
    if operation::of_family(family, path).is_some() {
        return true;
    }
    let of_store = store::is_of_store(path);
    operation::by_path(path).is_none()
        && match family {
            Family::Component => !of_store,
            Family::Store => of_store,
        }
}

/// Every path that has a typed request.
pub fn paths() -> impl Iterator<Item = (&'static str, Resend)> {
    [
        common::PATHS,
        provider::PATHS,
        component::goods::PATHS,
        component::category::PATHS,
        component::account::PATHS,
        store::goods::PATHS,
        store::category::PATHS,
        store::merchant::PATHS,
    ]
    .into_iter()
    .flatten()
    .copied()
    .chain([
        (common::CLASSIC_TOKEN_PATH, Resend::Safe),
        (common::CLEAR_QUOTA_BY_SECRET_PATH, Resend::Never),
        (component::image::PATH, Resend::Safe),
        (store::image::PATH, Resend::Safe),
        (store::image::V2_PATH, Resend::Safe),
        (store::image::MEDIA_PATH, Resend::Safe),
        (store::category::ALL_PATH, Resend::Safe),
        (store::merchant::INFO_PATH, Resend::Safe),
    ])
}
