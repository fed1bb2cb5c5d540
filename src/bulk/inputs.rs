//! Which files the arguments of a command name.

use super::source::Input;
use crate::fail::Failure;
use crate::lang::Text;
use crate::text;
use anyhow::Result;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// What arguments name.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Inputs {
    pub inputs: Vec<Input>,
    /// Which files were left out, and why.
    pub notices: Vec<Text>,
}

impl Inputs {
    /// The same file under two names is taken once.
    fn add(&mut self, input: Input, known: &mut HashSet<PathBuf>) {
        let fresh = match &input {
            Input::File(path) => known.insert(path.canonicalize().unwrap_or_else(|_| path.clone())),
            other => !self.inputs.contains(other),
        };
        if fresh {
            self.inputs.push(input);
        }
    }

    /// A shell names all files of a pattern one by one, so that names cannot tell what was wanted: rows that failed are
    /// not read together with the file they came from, and what a spreadsheet program keeps beside an open file never.
    fn leave_out(&mut self) {
        let names: HashSet<PathBuf> = self.inputs.iter().filter_map(Input::path).collect();
        let mut left = Vec::new();
        self.inputs.retain(|input| {
            let Some(path) = input.path() else {
                return true;
            };
            let Some(source) = source_of_failed(&path).filter(|source| names.contains(source))
            else {
                return true;
            };
            left.push((path, source));
            false
        });
        for (path, source) in left {
            self.notices.push(text!(
                "skipping {file}: it holds failed rows of {source}, which is read too; upload it separately",
                file = path.display().to_string(),
                source = source.display().to_string()
            ));
        }
    }
}

/// What each input is called in messages: the file's name, or its path where two files share a name.
pub fn names_of(inputs: &[Input]) -> Vec<String> {
    let plain: Vec<Option<String>> = inputs
        .iter()
        .map(|input| Some(input.path()?.file_name()?.to_string_lossy().into_owned()))
        .collect();
    let alone = |name: &String| {
        plain
            .iter()
            .flatten()
            .filter(|other| *other == name)
            .count()
            == 1
    };
    inputs
        .iter()
        .zip(&plain)
        .map(|(input, name)| match (input, name) {
            (Input::Stdin, _) => "stdin".to_owned(),
            (Input::Made { name, .. }, _) => name.clone(),
            (Input::File(_), Some(name)) if alone(name) => name.clone(),
            (Input::File(path), _) => path.display().to_string(),
        })
        .collect()
}

impl Input {
    fn path(&self) -> Option<PathBuf> {
        match self {
            Input::File(path) => Some(path.clone()),
            Input::Stdin | Input::Made { .. } => None,
        }
    }
}

/// `catalog.csv` for `catalog.failed.csv` and `catalog.failed-2.csv`.
fn source_of_failed(path: &Path) -> Option<PathBuf> {
    let stem = path.file_stem()?.to_string_lossy();
    let (source, rest) = stem.rsplit_once(".failed")?;
    let numbered = rest.is_empty()
        || rest
            .strip_prefix('-')
            .is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()));
    let mut name = source.to_owned();
    if let Some(ending) = path.extension() {
        name = format!("{name}.{}", ending.to_string_lossy());
    }
    numbered.then(|| path.with_file_name(name))
}

/// What spreadsheet programs and macOS put beside a file.
fn is_companion(path: &Path) -> bool {
    path.file_name().is_some_and(|name| {
        let name = name.to_string_lossy();
        name.starts_with("~$") || name.starts_with("._") || name.starts_with(".~lock.")
    })
}

