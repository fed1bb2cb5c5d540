//! The keyring of the operating system. A program built without the feature `keyring` (servers have none) says so where
//! one is asked for, and private files serve instead.

use crate::fail::Failure;
use crate::lang::Text;
use crate::text;
use crate::types::Secret;
use anyhow::Result;

/// What is kept under `entry`, the name of a profile or of its push keys; `None` where there is nothing.
///
/// # Errors
/// An access failure where the keyring cannot be used, does not answer, or is not part of this build.
pub fn read(entry: &str) -> Result<Option<String>> {
    system::with(entry, system::Entry::get_password)
}

/// Keeps `secret` under `entry`, in the place of what was there.
///
/// # Errors
/// As [`read`].
pub fn write(entry: &str, secret: &Secret) -> Result<()> {
    let secret = secret.clone();
    system::with(entry, move |kept| kept.set_password(secret.expose()))?;
    Ok(())
}

/// Forgets what is kept under `entry`; true where there was something.
///
/// # Errors
/// As [`read`].
pub fn remove(entry: &str) -> Result<bool> {
    Ok(system::with(entry, system::Entry::delete_credential)?.is_some())
}

fn unusable(why: Text) -> anyhow::Error {
    Failure::access(why)
        .hint(text!(
            "keep the AppSecret in a private file instead with `wxsell auth login --secret-store file`, or set WXSELL_APP_SECRET"
        ))
        .into()
}

#[cfg(feature = "keyring")]
mod system {
    use super::unusable;
    use crate::text;
    use anyhow::Result;
    pub use keyring::Entry;
    use std::sync::mpsc;
    use std::time::Duration;

    /// A keyring that does not answer must not hang the command: D-Bus may wait for a window nobody sees.
    const PATIENCE: Duration = Duration::from_secs(3);
    const SERVICE: &str = "wxsell";

    /// Asks the keyring about one entry; `None` where it has none.
    pub fn with<T: Send + 'static>(
        entry: &str,
        work: impl FnOnce(&Entry) -> keyring::Result<T> + Send + 'static,
    ) -> Result<Option<T>> {
        let user = entry.to_owned();
        let answer = within_time(PATIENCE, move || {
            if let Err(error) = Entry::store_status() {
                return Err(error.to_string());
            }
            match Entry::new(SERVICE, &user).and_then(|entry| work(&entry)) {
                Ok(value) => Ok(Some(value)),
                Err(keyring::Error::NoEntry) => Ok(None),
                Err(error) => Err(error.to_string()),
            }
        });
        match answer {
            Some(Ok(value)) => Ok(value),
            Some(Err(error)) => Err(unusable(text!(
                "the keyring of this system cannot be used: {error}",
                error
            ))),
            None => Err(unusable(text!(
                "the keyring of this system did not answer within {seconds} seconds",
                seconds = PATIENCE.as_secs()
            ))),
        }
    }

    /// Runs `work` beside this thread and waits for it a limited time.
    fn within_time<T: Send + 'static>(
        patience: Duration,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let (sender, receiver) = mpsc::channel();
        std::thread::Builder::new()
            .spawn(move || {
                // Nobody listens any more where the time ran out.
                let _ = sender.send(work());
            })
            .ok()?;
        receiver.recv_timeout(patience).ok()
    }
}

#[cfg(not(feature = "keyring"))]
mod system {
    use super::unusable;
    use crate::text;
    use anyhow::Result;
    use std::convert::Infallible;

    /// There is none.
    pub struct Entry(Infallible);

    impl Entry {
        pub fn get_password(&self) -> Result<String> {
            match self.0 {}
        }

        pub fn set_password(&self, _secret: &str) -> Result<()> {
            match self.0 {}
        }

        pub fn delete_credential(&self) -> Result<()> {
            match self.0 {}
        }
    }

    /// Always an access failure.
    pub fn with<T>(_entry: &str, _work: impl FnOnce(&Entry) -> Result<T>) -> Result<Option<T>> {
        Err(unusable(text!(
            "this wxsell was built without support for keyrings"
        )))
    }
}
