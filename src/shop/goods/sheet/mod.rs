//! Goods in files: spreadsheets, CSV and JSON read into products that can be sent, and written back.

pub mod catalogue;
pub mod cells;
pub mod documents;
pub mod example;
pub mod failed;
pub mod fields;
pub mod headings;
pub mod images;
pub mod problem;
pub mod rows;
pub mod writer;
