//! The service provider behind a shop's profile.

use super::resolve::{Environment, resolve_in};
use super::{Account, Profile, Settings, unknown};
use crate::fail::Failure;
use crate::text;

/// The service provider that serves the profile `name`. An AppSecret in the environment or from `--secret-file` is the
/// provider's: the merchant has none on this machine. It does not count beside an AppID, which is the merchant's.
pub(super) fn provider_of(
    name: &str,
    kind: Account,
    other: &str,
    environment: &Environment,
    settings: &Settings,
) -> Result<Profile, Failure> {
    let Some(entry) = settings.entry(other) else {
        return Err(unknown(other, settings));
    };
    if kind == Account::Provider {
        return Err(Failure::input(text!(
            "profile \"{name}\" is a service provider and names another one",
            name
        ))
        .hint(text!(
            "take one of both out: `wxsell profile set {name} --unset provider`, or `--unset kind`",
            name
        )));
    }
    if entry.kind != Some(Account::Provider) {
        return Err(Failure::input(text!(
            "profile \"{other}\" is no service provider, and \"{name}\" names it as one",
            other,
            name
        ))
        .hint(text!(
            "make it one with `wxsell profile set {other} --kind provider`",
            other
        )));
    }
    Ok(resolve_in(Some(other), &environment.of_no_shop(), settings)?.profile)
}
