//! Turns of all programs on this machine that call for the same shop: where calls have a ceiling, together they keep it.
//! A file per shop holds when the next call may be made; it is locked for the moment of looking.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The longest wait that is believed: a clock that was set back must not stop a shop.
const LONGEST: Duration = Duration::from_secs(120);

/// As a part of a file's name.
fn plain(name: &str) -> String {
    name.replace(|letter: char| !letter.is_ascii_alphanumeric(), "-")
}

/// The turns of one shop.
pub(super) struct Turns {
    file: File,
}

impl Turns {
    /// Opens the file of a shop in the folder of the state.
    pub(super) fn open(folder: &Path, shop_key: &str) -> io::Result<Turns> {
        let name = plain(shop_key);
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

/// Until when calls of a path wait, of all programs on this machine that call for the same shop: what one was told of a
/// full minute the others need not find out. A file per shop and path holds it.
pub(super) struct Pauses {
    folder: PathBuf,
    prefix: String,
}

impl Pauses {
    pub(super) fn of(folder: &Path, shop_key: &str) -> Pauses {
        Pauses {
            folder: folder.to_owned(),
            prefix: format!("pause-{}", plain(shop_key)),
        }
    }

    fn file(&self, path: &str) -> PathBuf {
        self.folder.join(format!("{}{}", self.prefix, plain(path)))
    }

    /// No call of this path before then. One that cannot be kept is kept by this program alone.
    pub(super) fn pause(&self, path: &str, until: Duration) {
        let nanos = u64::try_from(until.as_nanos()).unwrap_or(0);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let written = options
            .open(self.file(path))
            .and_then(|mut file| file.write_all(&nanos.to_le_bytes()));
        drop(written);
    }

    /// How long a call of this path waits because of any program.
    pub(super) fn wait(&self, path: &str, now: Duration) -> Duration {
        let file = self.file(path);
        let Ok(bytes) = std::fs::read(&file) else {
            return Duration::ZERO;
        };
        // One that is shorter is being written.
        let Ok(until) = <[u8; 8]>::try_from(bytes.as_slice()) else {
            return Duration::ZERO;
        };
        let until = Duration::from_nanos(u64::from_le_bytes(until));
        let left = until.saturating_sub(now);
        if left.is_zero() || left > LONGEST {
            // Over; looking for a file that is not there costs least.
            let _ = std::fs::remove_file(&file);
            return Duration::ZERO;
        }
        left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_minute_of_a_path_stops_it_in_every_program() {
        let folder = tempfile::tempdir().expect("a folder");
        let open = || Pauses::of(folder.path(), "live wx1");
        let (one, other) = (open(), open());
        let now = Duration::from_secs(1_800_000_000);
        let minute = Duration::from_secs(60);
        one.pause("/shop/spu/add", now + minute);
        assert_eq!(other.wait("/shop/spu/add", now), minute);
        assert_eq!(other.wait("/shop/spu/get", now), Duration::ZERO);
        assert_eq!(
            Pauses::of(folder.path(), "live wx2").wait("/shop/spu/add", now),
            Duration::ZERO
        );
        assert_eq!(other.wait("/shop/spu/add", now + minute), Duration::ZERO);
        // A clock that was set back by a day.
        one.pause("/shop/spu/add", now + minute);
        let back = now - Duration::from_secs(86_400);
        assert_eq!(one.wait("/shop/spu/add", back), Duration::ZERO);
    }

    #[test]
    fn two_programs_share_one_rate() {
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
        // A clock that was set back by a day.
        let back = now - Duration::from_secs(86_400);
        assert_eq!(one.take(10.0, back).expect("a turn"), Duration::ZERO);
    }
}
