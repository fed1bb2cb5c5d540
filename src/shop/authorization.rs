//! What a merchant lets a service provider do: the page to agree on, the exchange of the code that it leads back with,
//! and the profile that works for the merchant from then on. The refresh token is on disk before anything else is done:
//! without it the merchant would have to agree again.

use super::Shop;
use super::pass_through::provider::{MERCHANT_APPID, MERCHANTS, REFRESH_TOKEN};
use crate::api::provider::{Authorization, AuthorizePage};
use crate::fail::{Failure, Within, failure};
use crate::lang::Text;
use crate::profile::{self, Dirs, Entry, Profile, Settings, SettingsFile, Store, check_new_name};
use crate::state::token::StoredToken;
use crate::text;
use crate::types::{Secret, now};
use anyhow::Result;
use reqwest::Url;
use serde::Serialize;

/// The set that the calls of the custom trade component need.
const COMPONENT_SET: i64 = 85;
/// Errcodes of a code that is wrong, was used, or is too old.
const CODE_REFUSED: [i64; 2] = [61009, 61010];

/// A request of which the provider's AppID is a part, and perhaps all.
#[derive(Debug, Serialize)]
pub struct Own<'a> {
    pub provider: &'a str,
}

/// Which accounts may authorize.
#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
pub enum Accounts {
    OfficialAccount,
    #[default]
    MiniProgram,
    Both,
}

impl Accounts {
    /// WeChat's `auth_type`.
    fn number(self) -> &'static str {
        match self {
            Accounts::OfficialAccount => "1",
            Accounts::MiniProgram => "2",
            Accounts::Both => "3",
        }
    }
}

/// The page on which a merchant agrees.
#[derive(Debug)]
pub struct Page<'a> {
    /// AppID of the service provider.
    pub provider: &'a str,
    /// The code that was made for this page.
    pub code: &'a str,
    /// Where it leads back to.
    pub redirect: &'a str,
    /// For a phone instead of a computer.
    pub phone: bool,
    pub accounts: Accounts,
    /// Only this account may authorize.
    pub only: Option<&'a str>,
}

impl Page<'_> {
    pub fn url(&self) -> Result<String> {
        let page = AuthorizePage {
            component_appid: self.provider,
            pre_auth_code: self.code,
            redirect_uri: self.redirect,
            auth_type: self.only.is_none().then_some(self.accounts.number()),
            biz_appid: self.only,
        };
        page.url(self.phone)
    }
}

/// Where a merchant goes on this machine.
#[derive(Debug, Clone, Default)]
pub struct Merchant {
    /// Name of its profile; its AppID where none is given.
    pub name: Option<String>,
    pub store: Option<Store>,
}

/// A merchant's place among the profiles, and the service provider it belongs to.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    pub merchant: &'a Merchant,
    pub provider: &'a Profile,
    pub dirs: &'a Dirs,
}

/// What a merchant's profile can be made of.
#[derive(Debug)]
pub enum Grant {
    /// A code that was pushed and not exchanged yet.
    Code(Secret),
    /// The refresh token that the list of merchants has.
    Refresh(Secret),
}

/// A merchant that commands work for now.
#[derive(Debug)]
pub struct Working {
    pub profile: String,
    pub appid: String,
    pub store: Store,
    /// Numbers of the sets that were granted; not known when the authorization was fetched from the list.
    pub sets: Option<Vec<i64>>,
}

/// The code itself, or the one in the address that the page led back to.
pub fn code_in(given: &Secret) -> Result<Secret, Failure> {
    let word = given.expose();
    if !word.starts_with("http") {
        return Ok(given.clone());
    }
    let found = Url::parse(word).ok().and_then(|url| {
        let code = url.query_pairs().find(|(name, _)| name == "auth_code");
        code.map(|(_, code)| code.into_owned())
    });
    found.map(Secret::new).ok_or_else(|| {
        Failure::input(text!("the address contains no auth_code")).hint(text!(
            "copy it from the browser after the merchant has agreed"
        ))
    })
}

impl Merchant {
    /// Refuses a name that cannot be the merchant's, as long as nothing has been used up.
    ///
    /// # Errors
    /// Also for a store that cannot take an authorization that WeChat replaces.
    pub fn check(&self, provider: &Profile, settings: &Settings) -> Result<()> {
        if self.store == Some(Store::Process) {
            return Err(Failure::input(text!(
                "WeChat may replace an authorization, which a program cannot take"
            ))
            .hint(text!("choose --secret-store keyring or file"))
            .into());
        }
        let Some(name) = self.name.as_deref() else {
            return Ok(());
        };
        check_new_name(name)?;
        match settings.entry(name) {
            Some(entry) if entry.provider.as_deref() != Some(&provider.name) => Err(
                Failure::input(text!("profile \"{name}\" already exists", name))
                    .hint(text!("choose another name"))
                    .into(),
            ),
            _ => Ok(()),
        }
    }

