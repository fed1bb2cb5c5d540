//! Where the AppSecret is kept, and how it is read: keyring, a private file, another program, environment. It is
//! never taken from the command line and never logged.

use super::private::{MAX_BYTES, check_private, read_bounded, read_given, unreadable};
use super::settings::{Store, lock, misread, write_whole};
use super::{Dirs, Overrides, Profile, PushKeys, keyring, sandbox_secret};
use crate::fail::{Failure, Within};
use crate::lang::Text;
use crate::text;
use crate::types::Secret;
use anyhow::Result;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{OnceLock, mpsc};
use std::thread;
use std::time::{Duration, Instant};

/// Long enough for a password manager that asks a server.
const PROCESS_PATIENCE: Duration = Duration::from_secs(10);
/// Once all who could write into a pipe have ended, what is in it comes at once.
const PIPE_PATIENCE: Duration = Duration::from_secs(2);

/// Where an AppSecret comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// The built-in shop has a fixed one.
    BuiltIn,
    /// `--secret-file`; `-` is standard input.
    Given(PathBuf),
    /// `WXSELL_APP_SECRET`.
    Environment,
    Keyring,
    /// `credentials.toml`.
    File,
    /// A program and its arguments.
    Process(Vec<String>),
    /// The profile keeps none.
    Nowhere,
}

impl SecretSource {
    /// A word for scripts.
    pub fn name(&self) -> &'static str {
        match self {
            SecretSource::BuiltIn => "built_in",
            SecretSource::Given(_) => "secret_file",
            SecretSource::Environment => "environment",
            SecretSource::Keyring => "keyring",
            SecretSource::File => "file",
            SecretSource::Process(_) => "process",
            SecretSource::Nowhere => "none",
        }
    }

    /// The same for people.
    pub fn words(&self) -> Text {
        match self {
            SecretSource::BuiltIn => text!("built in"),
            SecretSource::Given(path) if is_stdin(path) => text!("standard input"),
            SecretSource::Given(path) => {
                text!("the file {path}", path = path.display().to_string())
            }
            SecretSource::Environment => text!("the environment (WXSELL_APP_SECRET)"),
            SecretSource::Keyring => text!("the keyring of this system"),
            SecretSource::File => text!("credentials.toml"),
            SecretSource::Process(command) => {
                text!(
                    "the program {program}",
                    program = command.first().map_or("", String::as_str)
                )
            }
            SecretSource::Nowhere => text!("nowhere"),
        }
    }
}

pub(super) fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// The AppSecret of a profile: from `given` (`--secret-file`) where there is one, else from where the profile says.
/// Fails with an access failure that names the remedy; takes 10 s at most.
pub fn secret(
    profile: &Profile,
    given: Option<&Path>,
    dirs: &Dirs,
) -> Result<(Secret, SecretSource)> {
    // What a merchant of a service provider keeps is an authorisation; a secret that is handed in is the provider's.
    let given = given.filter(|_| profile.provider.is_none());
    let source = given.map_or_else(
        || profile.secret.clone(),
        |path| SecretSource::Given(path.to_path_buf()),
    );
    let read = read(profile, &source, dirs);
    Ok((
        read.map_err(|error| not_authorised(error, profile))?,
        source,
    ))
}

fn read(profile: &Profile, source: &SecretSource, dirs: &Dirs) -> Result<Secret> {
    Ok(match source {
        SecretSource::BuiltIn => sandbox_secret(&profile.name),
        SecretSource::Given(path) if is_stdin(path) => from_stdin()?,
        SecretSource::Given(path) => from_file(path)?,
        SecretSource::Environment => from_environment()?,
        SecretSource::Keyring => from_keyring(&profile.name)?,
        SecretSource::File => from_credentials(&profile.name, dirs)?,
        SecretSource::Process(command) => from_process(command)?,
        SecretSource::Nowhere => return Err(none_kept(profile).into()),
    })
}

