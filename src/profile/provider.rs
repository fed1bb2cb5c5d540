//! The service provider behind a shop's profile.

use super::{Account, Settings, unknown};
use crate::fail::Failure;
use crate::text;

/// Refuses `other` as the service provider that serves the profile `name`, where it is none. An AppSecret in the
/// environment or from `--secret-file` is the provider's: the merchant has none on this machine. It does not count beside
/// an AppID, which is the merchant's.
pub(super) fn check_provider(
    name: &str,
    kind: Account,
    other: &str,
    settings: &Settings,
) -> Result<(), Failure> {
    let Some(entry) = settings.entry(other) else {
        return Err(unknown(other, settings));
    };
    if kind == Account::Provider {
        return Err(Failure::input(text!(
            "profile \"{name}\" is a service provider but has another one set",
            name
        ))
        .hint(text!(
            "remove one of the two: `wxsell profile set {name} --unset provider`, or `--unset kind`",
            name
        )));
    }
    if entry.kind != Some(Account::Provider) {
        return Err(Failure::input(text!(
            "profile \"{other}\" is not a service provider, but \"{name}\" uses it as one",
            other,
            name
        ))
        .hint(text!(
            "make it one with `wxsell profile set {other} --kind provider`",
            other
        )));
    }
    Ok(())
}
