//! Addresses of the platform.

use super::{Ask, verbs};

verbs! {
    API = Ask::new("ip list", "/cgi-bin/get_api_domain_ip");
    CALLBACK = Ask::new("ip list", "/cgi-bin/getcallbackip");
}