/// A merchant logs in through its provider.
fn not_authorised(error: anyhow::Error, profile: &Profile) -> anyhow::Error {
    let Some(provider) = &profile.provider else {
        return error;
    };
    let mut failure = Failure::from_any(error);
    failure.hint = Some(text!(
        "fetch the authorization again with `wxsell --profile {provider} provider connect {appid}`, or let the merchant authorize with `provider authorize`",
        provider = &provider.name,
        appid = &profile.appid
    ));
    failure.into()
}

/// [`secret`] for later: a client calls it when a token has to be fetched, and not before.
pub fn secret_reader(
    profile: &Profile,
    dirs: &Dirs,
    overrides: &Overrides,
) -> Box<dyn Fn() -> Result<Secret> + Send + Sync> {
    let (profile, dirs, given) = (profile.clone(), dirs.clone(), overrides.secret_file.clone());
    Box::new(move || Ok(secret(&profile, given.as_deref(), &dirs)?.0))
}

fn none_kept(profile: &Profile) -> Failure {
    if profile.provider.is_some() {
        return Failure::access(text!(
            "profile \"{name}\" has no authorization of {appid}",
            name = &profile.name,
            appid = &profile.appid
        ));
    }
    if profile.name.is_empty() {
        Failure::access(text!("no AppSecret for {appid}", appid = &profile.appid))
            .hint(text!("set WXSELL_APP_SECRET, or give --secret-file PATH"))
    } else {
        Failure::access(text!("profile \"{name}\" has no AppSecret", name = &profile.name)).hint(text!(
            "store it with `wxsell auth login --profile {name}`, or set WXSELL_APP_SECRET, or give --secret-file PATH",
            name = &profile.name
        ))
    }
}

/// Trims what came in and refuses what cannot be a secret. Its shape is left to WeChat: the pages do not define it.
fn tidy(bytes: &[u8], from: &Text) -> Result<Secret, Failure> {
    let wrong = |message: Text| {
        Err(Failure::access(message).hint(text!("it must hold the AppSecret and nothing else")))
    };
    let Ok(content) = std::str::from_utf8(bytes) else {
        return wrong(text!(
            "the AppSecret from {from} is not plain text",
            from = from.clone()
        ));
    };
    let content = content.trim_start_matches('\u{feff}').trim();
    if content.is_empty() {
        return wrong(text!(
            "the AppSecret from {from} is empty",
            from = from.clone()
        ));
    }
    if content.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return wrong(text!(
            "the AppSecret from {from} contains spaces",
            from = from.clone()
        ));
    }
    Ok(Secret::new(content))
}

/// Standard input can be read once; a command may need the secret again when its token runs out.
fn from_stdin() -> Result<Secret> {
    static SECRET: OnceLock<Secret> = OnceLock::new();
    if let Some(secret) = SECRET.get() {
        return Ok(secret.clone());
    }
    let input = io::stdin();
    if input.is_terminal() {
        return Err(Failure::input(text!(
            "--secret-file - reads standard input, and that is the terminal"
        ))
        .hint(text!(
            "pipe the AppSecret in, or let `wxsell auth login` ask for it"
        ))
        .into());
    }
    let from = text!("standard input");
    let bytes = read_bounded(input.lock()).map_err(|error| {
        Failure::access(text!(
            "cannot read standard input: {error}",
            error = error.to_string()
        ))
    })?;
    let secret = tidy(&bytes, &from)?;
    Ok(SECRET.get_or_init(|| secret).clone())
}

fn from_file(path: &Path) -> Result<Secret> {
    let shown = path.display().to_string();
    let bytes = read_given(path)?.map_err(|error| {
        Failure::access(text!(
            "cannot read the AppSecret from {path}: {error}",
            path = &shown,
            error = error.to_string()
        ))
    })?;
    Ok(tidy(&bytes, &text!("the file {path}", path = shown))?)
}

fn from_environment() -> Result<Secret> {
    let value = std::env::var("WXSELL_APP_SECRET").unwrap_or_default();
    Ok(tidy(
        value.as_bytes(),
        &text!("the environment (WXSELL_APP_SECRET)"),
    )?)
}

fn gone(name: &str, from: Text) -> Failure {
    Failure::access(text!(
        "{from} has no AppSecret for profile \"{name}\"",
        from,
        name
    ))
    .hint(text!(
        "store it with `wxsell auth login --profile {name}`",
        name
    ))
}

