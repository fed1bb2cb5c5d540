//! The check of a callback address.

use super::{Ask, verbs};

verbs! {
    CHECK = Ask::new("callback check", "/cgi-bin/callback/check");
}
