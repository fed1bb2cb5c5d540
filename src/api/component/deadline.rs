//! Moments as this family writes them.

pub use crate::api::reader::seconds;