fn from_keyring(name: &str) -> Result<Secret> {
    let kept = keyring::read(name)?.ok_or_else(|| gone(name, SecretSource::Keyring.words()))?;
    Ok(tidy(kept.as_bytes(), &SecretSource::Keyring.words())?)
}

/// What `credentials.toml` holds.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Credentials {
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    secret: BTreeMap<String, Secret>,
    /// Token and EncodingAESKey of the message push.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub push: BTreeMap<String, PushKeys>,
}

pub(super) fn credentials_path(dirs: &Dirs) -> PathBuf {
    dirs.config.join("credentials.toml")
}

/// Reads the file, after looking at the very file that was opened: who may read it, and whose it is.
pub(super) fn load_credentials(path: &Path) -> Result<Credentials> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Credentials::default()),
        Err(error) => return Err(unreadable(path, &error).into()),
    };
    check_private(&file, path)?;
    let mut content = String::new();
    file.take(16 * MAX_BYTES)
        .read_to_string(&mut content)
        .map_err(|error| unreadable(path, &error))?;
    Ok(toml::from_str(&content).map_err(|error| misread(path, &content, &error))?)
}

fn from_credentials(name: &str, dirs: &Dirs) -> Result<Secret> {
    let mut kept = load_credentials(&credentials_path(dirs))?;
    let secret = kept
        .secret
        .remove(name)
        .ok_or_else(|| gone(name, SecretSource::File.words()))?;
    Ok(tidy(
        secret.expose().as_bytes(),
        &SecretSource::File.words(),
    )?)
}

pub(super) fn edit_credentials<T>(
    dirs: &Dirs,
    change: impl FnOnce(&mut Credentials) -> T,
) -> Result<T> {
    let path = credentials_path(dirs);
    let _lock = lock(&path)?;
    let mut kept = load_credentials(&path)?;
    let result = change(&mut kept);
    let content = toml::to_string(&kept)
        .map_err(|_| Failure::bug(text!("the credentials cannot be written as TOML")))?;
    write_whole(&path, &content)?;
    Ok(result)
}

/// What a credential process may print instead of the bare secret.
#[derive(Deserialize)]
struct Printed {
    secret: Secret,
}

fn from_process(command: &[String]) -> Result<Secret> {
    let Some((program, arguments)) = command.split_first() else {
        return Err(Failure::input(text!("credential_process is empty"))
            .hint(text!("name a program and its arguments as a list"))
            .into());
    };
    let doing = || text!("running the credential process {program}", program);
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    crate::process::apart(&mut command);
    let child = command
        .spawn()
        .map_err(|error| {
            Failure::access(text!(
                "cannot start {program}: {error}",
                program,
                error = error.to_string()
            ))
            .hint(text!(
                "correct credential_process of the profile; it is run without a shell"
            ))
        })
        .within(doing)?;
    let bytes = output_in_time(child, PROCESS_PATIENCE).within(doing)?;
    if bytes.trim_ascii_start().starts_with(b"{") {
        // serde's words could repeat a part of the secret.
        let printed: Printed = serde_json::from_slice(&bytes).map_err(|_| {
            Failure::access(text!(
                "{program} did not print a JSON object with a string \"secret\"",
                program
            ))
            .hint(text!(
                "print only the AppSecret, or {example}",
                example = "{\"secret\": \"…\"}"
            ))
        })?;
        return Ok(tidy(
            printed.secret.expose().as_bytes(),
            &text!("the program {program}", program),
        )?);
    }
    Ok(tidy(&bytes, &text!("the program {program}", program))?)
}

