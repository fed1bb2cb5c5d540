//! What commands do with records that came through the doors of the shop: name what could not be read, and add the
//! platform's own record to machine output.

use super::Ctx;
use super::terminal::Terminal;
use crate::api::operation::{mask_by_name, present};
use crate::lang::Text;
use crate::shop::Observer;
use crate::shop::pass_through::Ask;
use serde_json::Value;

/// The platform's whole record in machine output.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub struct Full {
    /// Add WeChat's whole record to each row, under `wechat`
    #[arg(long)]
    pub full: bool,
}

impl Ctx {
    /// Names the fields of a thing that are there and cannot be read.
    pub fn note_unread(&self, what: Text, unread: &[&str]) {
        Terminal::new(&self.out).note_unread(what, unread);
    }

    /// Says that rows of a list may be missing.
    pub fn note_unsure(&self, unsure: u64) {
        Terminal::new(&self.out).note_unsure(unsure);
    }

    /// A record as it is printed under `wechat`: ids as text, times as RFC 3339, people masked. `at` is where the reply
    /// of `ask` has such records.
    pub fn wechat(&self, ask: &Ask, at: &str, record: Value) -> Value {
        let (book, operation) = ask.operation();
        let node = book.at(&operation.reply, at);
        let mut record = match node {
            Some(node) => present(book, node, record),
            None => record,
        };
        match node {
            _ if self.global.unmask => {}
            Some(node) => book.mask(node, &mut record),
            None => mask_by_name(&mut record),
        }
        record
    }
}