/// The files that arguments name: paths, patterns such as `new/*.xlsx`, and `-` for standard input. A file named
/// twice is read once. Fails on a path that is not there and on a pattern that matches nothing.
pub fn expand<S: AsRef<str>>(args: &[S]) -> Result<Inputs> {
    let mut inputs = Inputs::default();
    let mut known = HashSet::new();
    let several = args.len() > 1;
    let mut add = |input: Input| inputs.add(input, &mut known);
    for arg in args.iter().map(AsRef::as_ref) {
        let path = Path::new(arg);
        if arg == "-" {
            add(Input::Stdin);
        } else if path.is_dir() {
            return Err(Failure::input(text!("{path} is a folder", path = arg))
                .hint(text!(
                    "give the files in it, e.g. {path}/*.xlsx",
                    path = arg.trim_end_matches(['/', '\\'])
                ))
                .into());
        } else if path.exists() {
            if !(several && is_companion(path)) {
                add(Input::File(path.to_path_buf()));
            }
        } else if arg.contains(['*', '?', '[']) {
            let found = glob::glob(arg).map_err(|error| {
                Failure::input(text!(
                    "\"{pattern}\" is not a file pattern: {why}",
                    pattern = arg,
                    why = error.msg
                ))
            })?;
            let mut any = false;
            let files = found
                .filter_map(Result::ok)
                .filter(|path| path.is_file() && !is_companion(path));
            for path in files {
                any = true;
                add(Input::File(path));
            }
            if !any {
                return Err(
                    Failure::input(text!("no file matches {pattern}", pattern = arg)).into(),
                );
            }
        } else {
            return Err(Failure::input(text!("there is no file {path}", path = arg)).into());
        }
    }
    inputs.leave_out();
    Ok(inputs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_names_its_files_and_a_file_is_read_once() {
        let dir = tempfile::tempdir().expect("a folder");
        for name in ["b.csv", "a.csv", "c.txt"] {
            std::fs::write(dir.path().join(name), "x").expect("a file");
        }
        let pattern = dir.path().join("*.csv").display().to_string();
        let twice = dir.path().join("a.csv").display().to_string();
        let inputs = expand(&[pattern, twice, "-".to_owned()]).expect("files");
        assert_eq!(
            inputs.inputs,
            [
                Input::File(dir.path().join("a.csv")),
                Input::File(dir.path().join("b.csv")),
                Input::Stdin
            ]
        );
    }

    #[test]
    fn failed_rows_are_not_read_together_with_their_source() {
        let dir = tempfile::tempdir().expect("a folder");
        let names = [
            "a.csv",
            "a.failed.csv",
            "a.failed-2.csv",
            "b.failed.csv",
            "~$a.csv",
        ];
        for name in names {
            std::fs::write(dir.path().join(name), "x").expect("a file");
        }
        let path = |name: &str| dir.path().join(name).display().to_string();
        let wanted = [
            Input::File(dir.path().join("a.csv")),
            Input::File(dir.path().join("b.failed.csv")),
        ];
        let found = expand(&[path("*.csv")]).expect("files");
        assert_eq!(found.inputs, wanted);
        assert_eq!(found.notices.len(), 2);
        // A shell names them one by one.
        let found = expand(&names.map(path)).expect("files");
        assert_eq!(found.inputs, wanted);
        let alone = expand(&[path("a.failed.csv")]).expect("a file");
        assert_eq!((alone.inputs.len(), alone.notices.len()), (1, 0));
    }

    #[test]
    fn files_of_one_name_are_called_by_their_path() {
        let dir = tempfile::tempdir().expect("a folder");
        for folder in ["one", "two"] {
            std::fs::create_dir(dir.path().join(folder)).expect("a folder");
            std::fs::write(dir.path().join(folder).join("a.csv"), "x").expect("a file");
        }
        std::fs::write(dir.path().join("b.csv"), "x").expect("a file");
        let path = |name: &str| dir.path().join(name).display().to_string();
        let found = expand(&[path("one/a.csv"), path("two/a.csv"), path("b.csv")]).expect("files");
        assert_eq!(
            names_of(&found.inputs),
            [path("one/a.csv"), path("two/a.csv"), "b.csv".to_owned()]
        );
        let dotted = expand(&[path("b.csv"), path("./b.csv")]).expect("files");
        assert_eq!(dotted.inputs.len(), 1);
    }

    #[test]
    fn what_is_not_there_is_named() {
        let error = expand(&["nowhere.csv"]).expect_err("no such file");
        assert_eq!(error.to_string(), "there is no file nowhere.csv");
        assert!(
            expand(&["nowhere-*.csv"])
                .expect_err("no match")
                .to_string()
                .contains("nowhere-*.csv")
        );
    }
}