    /// The profile for a merchant: the one it has with this provider, else the name that was given, else its AppID. A
    /// profile of somebody else is never taken: its secret would be lost.
    fn name_for(&self, appid: &str, provider: &str, settings: &Settings) -> String {
        let is_its_own = |entry: &Entry| {
            entry.appid.as_deref() == Some(appid) && entry.provider.as_deref() == Some(provider)
        };
        let known = settings
            .profiles
            .iter()
            .find(|(_, entry)| is_its_own(entry))
            .map(|(name, _)| name.clone());
        let free = |name: &String| {
            !settings.profiles.contains_key(name) && profile::built_in(name).is_none()
        };
        let beside = (1u32..).map(|number| match number {
            1 => format!("{appid}-{provider}"),
            number => format!("{appid}-{provider}-{number}"),
        });
        known.unwrap_or_else(|| {
            self.name
                .clone()
                .into_iter()
                .chain([appid.to_owned()])
                .chain(beside)
                .find(free)
                .unwrap_or_else(|| appid.to_owned())
        })
    }
}

impl Shop {
    /// Exchanges a code, which is used up by it, and writes a profile for the merchant.
    pub async fn exchange(&self, code: &Secret, place: Place<'_>) -> Result<Working> {
        let asked_at = now();
        let answer = self.authorization(&place.provider.appid, code).await;
        let given = answer.map_err(lost)?;
        let appid = given.authorizer_appid.clone();
        let Some(refresh) = &given.authorizer_refresh_token else {
            return Err(Failure::access(text!(
                "{appid} has authorized, and WeChat gave no refresh token",
                appid = &appid
            ))
            .hint(text!(
                "the account has no permissions; check with `wxsell provider merchant {appid}`",
                appid
            ))
            .into());
        };
        let (profile, store) = write(&appid, refresh, place, |words| self.note(words))?;
        self.keep_first_token(&profile, &given, asked_at, place.dirs)?;
        let sets = given.func_info.iter().map(|set| set.funcscope_category.id);
        let sets: Vec<i64> = sets.collect();
        if !sets.contains(&COMPONENT_SET) {
            self.warn(text!(
                "the set {set} (custom trade component) was not granted: calls of the shop will be refused",
                set = COMPONENT_SET
            ));
        }
        Ok(Working {
            profile,
            appid,
            store,
            sets: Some(sets),
        })
    }

    /// The first token comes with the authorization.
    fn keep_first_token(
        &self,
        name: &str,
        given: &Authorization,
        asked_at: i64,
        dirs: &Dirs,
    ) -> Result<()> {
        let (Some(token), Some(lives)) = (&given.authorizer_access_token, given.expires_in) else {
            return Ok(());
        };
        let profile = profile::preview(name, &SettingsFile::of(dirs).load()?)?;
        let token = StoredToken {
            token: token.clone(),
            fetched_at: asked_at,
            expires_at: asked_at + lives,
        };
        let state = self.client.state();
        state.keep_token(&profile.account_key(), profile.token_kind(), &token)
    }

    /// What a merchant that has authorized can be connected by: the code that was pushed, or what the list of merchants
    /// has of it.
    pub async fn plan_connect(&self, provider: &Profile, appid: &str) -> Result<Grant> {
        let (state, key) = (self.client.state(), provider.account_key());
        if let Some(code) = state.code(&key, appid)? {
            if code.expires_at > now() {
                return Ok(Grant::Code(code.token));
            }
            state.forget_code(&key, appid)?;
        }
        self.listed(provider, appid).await
    }

    async fn listed(&self, provider: &Profile, appid: &str) -> Result<Grant> {
        let own = Own {
            provider: &provider.appid,
        };
        let rows = self.rows(&MERCHANTS, &own, None).await?;
        let row = rows.iter().find(|row| MERCHANT_APPID.is(row, appid));
        let Some(row) = row else {
            return Err(Failure::input(text!(
                "{appid} has not authorized this service provider",
                appid
            ))
            .hint(text!(
                "`wxsell provider merchants` lists those that have; `wxsell provider authorize` asks for more"
            ))
            .into());
        };
        let refresh = REFRESH_TOKEN.some_text(row).map(Secret::new);
        refresh.map(Grant::Refresh).ok_or_else(|| {
            Failure::access(text!(
                "{appid} has authorized, and the code was never exchanged",
                appid
            ))
            .hint(text!(
                "the merchant must authorize again: `wxsell provider authorize`"
            ))
            .into()
        })
    }

