//! Calls that carry no token: they are paid for with a secret, in the body or in the query.

use super::retry::{RetryDecision, decide};
use super::{Body, Client, written};
use crate::api::{Endpoint, Resend};
use crate::fail::Failure;
use crate::text;
use anyhow::Result;
use bytes::Bytes;
use serde::de::DeserializeOwned;

/// The proxy that the environment names for HTTPS: the first of its variables that is not empty. `None` leaves it to the
/// system's own settings.
pub(super) fn proxy_of_environment(
    read: impl Fn(&str) -> Option<String>,
) -> Result<Option<reqwest::Proxy>> {
    let names = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    let set = names.into_iter().find_map(|name| {
        let value = read(name)?.trim().to_owned();
        (!value.is_empty()).then_some((name, value))
    });
    let Some((name, value)) = set else {
        return Ok(None);
    };
    let address = if value.contains("://") {
        value
    } else {
        format!("http://{value}")
    };
    let proxy = crate::profile::check_proxy(&address)
        .ok()
        .and_then(|address| reqwest::Proxy::all(address).ok());
    proxy.map(Some).ok_or_else(|| {
        Failure::input(text!(
            "{name} is set, but is not the address of a proxy",
            name
        ))
        .hint(text!(
            "write it like http://127.0.0.1:3128 or socks5h://127.0.0.1:1080"
        ))
        .into()
    })
}

impl Client {
    /// Makes a call that carries no token but a secret.
    pub async fn call_openly<E: Endpoint>(&self, request: &E) -> Result<E::Reply> {
        let body = Body::Json(written(request)?);
        let answer = self.exchange_openly(E::PATH, &[], &body, E::RESEND).await?;
        self.read_reply(E::PATH, &answer)
    }

    /// Posts an empty object to a path whose secret stands in the query.
    pub async fn post_openly<R: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
        resend: Resend,
    ) -> Result<R> {
        let body = Body::Json(Bytes::from_static(b"{}"));
        self.read_reply(
            path,
            &self.exchange_openly(path, query, &body, resend).await?,
        )
    }

    pub(super) async fn get<R: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<R> {
        let answer = self
            .exchange_openly(path, query, &Body::Nothing, Resend::Safe)
            .await?;
        self.read_reply(path, &answer)
    }

    /// [`Client::attempts`] of a call without a token, with the log of writes.
    async fn exchange_openly(
        &self,
        path: &str,
        query: &[(&str, &str)],
        body: &Body,
        resend: Resend,
    ) -> Result<Vec<u8>> {
        let attempts = self.attempts_openly(path, query, body, resend);
        self.logged(path, body, resend, None, attempts).await
    }

    async fn attempts_openly(
        &self,
        path: &str,
        query: &[(&str, &str)],
        body: &Body,
        resend: Resend,
    ) -> Result<Vec<u8>> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let failure = match self.send(path, query, None, body).await {
                Ok(answer) => return Ok(self.mended(path, answer)),
                Err(failure) => failure,
            };
            // A refused secret also reads 40001 here: there is no token to renew.
            match decide(&failure, resend, attempt, u32::MAX) {
                RetryDecision::After(pause) => {
                    crate::clock::sleep(pause.mul_f64(0.5 + fastrand::f64())).await
                }
                RetryDecision::SlowDown(_) | RetryDecision::GiveUp | RetryDecision::RenewToken => {
                    return Err(failure.into());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_variable_hides_no_proxy_and_a_bad_one_is_named() {
        let with = |set: &'static [(&str, &str)]| {
            proxy_of_environment(move |name| {
                let found = set.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            })
        };
        let found = with(&[("HTTPS_PROXY", ""), ("https_proxy", "127.0.0.1:3128")]);
        let found = found.expect("read").expect("found");
        let shown = format!("{found:?}");
        assert!(
            shown.contains("127.0.0.1") && shown.contains("3128"),
            "{shown}"
        );
        assert!(with(&[("HTTPS_PROXY", " ")]).expect("read").is_none());
        let error = with(&[("https_proxy", "::garbage")]).expect_err("refused");
        assert!(error.to_string().contains("https_proxy"));
    }
}