/// What a program prints, where it ends well and in time; its stderr goes to ours.
fn output_in_time(mut child: Child, patience: Duration) -> Result<Vec<u8>, Failure> {
    let late = || {
        Failure::access(text!(
            "it did not end within {seconds} seconds",
            seconds = patience.as_secs()
        ))
        .hint(text!(
            "unlock the password manager first, or set WXSELL_APP_SECRET"
        ))
    };
    let odd = |error: io::Error| {
        Failure::access(text!(
            "its result cannot be read: {error}",
            error = error.to_string()
        ))
    };
    let end = Instant::now() + patience;
    // Whatever it started ends with it: what goes on would hold the pipe, or a lock of the password manager.
    let group = crate::process::Group::new(Some(child.id()));
    let (sender, receiver) = mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        thread::spawn(move || {
            // Nobody listens any more where the time ran out.
            let _ = sender.send(read_bounded(stdout));
        });
    }
    let status = loop {
        match child.try_wait().map_err(odd)? {
            Some(status) => break status,
            None if Instant::now() >= end => {
                drop(group);
                let _ = child.wait();
                return Err(late());
            }
            None => thread::sleep(Duration::from_millis(10)),
        }
    };
    drop(group);
    let bytes = receiver
        .recv_timeout(PIPE_PATIENCE)
        .map_err(|_| late())?
        .map_err(odd)?;
    if !status.success() {
        return Err(
            Failure::access(text!("it failed ({status})", status = status.to_string())).hint(
                text!("run it by hand: it must print the AppSecret and end with exit code 0"),
            ),
        );
    }
    Ok(bytes)
}

/// Keeps the AppSecret of a profile. A process keeps its own, which is an input failure.
pub fn keep_secret(name: &str, store: Store, secret: &Secret, dirs: &Dirs) -> Result<()> {
    match store {
        Store::Keyring => keyring::write(name, secret),
        Store::File => {
            let previous = edit_credentials(dirs, |kept| {
                kept.secret.insert(name.to_owned(), secret.clone())
            })?;
            drop(previous);
            Ok(())
        }
        Store::Process => Err(Failure::input(text!(
            "the AppSecret of a credential process is kept by that program"
        ))
        .hint(text!("choose --secret-store keyring or file"))
        .into()),
    }
}

/// Forgets the AppSecret of a profile; true where there was one.
pub fn forget_secret(name: &str, store: Option<Store>, dirs: &Dirs) -> Result<bool> {
    match store {
        Some(Store::Keyring) => keyring::remove(name),
        Some(Store::File) if credentials_path(dirs).exists() => {
            edit_credentials(dirs, |kept| kept.secret.remove(name).is_some())
        }
        Some(Store::File | Store::Process) | None => Ok(false),
    }
}

