//! Addresses of the platform, and its look at the address that pushes go to.

use crate::sandbox::router::{Call, Refusal};
use crate::sandbox::store::Tx;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Addresses kept for documentation: nobody has them.
const API: [&str; 2] = ["203.0.113.10", "203.0.113.11"];
const CALLBACK: [&str; 2] = ["198.51.100.20", "198.51.100.128/25"];

pub fn api_addresses(_: &mut Tx<'_>, _: &Call) -> Result<Value, Refusal> {
    Ok(json!({"ip_list": API}))
}

pub fn callback_addresses(_: &mut Tx<'_>, _: &Call) -> Result<Value, Refusal> {
    Ok(json!({"ip_list": CALLBACK}))
}

#[derive(Deserialize)]
pub struct Check {
    action: String,
    check_operator: String,
}

/// Looks the host up that events are pushed to. Without one: 40201. A host that ends in `.invalid` has no address, and one
/// that begins with `silent.` answers no ping, so that both can be seen.
pub fn check(tx: &mut Tx<'_>, request: Check) -> Result<Value, Refusal> {
    let action = request.action.as_str();
    if !["dns", "ping", "all"].contains(&action) {
        return Err(Refusal::new(40202, "invalid check action"));
    }
    if !["CHINANET", "UNICOM", "CAP", "DEFAULT"].contains(&request.check_operator.as_str()) {
        return Err(Refusal::new(40203, "invalid check operator"));
    }
    let push = tx.settings.push.as_ref();
    let address = push.and_then(|push| reqwest::Url::parse(&push.url).ok());
    let Some(host) = address.as_ref().and_then(reqwest::Url::host_str) else {
        return Err(Refusal::new(40201, "invalid check url"));
    };
    let found: &[&str] = if host.ends_with(".invalid") {
        &[]
    } else {
        &["203.0.113.9"]
    };
    let network = match request.check_operator.as_str() {
        "DEFAULT" => "UNICOM",
        chosen => chosen,
    };
    let mut reply = Map::new();
    if action != "ping" {
        let rows = found
            .iter()
            .map(|ip| json!({"ip": ip, "real_operator": "UNICOM"}));
        reply.insert("dns".into(), rows.collect());
    }
    if action != "dns" {
        let rows = found.iter().map(|ip| {
            if host.starts_with("silent.") {
                json!({"ip": ip, "from_operator": network, "package_loss": "100%"})
            } else {
                json!({
                    "ip": ip, "from_operator": network, "package_loss": "0%", "time": "23.079ms",
                })
            }
        });
        reply.insert("ping".into(), rows.collect());
    }
    Ok(Value::Object(reply))
}
