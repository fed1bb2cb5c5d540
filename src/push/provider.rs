//! What is pushed to a service provider and must be kept: its ticket, the code of an authorisation, and that a merchant
//! withdrew. Pushes come out of order; of two the later one counts, by the time that the platform gave them.

use super::{Mode, Opened, Refusal};
use crate::state::State;
use crate::types::span::HOUR;
use crate::types::{Secret, now};
use anyhow::Result;
use serde_json::Value;
use std::sync::Arc;

/// How long a code is kept where its push does not say. The platform's pages name no time.
const CODE_LIFE: i64 = HOUR;
/// `AuthorizationCodeExpiredTime` is documented in seconds; so large, it is a moment.
const A_MOMENT: i64 = 1_000_000_000;

/// Keeps what a push says, where it is one to a provider; `of` is the key of the account and its AppID. What cannot be kept is not stored, and is pushed again.
pub async fn keep(
    state: &Arc<State>,
    (key, appid): (&str, &str),
    opened: &Opened,
) -> Result<(), Refusal> {
    let text = |name: &str| opened.fields.get(name).and_then(Value::as_str);
    // The signature of a plain message says nothing of its body.
    let (Some(kind), false) = (text("InfoType"), opened.mode == Mode::Plain) else {
        return Ok(());
    };
    let number = |name: &str| {
        let value = opened.fields.get(name)?;
        value.as_i64().or_else(|| value.as_str()?.parse().ok())
    };
    let at = number("CreateTime").unwrap_or_else(now);
    let provider = key.to_owned();
    let merchant = text("AuthorizerAppid").unwrap_or_default().to_owned();
    // The shop of a merchant is known as its provider is: by its AppID, and by the address where it is no live one.
    let key = key.replacen(appid, &merchant, 1);
    let secret = |name: &str| text(name).map(Secret::new);
    let state = state.clone();
    let write: Box<dyn FnOnce() -> Result<()> + Send> = match kind {
        "component_verify_ticket" => match secret("ComponentVerifyTicket") {
            Some(ticket) => Box::new(move || state.keep_ticket(&provider, &ticket, at)),
            None => return Ok(()),
        },
        _ if merchant.is_empty() => return Ok(()),
        "authorized" | "updateauthorized" => match secret("AuthorizationCode") {
            Some(code) => {
                let ends = match number("AuthorizationCodeExpiredTime") {
                    Some(moment) if moment >= A_MOMENT => moment,
                    Some(seconds) if seconds > 0 => at.saturating_add(seconds),
                    _ => at + CODE_LIFE,
                };
                Box::new(move || state.keep_code(&provider, &merchant, &code, at, ends))
            }
            None => return Ok(()),
        },
        "unauthorized" => Box::new(move || state.withdraw(&provider, &merchant, &key, at)),
        _ => return Ok(()),
    };
    match tokio::task::spawn_blocking(write).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(Refusal::NotStored),
    }
}
