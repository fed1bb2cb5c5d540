//! What must outlive a command: one SQLite file, `wxsell.db`, the log of writes (`log.db`, see [`log`]), and the lock
//! files beside them.
//!
//! | table | one row is |
//! | --- | --- |
//! | `token` | an access token of a shop or service provider, a provider's ticket, or what its merchants authorised, shared by all processes of this machine |
//! | `forced` | one forced refresh of a token |
//! | `run` | one bulk command |
//! | `item` | what is known of one thing that bulk commands sent, e.g. one product |
//! | `image` | a picture that a shop already has, and its address there |
//! | `slot` | one audit submission that was spent |
//! | `push` | one message that the platform pushed |
//! | `push_number` | a number by which a pushed message is found |
//! | `push_mark` | a signature that was used, so that it cannot be used for another message |
//! | `push_refused` | how many messages of one day were refused, by reason |
//! | `money` | one movement that may be made only once |
//! | `log_head` | how far the log of writes has come |
//! | `money` | one movement of money that was asked for |
//! | `product` | a product of a WeChat Store, by its own number and the merchant's |
//! | `empty_look` | a look through a WeChat Store for a product that was not there |
//! | `open_case` | an open after-sale as it was last read |
//! | `pruned` | from when on the events of a shop are whole |
//! | `open_categories` | the categories in which a merchant may sell, as they were last read |
//!
//! The file is in WAL mode. Marks that must survive a power cut before a call is made are written with
//! `synchronous = FULL`; results may lag behind, since a lost result only costs a look-up.

pub mod answers;
pub mod cases;
pub mod categories;
pub mod images;
pub mod log;
pub mod money;
pub mod products;
pub mod prune;
pub mod pushes;
pub mod quota;
pub mod runs;
pub mod token;

use crate::fail::{Failure, Within};
use crate::text;
use anyhow::Result;
use rusqlite::Connection;
use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

const SCHEMA: &str = "
    CREATE TABLE token (
        shop TEXT NOT NULL, kind TEXT NOT NULL, token TEXT NOT NULL,
        fetched_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
        PRIMARY KEY (shop, kind)) WITHOUT ROWID;
    CREATE TABLE forced (shop TEXT NOT NULL, at INTEGER NOT NULL);
    CREATE TABLE run (
        id INTEGER PRIMARY KEY AUTOINCREMENT, shop TEXT NOT NULL, command TEXT NOT NULL, files TEXT NOT NULL,
        options TEXT NOT NULL, started_at INTEGER NOT NULL, ended_at INTEGER, state TEXT NOT NULL, summary TEXT);
    CREATE TABLE item (
        shop TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, run INTEGER NOT NULL, place TEXT NOT NULL,
        fingerprint BLOB NOT NULL, state TEXT NOT NULL, action TEXT, errcode INTEGER, reason TEXT,
        PRIMARY KEY (shop, kind, key)) WITHOUT ROWID;
    CREATE INDEX item_of_run ON item (run) WHERE state <> 'done';
    CREATE TABLE image (
        shop TEXT NOT NULL, hash TEXT NOT NULL, url TEXT NOT NULL, at INTEGER NOT NULL,
        PRIMARY KEY (shop, hash)) WITHOUT ROWID;
    CREATE TABLE slot (shop TEXT NOT NULL, at INTEGER NOT NULL, key TEXT NOT NULL);
    CREATE INDEX slot_by_time ON slot (shop, at);
";

/// What brings the file from each version to the next. A line that was released is never changed.
const MIGRATIONS: &[&str] = &[
    SCHEMA,
    pushes::SCHEMA,
    money::SCHEMA,
    cases::SCHEMA,
    // Written twice for every item of every run, and read by `run failed` alone, which can as well look through a shop.
    "DROP INDEX item_of_run;",
    runs::FAILURES,
    // What is remembered of an item as it was sent last.
    "ALTER TABLE item ADD COLUMN sent BLOB;",
    money::WITH_PROOF,
    log::HEAD,
    products::SCHEMA,
    categories::SCHEMA,
    answers::SCHEMA,
    prune::SCHEMA,
];

/// The open file.
pub struct State {
    folder: PathBuf,
    connection: Mutex<Connection>,
    /// What others could read or change until now.
    mended: Vec<PathBuf>,
}