    /// Writes a profile for a merchant by what [`Shop::plan_connect`] found. A code that WeChat refuses is forgotten,
    /// and the list is looked at instead.
    pub async fn connect(&self, appid: &str, grant: Grant, place: Place<'_>) -> Result<Working> {
        let grant = match grant {
            Grant::Code(code) => {
                let exchanged = self.exchange(&code, place).await;
                let refused = exchanged
                    .as_ref()
                    .err()
                    .and_then(|error| failure(error)?.errcode);
                let is_refused = refused.is_some_and(|errcode| CODE_REFUSED.contains(&errcode));
                if exchanged.is_err() && !is_refused {
                    return exchanged;
                }
                let key = place.provider.account_key();
                self.client.state().forget_code(&key, appid)?;
                if exchanged.is_ok() {
                    return exchanged;
                }
                self.listed(place.provider, appid).await?
            }
            listed => listed,
        };
        let (Grant::Refresh(refresh) | Grant::Code(refresh)) = grant;
        let (name, store) = write(appid, &refresh, place, |words| self.note(words))?;
        // A token that another machine has may be the good one; the next call fetches its own.
        let profile = profile::preview(&name, &SettingsFile::of(place.dirs).load()?)?;
        self.client.state().forget_tokens(&profile.account_key())?;
        Ok(Working {
            profile: name,
            appid: appid.to_owned(),
            store,
            sets: None,
        })
    }
}

/// The code is used up even where no answer came.
fn lost(error: anyhow::Error) -> anyhow::Error {
    if failure(&error).is_some_and(|failure| failure.unclear) {
        let mut failure = Failure::from_any(error);
        failure.hint = Some(text!(
            "the exchange may have been done: check with `wxsell provider merchants`, then run `wxsell provider connect APPID`"
        ));
        return failure.into();
    }
    error
}

/// Stores the refresh token, then the profile that needs it.
fn write(
    appid: &str,
    refresh: &Secret,
    place: Place<'_>,
    tell: impl FnOnce(Text),
) -> Result<(String, Store)> {
    let Place {
        merchant,
        provider,
        dirs,
    } = place;
    let file = SettingsFile::of(dirs);
    let settings = file.load()?;
    let name = merchant.name_for(appid, &provider.name, &settings);
    let before = settings.entry(&name).and_then(|entry| entry.secret);
    let store =
        profile::keep_somewhere(&name, merchant.store, before, refresh, dirs, tell)
            .within(|| {
                text!(
                    "storing the authorization of {appid}; `wxsell provider connect {appid}` fetches it again",
                    appid
                )
            })?;
    file.edit(|settings| {
        let entry = settings.profiles.entry(name.clone()).or_default();
        entry.appid = Some(appid.to_owned());
        entry.provider = Some(provider.name.clone());
        entry.secret = Some(store);
        entry.production = entry.production.or(provider.production.then_some(true));
        Ok(())
    })?;
    Ok((name, store))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_taken_bare_or_out_of_the_address() {
        let code = |given: &str| code_in(&Secret::new(given)).map(|code| code.expose().to_owned());
        assert_eq!(
            code("queryauthcode@@@x").expect("bare"),
            "queryauthcode@@@x"
        );
        assert_eq!(
            code("https://a.example/b?auth_code=queryauthcode%40%40%40x&expires_in=3600")
                .expect("in the address"),
            "queryauthcode@@@x"
        );
        assert!(code("https://a.example/b?code=x").is_err());
    }

    #[test]
    fn a_merchant_never_takes_the_profile_of_somebody_else() {
        let settings: Settings = toml::from_str(
            "[profile.wxa]\nappid = \"wxa\"\nsecret = \"file\"\n[profile.b]\nappid = \"wxb\"\nprovider = \"agency\"",
        )
        .expect("settings");
        let keep = |name: Option<&str>| Merchant {
            name: name.map(str::to_owned),
            store: None,
        };
        let name = |given, appid| keep(given).name_for(appid, "agency", &settings);
        assert_eq!(name(None, "wxc"), "wxc");
        assert_eq!(name(None, "wxb"), "b");
        assert_eq!(name(Some("tea"), "wxc"), "tea");
        assert_eq!(name(None, "wxa"), "wxa-agency");
        assert_eq!(name(Some("b"), "wxc"), "wxc");
    }
}
