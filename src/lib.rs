//! `wxsell`: sell through WeChat Channels from the terminal. One sentence per room; `tests/rooms.rs` keeps the
//! arrows between them.

// The root of the command line: global options and the nouns.
pub mod cli;
// One file per noun: arguments, what they do, what they show.
pub mod commands;

// What a merchant thinks of: nouns and their rules. Pure.
pub mod model;
// What can be said to WeChat: the books of all operations, and types where the code works with what they carry.
pub mod api;
// The one way a call is made: pace, token, send, envelope, verdict.
pub mod client;
// A noun as a merchant thinks of it; picks the call of the shop's family.
pub mod shop;

// Many rows: read from a file, checked, spooled, run and journalled. Knows no noun.
pub mod bulk;
// What people and scripts read: tables, JSON, progress, questions.
pub mod output;
// Named profiles, settings and where each comes from, credentials.
pub mod profile;
// Message push: verify, decrypt, decode, receive, hand on.
pub mod push;
// A stateful shop on this machine, behind the same HTTP contract.
pub mod sandbox;
// What must outlive a command: an SQLite file, and the log of writes beside it.
pub mod state;

// How an error is made and shown.
pub mod fail;
// What time it is, and waiting for it to pass.
pub mod clock;
// English text and its Chinese.
pub mod lang;
// Programs that are run for the operator, and their end.
pub mod process;
// Money, ids, times, secrets.
pub mod types;
