//! The check of a callback address.

use super::{Ask, Field, verbs};

pub const DNS: Field = Field("dns");
pub const PING: Field = Field("ping");
pub const ADDRESS: Field = Field("ip");
pub const NETWORK: Field = Field("real_operator");
pub const PINGED_FROM: Field = Field("from_operator");
pub const LOSS: Field = Field("package_loss");
pub const TIME: Field = Field("time");

verbs! {
    CHECK = Ask::new("callback check", "/cgi-bin/callback/check");
}
