//! Turns of all programs on this machine that call for the same shop: where calls have a ceiling, together they keep it.
//! A file per shop holds when the next call may be made; it is locked for the moment of looking.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Duration;

/// The longest wait that is believed: a clock that was set back must not stop a shop.
const LONGEST: Duration = Duration::from_secs(120);

/// The turns of one shop.
pub(super) struct Turns {
    file: File,
}

impl Turns {
    /// Opens the file of a shop in the folder of the state.
    pub(super) fn open(folder: &Path, shop_key: &str) -> io::Result<Turns> {
        let name: String = shop_key
            .chars()
            .map(|letter| {
                if letter.is_ascii_alphanumeric() {
                    letter
                } else {
                    '-'
                }
            })
            .collect();
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(folder.join(format!("pace-{name}")))?;
        Ok(Turns { file })
    }

    /// Takes the next turn at `rate` calls a second; says how long it is until then. `now` counts from 1970.
    pub(super) fn take(&self, rate: f64, now: Duration) -> io::Result<Duration> {
        self.with(now, |next| {
            let due = next.max(now);
            (due + Duration::from_secs_f64(1.0 / rate), due - now)
        })
    }

    /// No call for this shop before then, of any program.
    pub(super) fn pause(&self, until: Duration, now: Duration) -> io::Result<()> {
        self.with(now, |next| (next.max(until), ()))
    }

    /// Looks at the time of the next call and sets it, alone.
    fn with<T>(&self, now: Duration, set: impl FnOnce(Duration) -> (Duration, T)) -> io::Result<T> {
        self.file.lock()?;
        let done = self.change(now, set);
        self.file.unlock()?;
        done
    }

    fn change<T>(
        &self,
        now: Duration,
        set: impl FnOnce(Duration) -> (Duration, T),
    ) -> io::Result<T> {
        let mut file = &self.file;
        let mut bytes = [0; 8];
        file.seek(SeekFrom::Start(0))?;
        // A file that is shorter is new.
        let known = file.read_exact(&mut bytes).is_ok();
        let next = Duration::from_nanos(u64::from_le_bytes(bytes));
        let next = if known && next < now + LONGEST {
            next
        } else {
            now
        };
        let (next, result) = set(next);
        let nanos = u64::try_from(next.as_nanos()).unwrap_or(0);
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&nanos.to_le_bytes())?;
        Ok(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_programs_share_one_rate_and_one_pause() {
        let folder = tempfile::tempdir().expect("a folder");
        let open = || Turns::open(folder.path(), "live wx1").expect("a file");
        let (one, other) = (open(), open());
        let now = Duration::from_secs(1_800_000_000);
        let waits: Vec<u128> = [&one, &other, &one, &other]
            .iter()
            .map(|turns| turns.take(10.0, now).expect("a turn").as_millis())
            .collect();
        assert_eq!(waits, [0, 100, 200, 300]);
        let later = now + Duration::from_secs(10);
        assert_eq!(other.take(10.0, later).expect("a turn"), Duration::ZERO);
        one.pause(later + Duration::from_secs(30), later)
            .expect("a pause");
        assert_eq!(
            other.take(10.0, later).expect("a turn"),
            Duration::from_secs(30)
        );
        // A clock that was set back by a day.
        let back = now - Duration::from_secs(86_400);
        assert_eq!(one.take(10.0, back).expect("a turn"), Duration::ZERO);
    }
}