impl State {
    /// Opens `wxsell.db` in `folder`; both are made, readable by their owner only, where they do not exist.
    pub fn open(folder: &Path) -> Result<State> {
        let mended = make_private_folder(folder)
            .and_then(|()| mend(folder))
            .unwrap_or_default();
        let connection = connect(folder).within(|| {
            text!(
                "opening the state in {folder}",
                folder = folder.display().to_string()
            )
        })?;
        Ok(State {
            folder: folder.to_path_buf(),
            connection: Mutex::new(connection),
            mended,
        })
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder and those of its files that others could read or change, and now cannot any more.
    pub fn mended(&self) -> &[PathBuf] {
        &self.mended
    }

    /// Whether this program may rely on what it writes here. Reading is always possible: tables are only added.
    ///
    /// # Errors
    /// An input failure where a newer version of the program has changed the file: what it notes there to keep a thing
    /// from being done twice is not known here.
    pub fn may_be_written(&self) -> Result<()> {
        let newer = version(&self.sql()).map_err(sqlite_failure)? > MIGRATIONS.len();
        if newer {
            return Err(Failure::input(text!(
                "the state in {folder} was written by a newer version of wxsell; this version ({version}) can only read it",
                folder = self.folder.display().to_string(),
                version = env!("CARGO_PKG_VERSION")
            ))
            .hint(text!("use the newer version; `wxsell --version` shows which one this is"))
            .into());
        }
        Ok(())
    }

    /// The connection, for the functions of this room.
    fn sql(&self) -> MutexGuard<'_, Connection> {
        // A panic while the lock was held left SQLite itself whole: its transaction rolls back.
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the lock called `name`, over all processes of this machine. It ends when the guard is dropped or
    /// the process dies.
    pub fn lock(&self, name: &str) -> Result<LockGuard> {
        let file = self.lock_file(name)?;
        file.lock().map_err(unlockable)?;
        Ok(LockGuard { _file: file })
    }

    /// The lock called `name` if nobody holds it.
    pub fn try_lock(&self, name: &str) -> Result<Option<LockGuard>> {
        let file = self.lock_file(name)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(LockGuard { _file: file })),
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            Err(fs::TryLockError::Error(error)) => Err(unlockable(error).into()),
        }
    }

    fn lock_file(&self, name: &str) -> Result<File> {
        let folder = self.folder.join("locks");
        make_private_folder(&folder).map_err(unlockable)?;
        // Names hold addresses and the like: keep what every file system takes.
        let name: String = name
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || c == '-' {
                    c
                } else {
                    '_'
                }
            })
            .collect();
        Ok(private_file(&folder.join(name)).map_err(unlockable)?)
    }
}

/// A held lock.
#[derive(Debug)]
pub struct LockGuard {
    _file: File,
}

fn unlockable(error: std::io::Error) -> Failure {
    Failure::input(text!(
        "cannot lock a file in the state folder: {error}",
        error = error.to_string()
    ))
    .hint(text!(
        "the state folder must be on a local disk that you can write to; if it is not, move the whole folder, with log.db, and point WXSELL_STATE_DIR to it"
    ))
}

/// A second connection to the same file, e.g. for the thread that writes a journal.
pub fn connect(folder: &Path) -> Result<Connection> {
    let unusable = |error: String| {
        // A state without the old one's memory could do again what was done.
        Failure::input(text!("cannot use the state folder: {error}", error)).hint(text!(
            "give your user read and write access to it, or free some disk space; if wxsell.db is damaged, restore it from a backup or move only wxsell.db away: as long as log.db is there, nothing is done twice"
        ))
    };
    let path = folder.join("wxsell.db");
    make_private_folder(folder)
        .and_then(|()| private_file(&path))
        .map_err(|error| unusable(error.to_string()))?;
    let open = || -> rusqlite::Result<Connection> {
        let mut connection = Connection::open(&path)?;
        connection.busy_timeout(Duration::from_secs(30))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.set_prepared_statement_cache_capacity(64);
        migrate(&mut connection)?;
        Ok(connection)
    };
    Ok(open().map_err(|error| unusable(error.to_string()))?)
}

/// How many of [`MIGRATIONS`] the file has seen.
fn version(connection: &Connection) -> rusqlite::Result<usize> {
    connection
        .pragma_query_value::<u32, _>(None, "user_version", |row| row.get(0))
        .map(|version| version as usize)
}

/// Brings the file to the newest version. One that is newer than this program is left as it is: tables are only added.
fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    if version(connection)? >= MIGRATIONS.len() {
        return Ok(());
    }
    let tx = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    // Another process may have been first.
    for step in MIGRATIONS.iter().skip(version(&tx)?) {
        tx.execute_batch(step)?;
    }
    if version(&tx)? < MIGRATIONS.len() {
        tx.pragma_update(None, "user_version", MIGRATIONS.len() as i64)?;
    }
    tx.commit()
}

