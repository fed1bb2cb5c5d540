//! Why WeChat refuses calls: what a secret, a token, other programs and the account tell, and what to do about it.

use super::Shop;
use super::access::TokenQuota;
use crate::client::retry::TOKEN_REFUSED;
use crate::fail::{Failure, Kind, failure};
use crate::lang::Text;
use crate::model::deadline::left;
use crate::profile::{Account, Profile, SecretSource, TokenCall};
use crate::state::token::StoredToken;
use crate::text;
use crate::types::{Secret, now};
use anyhow::Result;
use serde::Serialize;
use std::net::IpAddr;

/// A token that ends sooner is renewed by anybody, which is no sign of a foreign refresh.
const YOUNG_SECONDS: i64 = 300;
/// One careful program needs 12 classic tokens a day; twice that is the work of others.
const CLASSIC_FETCHES_OF_ONE: i64 = 24;

/// How a check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    Ok,
    Warning,
    Failed,
    /// Not tried, because one before it failed.
    Skipped,
}

/// One line of the diagnosis.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Check {
    pub check: &'static str,
    pub state: Health,
    pub finding: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errcode: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rid: Option<String>,
}

impl Check {
    fn ok(check: &'static str, finding: Text) -> Check {
        Check {
            check,
            state: Health::Ok,
            finding,
            remedy: None,
            errcode: None,
            rid: None,
        }
    }

    fn warning(check: &'static str, finding: Text, remedy: Text) -> Check {
        Check {
            state: Health::Warning,
            remedy: Some(remedy),
            ..Check::ok(check, finding)
        }
    }

    fn skipped(check: &'static str) -> Check {
        Check {
            state: Health::Skipped,
            ..Check::ok(check, text!("not tried"))
        }
    }

    fn failed(check: &'static str, failure: &Failure, remedy: Option<Text>) -> Check {
        Check {
            state: Health::Failed,
            remedy: remedy.or_else(|| failure.hint.clone()),
            errcode: failure.errcode,
            rid: failure.rid.clone(),
            ..Check::ok(check, failure.message.clone())
        }
    }
}

/// The diagnosis of a login whose AppSecret cannot be read: nothing else is tried.
pub fn without_secret(error: anyhow::Error) -> Vec<Check> {
    let mut checks = vec![Check::failed("secret", &Failure::from_any(error), None)];
    checks.extend(["token", "other_programs", "account"].map(Check::skipped));
    checks
}

impl Shop {
    /// Tries an AppSecret that its client has: a shop fetches a token with it. A service provider would need a ticket
    /// for its token; starting the push of tickets needs the secret alone, and does no harm.
    pub async fn try_secret(&self, profile: &Profile, secret: &Secret) -> Result<()> {
        let tried = match profile.kind {
            Account::Provider => {
                let started = self.start_tickets(&profile.appid, secret.clone()).await;
                started.map(drop)
            }
            Account::Shop => self.fetch_token().await.map(drop),
        };
        tried.map_err(|error| remedied(error, profile))
    }

    /// The token for the next call and its end, of whatever kind the profile is.
    pub async fn token_and_end(&self, profile: &Profile) -> Result<StoredToken> {
        let is_own = profile.token_kind() == profile.token.name();
        let token = self.token().await.map_err(|error| {
            if is_own {
                remedied(error, profile)
            } else {
                error
            }
        })?;
        let held = self.kept_token()?.filter(|held| held.token == token);
        Ok(held.unwrap_or(StoredToken {
            token,
            fetched_at: now(),
            expires_at: now(),
        }))
    }

    /// Ends the token of every holder and makes a new one; a refusal says what to do.
    pub async fn renew_token(&self, profile: &Profile) -> Result<StoredToken> {
        let forced = self.force_token().await;
        forced.map_err(|error| remedied(error, profile))
    }

    /// Fetches a token, asks for the token counter and for the account: three calls. `place` is where the AppSecret was
    /// read from.
    pub async fn diagnose(&self, profile: &Profile, place: Text) -> Result<Vec<Check>> {
        let read = match profile.secret {
            SecretSource::BuiltIn => place,
            _ => text!("read from {place}", place),
        };
        let mut checks = vec![Check::ok("secret", read)];
        let young = self
            .kept_token()?
            .filter(|held| held.expires_at - now() > YOUNG_SECONDS);
        if profile.token_kind() != profile.token.name() {
            return diagnose_foreign(profile, self, checks).await;
        }
        // A classic token that ended early can only be found out before another one is fetched.
        let tried_young = match (&young, profile.token) {
            (Some(held), TokenCall::Classic) => Some(self.try_token_quota(&held.token).await),
            _ => None,
        };
        let fetched = match self.fetch_token().await {
            Ok(fetched) => fetched,
            Err(error) => {
                let failure = Failure::from_any(error);
                let remedy = remedy(&failure, &profile.appid, profile.family.is_store());
                checks.push(Check::failed("token", &failure, remedy));
                checks.extend(["other_programs", "account"].map(Check::skipped));
                return Ok(checks);
            }
        };
        let seconds = fetched.expires_at - now();
        checks.push(Check::ok(
            "token",
            text!(
                "AppID, AppSecret and IP address are accepted; the token is valid for {time} more",
                time = left(seconds)
            ),
        ));
        checks.push(other_programs(profile, self, young, tried_young, &fetched).await);
        checks.push(account(self, profile, &fetched.token).await);
        Ok(checks)
    }
}

