//! What a merchant thinks of: nouns and their rules. Nothing here calls anybody, knows a family of addresses or reads
//! JSON.

pub mod category_rule;
pub mod order;
pub mod parcel;