/// Turns an SQLite error into words: a full disk and a locked file are the operator's business, not a bug.
pub fn sqlite_failure(error: rusqlite::Error) -> Failure {
    use rusqlite::ErrorCode::{
        CannotOpen, DatabaseBusy, DatabaseLocked, DiskFull, PermissionDenied, ReadOnly,
        SystemIoFailure,
    };
    let passing = matches!(
        error.sqlite_error_code(),
        Some(
            CannotOpen
                | DatabaseBusy
                | DatabaseLocked
                | DiskFull
                | PermissionDenied
                | ReadOnly
                | SystemIoFailure
        )
    );
    let hint = if passing {
        text!(
            "free some space on the disk of the state folder, or close the program that has wxsell.db open"
        )
    } else {
        text!(
            "wxsell.db is damaged: restore it from a backup or move only wxsell.db away: as long as log.db is there, nothing is done twice"
        )
    };
    Failure::input(text!(
        "the state file could not be used: {error}",
        error = error.to_string()
    ))
    .hint(hint)
}

fn make_private_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// The files of this room begin so; SQLite adds endings of its own.
#[cfg(unix)]
const FILES: [&str; 2] = ["wxsell.db", "log.db"];

/// Takes the folder and its files from others who could write to it, or read them: they hold tokens, and what buyers
/// wrote. Gives what was changed; what belongs to somebody else is left as it is.
#[cfg(unix)]
fn mend(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let mut mended = Vec::new();
    let mut narrow = |path: PathBuf, wide: u32, mode: u32| {
        let about = fs::symlink_metadata(&path)?;
        let own = about.uid() == rustix::process::geteuid().as_raw();
        // A folder with the sticky bit is a shared one, such as /tmp, and not ours.
        if own && about.mode() & 0o1000 == 0 && about.mode() & wide != 0 {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode))?;
            mended.push(path);
        }
        std::io::Result::Ok(())
    };
    narrow(folder.to_path_buf(), 0o022, 0o700)?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let ours = FILES
            .iter()
            .any(|known| name.to_string_lossy().starts_with(known));
        if ours && entry.file_type()?.is_file() {
            narrow(entry.path(), 0o077, 0o600)?;
        }
    }
    Ok(mended)
}

/// The folder lies in the user's own profile, whose access list Windows gives to new files.
#[cfg(not(unix))]
fn mend(_folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    Ok(Vec::new())
}

/// Opens a file that only its owner may read. On Windows the folder of the user's profile sees to that.
fn private_file(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn what_others_could_read_is_mended_and_named() {
        use std::os::unix::fs::{MetadataExt, PermissionsExt};
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("wxsell.db");
        drop(State::open(folder.path()).expect("a state"));
        let set = |path: &Path, mode: u32| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("set");
        };
        set(&path, 0o666);
        set(folder.path(), 0o777);
        let mode = |path: &Path| fs::metadata(path).expect("there").mode() & 0o777;
        let state = State::open(folder.path()).expect("a state");
        assert_eq!(state.mended(), [folder.path().to_path_buf(), path.clone()]);
        assert_eq!((mode(folder.path()), mode(&path)), (0o700, 0o600));
        let again = State::open(folder.path()).expect("a state");
        assert!(again.mended().is_empty());
    }

    #[test]
    fn a_file_of_every_older_version_comes_up_to_date() {
        let newest = Connection::open_in_memory().expect("memory");
        newest
            .execute_batch(&MIGRATIONS.concat())
            .expect("it is valid");
        let tables = |connection: &Connection| -> Vec<String> {
            connection
                .prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
                .and_then(|mut rows| rows.query_map([], |row| row.get(0))?.collect())
                .expect("tables")
        };
        for version in 1..MIGRATIONS.len() {
            let folder = tempfile::tempdir().expect("a folder");
            let older = Connection::open(folder.path().join("wxsell.db")).expect("a file");
            older
                .execute_batch(&MIGRATIONS[..version].concat())
                .and_then(|()| older.pragma_update(None, "user_version", version as i64))
                .expect("an older file");
            drop(older);
            let state = State::open(folder.path()).expect("state");
            assert_eq!(tables(&state.sql()), tables(&newest), "from {version}");
        }
    }
}
