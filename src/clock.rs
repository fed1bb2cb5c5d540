//! What time it is, and waiting for it to pass. Everything that waits for the platform (between two tries, two looks, two
//! questions) waits here and equally long on every target.
//!
//! `WXSELL_TEST_CLOCK` names a file, and then no time passes: a wait is added to the file and is over, and all programs
//! that read the file are that much later. Calls to the live platform are refused beside it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

/// The variable that names the file.
pub const VARIABLE: &str = "WXSELL_TEST_CLOCK";

/// What really passes with an injected wait, so that others can act meanwhile.
const GLIMPSE: Duration = Duration::from_millis(5);

fn injected() -> Option<&'static Path> {
    static FILE: OnceLock<Option<PathBuf>> = OnceLock::new();
    FILE.get_or_init(|| {
        let file = std::env::var_os(VARIABLE).filter(|file| !file.is_empty());
        file.map(PathBuf::from)
    })
    .as_deref()
}

/// Whether waits take no time.
pub fn is_injected() -> bool {
    injected().is_some()
}

/// Unix seconds now.
pub fn now() -> i64 {
    let later = injected().map_or(Duration::ZERO, later);
    jiff::Timestamp::now().as_second() + i64::try_from(later.as_secs()).unwrap_or(0)
}

/// The time since 1970 now, to be compared between programs.
pub fn since_1970() -> Duration {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.unwrap_or_default() + injected().map_or(Duration::ZERO, later)
}

/// How much later than the machine a clock file is: the sum of its lines, each a wait in milliseconds.
pub fn later(file: &Path) -> Duration {
    let waits = std::fs::read_to_string(file).unwrap_or_default();
    Duration::from_millis(
        waits
            .lines()
            .filter_map(|wait| wait.parse::<u64>().ok())
            .sum(),
    )
}

/// Lets time pass by a clock file.
pub fn advance(file: &Path, wait: Duration) -> std::io::Result<()> {
    let mut file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(file)?;
    // One write, so that two programs cannot mix theirs.
    file.write_all(format!("{}\n", wait.as_millis()).as_bytes())
}

/// A moment to measure waits from; it moves with the clock.
pub fn instant() -> tokio::time::Instant {
    tokio::time::Instant::now() + injected().map_or(Duration::ZERO, later)
}

/// Waits without keeping others of this program from their work.
pub async fn sleep(wait: Duration) {
    match injected() {
        Some(file) => {
            // A clock that cannot be moved would make every look a busy one.
            let real = match advance(file, wait) {
                Ok(()) => wait.min(GLIMPSE),
                Err(_) => wait,
            };
            tokio::time::sleep(real).await;
        }
        None => tokio::time::sleep(wait).await,
    }
}

/// What the injected clock shows: a place to wait from.
pub fn reading() -> Duration {
    injected().map_or(Duration::ZERO, later)
}

/// Waits until so much time has passed since `began`, for what others do meanwhile: by an injected clock that somebody
/// else moves, and at the longest really so long.
pub async fn elapse(began: Duration, wait: Duration) {
    let Some(file) = injected() else {
        return tokio::time::sleep(wait).await;
    };
    let moved = async {
        while later(file) < began + wait {
            tokio::time::sleep(GLIMPSE).await;
        }
    };
    // Both are an end.
    let _ = tokio::time::timeout(wait, moved).await;
}

/// Waits with this thread.
pub fn pause(wait: Duration) {
    match injected() {
        Some(file) if advance(file, wait).is_ok() => {}
        _ => std::thread::sleep(wait),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_add_up_in_a_clock_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("clock");
        assert_eq!(later(&file), Duration::ZERO);
        for wait in [1500, 500, 60_000] {
            advance(&file, Duration::from_millis(wait)).expect("it moves");
        }
        assert_eq!(later(&file), Duration::from_secs(62));
    }
}
