//! A call without anything that helps: to find out what is wrong, every answer must be seen as it comes.

use super::{Body, Client, written};
use crate::api::Endpoint;
use crate::types::Secret;
use anyhow::Result;
use serde::de::DeserializeOwned;

impl Client {
    /// Makes one call with this very token, once: no renewal, no second try.
    pub async fn try_once<E: Endpoint>(&self, request: &E, token: &Secret) -> Result<E::Reply> {
        let body = Body::Json(written(request)?);
        let answer = self.send(E::PATH, &[], Some(token), &body).await?;
        self.read_reply(E::PATH, &answer)
    }

    /// As [`Client::try_once`] for a call by GET.
    pub async fn try_get_once<R: DeserializeOwned>(&self, path: &str, token: &Secret) -> Result<R> {
        let answer = self.send(path, &[], Some(token), &Body::Nothing).await?;
        self.read_reply(path, &answer)
    }
}
