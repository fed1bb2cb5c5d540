//! Calls that carry no token: they are paid for with a secret, in the body or in the query.

use super::verdict::{Verdict, verdict};
use super::{Body, Client, written};
use crate::api::{Endpoint, Resend};
use anyhow::Result;
use bytes::Bytes;
use serde::de::DeserializeOwned;

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
            match verdict(&failure, resend, attempt, u32::MAX) {
                Verdict::After(pause) => {
                    crate::clock::sleep(pause.mul_f64(0.5 + fastrand::f64())).await
                }
                Verdict::SlowDown(_) | Verdict::GiveUp | Verdict::RenewToken => {
                    return Err(failure.into());
                }
            }
        }
    }
}