/// Moves the AppSecret of a profile that gets another name.
pub fn move_secret(old: &str, new: &str, store: Option<Store>, dirs: &Dirs) -> Result<()> {
    match store {
        Some(Store::Keyring) => {
            if let Some(secret) = keyring::read(old)? {
                keep_secret(new, Store::Keyring, &Secret::new(secret), dirs)?;
                forget_secret(old, store, dirs)?;
            }
            Ok(())
        }
        Some(Store::File) if credentials_path(dirs).exists() => edit_credentials(dirs, |kept| {
            if let Some(secret) = kept.secret.remove(old) {
                kept.secret.insert(new.to_owned(), secret);
            }
        }),
        Some(Store::File | Store::Process) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dirs() -> (tempfile::TempDir, Dirs) {
        let folder = tempfile::tempdir().expect("a folder");
        let dirs = Dirs {
            config: folder.path().join("config"),
            state: folder.path().join("state"),
        };
        (folder, dirs)
    }

    #[test]
    fn a_secret_is_trimmed_and_must_be_one_word() {
        let from = text!("standard input");
        assert_eq!(
            tidy(b"\xef\xbb\xbf abc\r\n", &from)
                .expect("taken")
                .expose(),
            "abc"
        );
        for wrong in [&b"a b"[..], b"a\nb", b"", b" \n", b"\xff\xfe"] {
            let error = tidy(wrong, &from).expect_err("refused");
            assert_eq!(error.kind, crate::fail::Kind::Access);
        }
    }

    #[test]
    fn a_secret_in_the_file_can_be_kept_moved_and_forgotten() {
        let (_folder, dirs) = dirs();
        keep_secret("tea", Store::File, &Secret::new("s1"), &dirs).expect("kept");
        keep_secret("rice", Store::File, &Secret::new("s2"), &dirs).expect("kept");
        move_secret("tea", "black-tea", Some(Store::File), &dirs).expect("moved");
        assert!(from_credentials("tea", &dirs).is_err());
        assert_eq!(
            from_credentials("black-tea", &dirs).expect("kept").expose(),
            "s1"
        );
        assert!(forget_secret("rice", Some(Store::File), &dirs).expect("forgotten"));
        assert!(!forget_secret("rice", Some(Store::File), &dirs).expect("nothing there"));
    }

    #[cfg(unix)]
    #[test]
    fn a_credentials_file_that_others_may_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let (_folder, dirs) = dirs();
        keep_secret("tea", Store::File, &Secret::new("s1"), &dirs).expect("kept");
        let path = credentials_path(&dirs);
        let mode = |mode| {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("set")
        };
        assert_eq!(
            std::fs::metadata(&path)
                .expect("there")
                .permissions()
                .mode()
                & 0o777,
            0o600
        );
        for wide in [0o640, 0o604, 0o644] {
            mode(wide);
            let error = from_credentials("tea", &dirs).expect_err("refused");
            let failure = crate::fail::failure(&error).expect("a failure");
            assert!(
                failure
                    .hint
                    .as_ref()
                    .expect("a hint")
                    .to_string()
                    .contains("chmod 600")
            );
        }
        mode(0o400);
        assert!(from_credentials("tea", &dirs).is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn a_credential_process_prints_the_secret_or_json() {
        let run = |script: &str| from_process(&["sh".into(), "-c".into(), script.into()]);
        assert_eq!(run("echo abc").expect("printed").expose(), "abc");
        assert_eq!(
            run("printf '{\"secret\": \"abc\"}'")
                .expect("printed")
                .expose(),
            "abc"
        );
        for wrong in [
            "echo abc; exit 3",
            "true",
            "echo '{\"secret\": 1}'",
            "echo a b",
        ] {
            let error = run(wrong).expect_err("refused");
            assert!(
                !format!("{:?}", Failure::from_any(error)).contains("abc"),
                "{wrong}"
            );
        }
        assert!(from_process(&["no-such-program-here".into()]).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_credential_process_that_hangs_is_ended() {
        let start = |script: &str| {
            let mut command = Command::new("sh");
            command.args(["-c", script]).stdout(Stdio::piped());
            crate::process::apart(&mut command);
            command.spawn().expect("started")
        };
        let error = output_in_time(start("sleep 60; echo x"), Duration::from_millis(50));
        let error = error.expect_err("ended");
        assert!(error.message.to_string().contains("did not end"));
        // A child that holds the pipe ends with the program, and what the program printed counts.
        let folder = tempfile::tempdir().expect("a folder");
        let child = folder.path().join("child");
        let script = format!("sleep 600 & echo $! > {}; echo abc", child.display());
        let printed = output_in_time(start(&script), Duration::from_secs(60));
        assert_eq!(printed.expect("printed"), b"abc\n");
        ends(&child);
        // So it does where the program itself does not end in time.
        let script = format!("sleep 600 & echo $! > {}; wait", child.display());
        let mut patience = Duration::from_millis(100);
        std::fs::remove_file(&child).expect("removed");
        while !child.exists() {
            // Long enough for the program to begin at all.
            patience *= 2;
            output_in_time(start(&script), patience).expect_err("ended");
        }
        ends(&child);
    }

    /// Waits until the process is gone whose number stands in a file; one that nobody has asked after yet is.
    #[cfg(unix)]
    fn ends(number: &std::path::Path) {
        let number = std::fs::read_to_string(number).expect("a number");
        let started = Instant::now();
        let runs = || {
            let state = Command::new("ps")
                .args(["-o", "stat=", "-p", number.trim()])
                .output()
                .expect("ps");
            let state = String::from_utf8_lossy(&state.stdout).trim().to_owned();
            !state.is_empty() && !state.starts_with('Z')
        };
        while runs() {
            assert!(
                started.elapsed() < Duration::from_secs(60),
                "the child goes on"
            );
            thread::sleep(Duration::from_millis(10));
        }
    }
}
