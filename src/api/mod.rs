//! What can be said to WeChat: one type per request, tied to its path and its reply. No sending happens here.

pub mod common;
pub mod component;
pub mod operation;
pub mod provider;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// What may be done when the answer to a request was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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

/// What every answer carries. A missing `errcode` means 0.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Envelope {
    #[serde(default)]
    pub errcode: i64,
    #[serde(default)]
    pub errmsg: String,
}

/// The reply of an operation that only says whether it worked.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Done {}

/// Every path that has a typed request.
pub fn paths() -> impl Iterator<Item = (&'static str, Resend)> {
    [
        common::PATHS,
        provider::PATHS,
        component::goods::PATHS,
        component::category::PATHS,
        component::account::PATHS,
    ]
    .into_iter()
    .flatten()
    .copied()
    .chain([
        (common::CLASSIC_TOKEN_PATH, Resend::Safe),
        (common::CLEAR_QUOTA_BY_SECRET_PATH, Resend::Never),
        (component::image::PATH, Resend::Safe),
    ])
}