/// As [`Shop::diagnose`] for a provider or a shop that works through one. Its token is not renewed for the sake of a look:
/// that would end the one that other machines hold.
async fn diagnose_foreign(
    profile: &Profile,
    shop: &Shop,
    mut checks: Vec<Check>,
) -> Result<Vec<Check>> {
    let token = match shop.token().await {
        Ok(token) => token,
        Err(error) => {
            let failure = Failure::from_any(error);
            checks.push(Check::failed(
                "token",
                &failure,
                remedy(&failure, &profile.appid, profile.family.is_store()),
            ));
            if profile.kind == Account::Shop {
                checks.push(Check::skipped("account"));
            }
            return Ok(checks);
        }
    };
    let held = shop.kept_token()?;
    let seconds = held
        .filter(|held| held.token == token)
        .map_or(0, |held| held.expires_at - now());
    checks.push(Check::ok(
        "token",
        text!(
            "there is a token, valid for {time} more",
            time = left(seconds)
        ),
    ));
    if profile.kind == Account::Shop {
        checks.push(account(shop, profile, &token).await);
    }
    Ok(checks)
}

/// Whether other programs of the account end our tokens.
async fn other_programs(
    profile: &Profile,
    shop: &Shop,
    young: Option<StoredToken>,
    tried_young: Option<Result<TokenQuota>>,
    fetched: &StoredToken,
) -> Check {
    let name = "other_programs";
    let stable = text!(
        "switch every program to the stable token call (`wxsell profile set {name} --token stable`), or let one program fetch tokens for all",
        name = profile.label()
    );
    let refused = |result: &Result<TokenQuota>| {
        let code = result
            .as_ref()
            .err()
            .and_then(|error| failure(error))
            .and_then(|failure| failure.errcode);
        code.is_some_and(|code| TOKEN_REFUSED.contains(&code))
    };
    if tried_young.as_ref().is_some_and(refused) {
        return Check::warning(
            name,
            text!(
                "a token ended long before its time: another program fetches classic tokens for {appid}",
                appid = &profile.appid
            ),
            stable,
        );
    }
    if profile.token == TokenCall::Stable && young.is_some_and(|held| held.token != fetched.token) {
        return Check::warning(
            name,
            text!(
                "a token was replaced long before its time: another program forces refreshes for {appid}",
                appid = &profile.appid
            ),
            text!("find the program that sends force_refresh, and switch that off"),
        );
    }
    let quota = match tried_young {
        Some(quota) => quota,
        None => shop.try_token_quota(&fetched.token).await,
    };
    match quota {
        Ok(reply) if reply.quota.used > CLASSIC_FETCHES_OF_ONE => {
            let finding = text!(
                "about {count} classic {count:token was|tokens were} fetched today; one program needs 12",
                count = reply.quota.used
            );
            match profile.token {
                TokenCall::Classic => Check::warning(name, finding, stable),
                // Classic fetches never end a stable token.
                TokenCall::Stable => Check::ok(name, finding),
            }
        }
        _ => Check::ok(
            name,
            text!("no sign of another program invalidating the token"),
        ),
    }
}

/// Whether the account is one that may sell.
async fn account(shop: &Shop, profile: &Profile, token: &Secret) -> Check {
    let name = "account";
    match shop.try_account(token).await {
        Ok(()) => Check::ok(
            name,
            text!(
                "{appid} has access to the API ({family})",
                appid = &profile.appid,
                family = profile.family.title()
            ),
        ),
        Err(error) => {
            let failure = Failure::from_any(error);
            let remedy = match failure.errcode {
                Some(48001) if profile.family.is_store() => Some(text!(
                    "several causes look like this: the AppID is that of a Mini Program and not the store's own, the permission set is missing, or the call was withdrawn; check the AppID in the store's console first"
                )),
                Some(40001 | 40014 | 42001 | 76022) => Some(text!(
                    "{appid} is another type of account (official account, store, Mini Program without a shop): use the AppID of the Mini Program that sells",
                    appid = &profile.appid
                )),
                Some(48001) => Some(text!(
                    "the account has no permission: open the custom trade component for {appid} in the console first",
                    appid = &profile.appid
                )),
                Some(10_080_000 | 10_080_001) => Some(text!(
                    "the store was closed in its console, and no call reopens it; add another profile for another store"
                )),
                _ => remedy(&failure, &profile.appid, profile.family.is_store()),
            };
            Check::failed(name, &failure, remedy)
        }
    }
}

/// A failed token fetch with what to do about it, as far as its code tells.
fn remedied(error: anyhow::Error, profile: &Profile) -> anyhow::Error {
    let mut failure = Failure::from_any(error);
    if let Some(remedy) = remedy(&failure, &profile.appid, profile.family.is_store()) {
        failure.kind = Kind::Access;
        failure.hint = Some(remedy);
    }
    failure.into()
}

