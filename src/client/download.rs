//! A file from anywhere: no token, no envelope, one try.

use super::Client;
use super::answer::not_sent;
use crate::fail::{Failure, Kind};
use crate::text;
use anyhow::Result;
use reqwest::Url;

impl Client {
    /// The content of an address, of at most `limit` bytes. No redirect is followed.
    pub async fn download(&self, url: &str, limit: u64) -> Result<Vec<u8>> {
        let address = Url::parse(url).map_err(|error| {
            Failure::input(text!(
                "\"{url}\" is not an address: {error}",
                url,
                error = error.to_string()
            ))
        })?;
        let answer = self.http.get(address).send().await;
        let mut answer = answer.map_err(|error| Failure {
            unclear: false,
            ..not_sent(url, &error)
        })?;
        if !answer.status().is_success() {
            return Err(Failure::new(
                Kind::Network,
                text!(
                    "{path} answered HTTP {status}",
                    path = url,
                    status = answer.status().as_u16()
                ),
            )
            .into());
        }
        let mut bytes = Vec::new();
        while let Some(piece) = answer
            .chunk()
            .await
            .map_err(|error| not_sent(url, &error))?
        {
            bytes.extend_from_slice(&piece);
            if bytes.len() as u64 > limit {
                return Err(Failure::input(text!(
                    "{path} is larger than {limit} MB",
                    path = url,
                    limit = limit / 1024 / 1024
                ))
                .into());
            }
        }
        Ok(bytes)
    }
}
