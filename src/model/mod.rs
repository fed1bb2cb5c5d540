//! What a merchant thinks of: nouns and their rules. Nothing here calls anybody, knows a family of addresses or reads
//! JSON.

pub mod aftersale;
pub mod brand;
pub mod category_rule;
pub mod coupon;
pub mod deadline;
pub mod dispute;
pub mod flash_sale;
pub mod order;
pub mod order_price;
pub mod parcel;
pub mod policy;
pub mod price;
pub mod product;
pub mod report;
mod serial;