/// What to do about a refused token call.
fn remedy(failure: &Failure, appid: &str, of_a_store: bool) -> Option<Text> {
    Some(match failure.errcode? {
        // The table of codes says where that is done in the console of a store.
        40001 | 40125 | 41004 if of_a_store => text!(
            "the AppSecret does not belong to {appid}, or was reset: use the one that the store's console shows; it is shown only once",
            appid
        ),
        40164 | 61004 | 45035 if of_a_store => match seen_address(&failure.message.to_string()) {
            Some(address) => text!(
                "add {address} in the store's console (Service market → Self-developed → IP whitelist), or empty the list there",
                address = address.to_string()
            ),
            None => text!(
                "add the IP address of this machine in the store's console (Service market → Self-developed → IP whitelist), or empty the list there"
            ),
        },
        40001 | 40125 | 41004 => text!(
            "the AppSecret does not belong to {appid}, or was reset: use the one that the console shows after a reset (Development management → Development settings); it is shown only once",
            appid
        ),
        40013 | 41002 => text!(
            "check the AppID {appid}: Mini Program, store and official account each have their own",
            appid
        ),
        40164 | 61004 | 45035 => match seen_address(&failure.message.to_string()) {
            Some(address) => text!(
                "add {address} in the console: Development management → Development settings → IP whitelist; it takes effect after about 5 minutes",
                address = address.to_string()
            ),
            None => text!(
                "add the IP address of this machine in the console: Development management → Development settings → IP whitelist; it takes effect after about 5 minutes"
            ),
        },
        40243 => {
            text!("the AppSecret is frozen: the administrator has to unfreeze it in the console")
        }
        45009 => text!(
            "too many tokens were fetched today: find the program that fetches them, or `wxsell quota clear`"
        ),
        50004 | 50007 => {
            text!("the account is banned or frozen: the merchant has to resolve that with WeChat")
        }
        61024 => text!(
            "this AppID is that of a service provider: `wxsell profile set NAME --kind provider`, or use the AppID of the shop's own account"
        ),
        89501 | 89503 => text!(
            "the administrator gets a message in WeChat to confirm this IP address; run the command again after that"
        ),
        89506 => text!(
            "the administrator refused this IP address twice, so it is blocked for 24 hours: talk to the administrator"
        ),
        89507 => {
            text!(
                "the administrator refused this IP address, so it is blocked for an hour: talk to the administrator"
            )
        }
        _ => return None,
    })
}

/// The address that WeChat saw, out of its own words: a site that echoes addresses may be reached by another way out.
fn seen_address(words: &str) -> Option<IpAddr> {
    words
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | '(' | ')' | ';'))
        .filter_map(|word| {
            word.strip_prefix("requestIP:")
                .unwrap_or(word)
                .parse::<IpAddr>()
                .ok()
        })
        .map(|address| address.to_canonical())
        .next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_comes_out_of_wechats_own_words() {
        let seen = |words: &str| seen_address(words).map(|address| address.to_string());
        assert_eq!(
            seen("invalid ip 203.0.113.9 ipv6 ::ffff:203.0.113.9, not in whitelist").as_deref(),
            Some("203.0.113.9")
        );
        assert_eq!(
            seen("access clientip is not registered requestIP: 203.0.113.9").as_deref(),
            Some("203.0.113.9")
        );
        assert_eq!(
            seen("access clientip is not registered requestIP:203.0.113.9").as_deref(),
            Some("203.0.113.9")
        );
        assert_eq!(
            seen("(errcode 40164: invalid ip ::ffff:203.0.113.9)").as_deref(),
            Some("203.0.113.9")
        );
        assert_eq!(seen("not in whitelist"), None);
    }

    #[test]
    fn each_refusal_of_a_token_has_its_own_remedy() {
        let of = |errcode| {
            let failure = Failure {
                errcode: Some(errcode),
                ..Failure::new(
                    Kind::Refused,
                    text!("invalid ip 203.0.113.9, not in whitelist"),
                )
            };
            remedy(&failure, "wx1", false).map(|words| words.to_string())
        };
        assert!(of(40125).is_some_and(|words| words.contains("AppSecret does not belong to wx1")));
        assert!(of(40164).is_some_and(|words| words.contains("add 203.0.113.9")));
        assert!(of(40013).is_some_and(|words| words.contains("check the AppID wx1")));
        assert!(of(50007).is_some_and(|words| words.contains("frozen")));
        assert!(of(61024).is_some_and(|words| words.contains("service provider")));
        assert!(of(89503).is_some_and(|words| words.contains("administrator")));
        assert_eq!(of(12345), None);
        let failure = Failure {
            errcode: Some(40164),
            ..Failure::new(
                Kind::Refused,
                text!("invalid ip 203.0.113.9, not in whitelist"),
            )
        };
        let words = remedy(&failure, "wx1", true).expect("a remedy").to_string();
        assert!(
            words.contains("add 203.0.113.9 in the store's console"),
            "{words}"
        );
    }
}
