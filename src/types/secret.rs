//! Secrets, and the one place that keeps them in: every secret that this process holds is known by its value, and
//! [`redact`] takes it out of whatever leaves the process, however it got there (an error page of a gateway that repeats
//! the request, WeChat's own words, a file).

use serde::{Deserialize, Deserializer, Serialize};
use std::borrow::Cow;
use std::fmt;
use std::sync::{PoisonError, RwLock};

/// Shorter values are not looked for: they would be found inside ordinary words. WeChat's are 16 to 512 letters.
const SHORTEST: usize = 8;
/// So many values are known at most; the oldest is forgotten first. A receiver gets a new ticket every 10 minutes.
const MOST: usize = 256;
/// What stands in place of a secret.
pub const HIDDEN: &str = "***";

/// Every secret of this process, in the forms in which it travels; the newest last.
static KNOWN: RwLock<Vec<String>> = RwLock::new(Vec::new());

/// A secret: never printed, not even by `{:?}`. From the moment it is made its value is taken out of all output.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    pub fn new(secret: impl Into<String>) -> Secret {
        let secret = Secret(secret.into());
        hide(&secret.0);
        secret
    }

    /// A value that is printed in the documentation, such as that of the built-in shop: it need not be kept in.
    pub fn public(secret: &str) -> Secret {
        Secret(secret.to_owned())
    }

    /// The secret itself, for the one place that sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The secret itself, for a command that was asked to print it; from now on this process lets it pass.
    pub fn reveal(&self) -> &str {
        let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
        for form in forms(&self.0) {
            known.retain(|kept| *kept != form);
        }
        &self.0
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
        String::deserialize(deserializer).map(Secret::new)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}

/// The value, and how it looks in a query and in JSON where that differs.
fn forms(value: &str) -> Vec<String> {
    let mut forms = vec![value.to_owned()];
    let query: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
    let json = serde_json::Value::from(value).to_string();
    let json = json.trim_matches('"').to_owned();
    for form in [query, json] {
        if !forms.contains(&form) {
            forms.push(form);
        }
    }
    forms
}

/// Lets [`redact`] take a value out of everything, such as the password in an address.
pub fn hide(value: &str) {
    if value.len() < SHORTEST {
        return;
    }
    let is_known = |known: &[String]| known.iter().any(|kept| kept == value);
    if is_known(&KNOWN.read().unwrap_or_else(PoisonError::into_inner)) {
        return;
    }
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    if !is_known(&known) {
        known.extend(forms(value));
        let excess = known.len().saturating_sub(MOST);
        known.drain(..excess);
    }
}

/// `text` without any secret of this process.
pub fn redact(text: &str) -> Cow<'_, str> {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    let mut found: Vec<&String> = known.iter().filter(|value| text.contains(*value)).collect();
    if found.is_empty() {
        return Cow::Borrowed(text);
    }
    // One may be the beginning of another.
    found.sort_by_key(|value| std::cmp::Reverse(value.len()));
    let clean = found.into_iter().fold(text.to_owned(), |text, value| {
        text.replace(value.as_str(), HIDDEN)
    });
    Cow::Owned(clean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_print() {
        assert_eq!(format!("{:?}", Secret::new("abc")), "(hidden)");
    }

    #[test]
    fn a_secret_is_taken_out_in_every_form_until_it_is_revealed() {
        let secret = Secret::new("ticket@@@a/b\"c-unlike-others");
        let query = "x?ticket=ticket%40%40%40a%2Fb%22c-unlike-others&y=1";
        assert_eq!(redact(query), "x?ticket=***&y=1");
        let json = serde_json::json!({ "t": secret.expose() }).to_string();
        assert_eq!(redact(&json), "{\"t\":\"***\"}");
        assert_eq!(redact("nothing of it"), "nothing of it");
        let said = crate::text!("the gateway said {words}", words = secret.expose());
        assert_eq!(said.to_string(), "the gateway said ***");
        assert!(!said.to_stored().contains("unlike-others"));
        secret.reveal();
        assert_eq!(redact(secret.expose()), secret.expose());
    }

    #[test]
    fn what_is_short_or_public_stays() {
        let _ = (Secret::new("tea"), Secret::public("documented-value"));
        assert_eq!(
            redact("green tea documented-value"),
            "green tea documented-value"
        );
    }
}
