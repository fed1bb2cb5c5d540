//! Promotion staff of a Mini Program.

use super::funds::or_default;
use serde::Deserialize;

/// A role of promotion staff, in `/promoter/getrole`.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Role {
    #[serde(default, deserialize_with = "or_default")]
    pub role_id: i64,
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
}
