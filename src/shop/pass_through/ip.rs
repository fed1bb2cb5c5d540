//! Addresses of the platform.

use super::{Ask, Field, verbs};

pub const ADDRESSES: Field = Field("ip_list");

verbs! {
    API = Ask::new("ip list", "/cgi-bin/get_api_domain_ip");
    CALLBACK = Ask::new("ip list", "/cgi-bin/getcallbackip");
}
