//! What the platform answers, one noun a file: small state machines over the documents.

pub mod account;
pub mod category;
pub mod goods;
pub mod image;
pub mod quota;
pub mod token;
