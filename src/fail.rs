//! How an error is made and shown. [`Failure`] is the only error type that code branches on; `anyhow`
//! carries it upward and [`Within::within`] says where it happened, in words that can be translated (anyhow's own
//! `context` cannot be taken apart again). [`explain`] turns it into what people and scripts read.

use crate::lang::{Lang, Text};
use serde::Serialize;
use std::fmt;

/// What sort of failure this is; the exit code follows from it alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// WeChat understood the call and refused it.
    Refused,
    /// What the operator typed or the file holds is wrong.
    Input,
    /// Secret, token, permission or IP list.
    Access,
    /// Not reached, timed out, or the answer was cut off.
    Network,
    /// A rate or a quota; try later.
    Limited,
    /// Some items of many failed; the list is on stdout.
    Partial,
    /// The shop cannot sell yet: a step of joining is open.
    NotReady,
    /// Something needs attention: it runs out within the time asked for, or never came; the list is on stdout.
    Due,
    /// A write may have been carried out and no answer says so, or it was carried out and could not be shown.
    Unknown,
    /// It needs a yes, and nobody was there to give it.
    Unconfirmed,
    /// A guard held it back, such as the one on prices.
    Held,
    /// A mistake of ours.
    Bug,
    /// Stopped by Ctrl-C.
    Stopped,
}

impl Kind {
    /// Every kind, by its exit code.
    pub const ALL: [Kind; 13] = [
        Kind::Refused,
        Kind::Input,
        Kind::Access,
        Kind::Network,
        Kind::Limited,
        Kind::Partial,
        Kind::NotReady,
        Kind::Due,
        Kind::Unknown,
        Kind::Unconfirmed,
        Kind::Held,
        Kind::Bug,
        Kind::Stopped,
    ];

    pub fn exit_code(self) -> u8 {
        match self {
            Kind::Refused => 1,
            Kind::Input => 2,
            Kind::Access => 3,
            Kind::Network => 4,
            Kind::Limited => 5,
            Kind::Partial => 6,
            Kind::NotReady => 7,
            Kind::Due => 8,
            Kind::Unknown => 9,
            Kind::Unconfirmed => 10,
            Kind::Held => 11,
            Kind::Bug => 70,
            Kind::Stopped => 130,
        }
    }

    /// Whether the same command may succeed later without a change.
    pub fn is_retryable(self) -> bool {
        matches!(
            self,
            Kind::Network | Kind::Limited | Kind::Unknown | Kind::Stopped
        )
    }
}

/// Why something could not be done. Message: what is wrong. Cause: what lies beneath (the chain). Hint: what to do.
#[derive(Debug, Clone)]
pub struct Failure {
    pub kind: Kind,
    pub message: Text,
    /// What was being done, innermost first.
    pub doing: Vec<Text>,
    pub hint: Option<Text>,
    /// WeChat's errcode, where WeChat answered.
    pub errcode: Option<i64>,
    /// What is known of this errcode; `None` leaves it to the kind.
    pub retryable: Option<bool>,
    /// WeChat's request id, which `wxsell rid show` looks up for 7 days.
    pub rid: Option<String>,
    /// Further problems found with this one; each is shown on a line of its own.
    pub also: Vec<Text>,
    /// True once the result on stdout has already said it all.
    pub shown: bool,
    /// True where a write may have been carried out although no answer came back.
    pub unclear: bool,
}

impl Failure {
    pub fn new(kind: Kind, message: Text) -> Failure {
        Failure {
            kind,
            message,
            doing: Vec::new(),
            hint: None,
            errcode: None,
            retryable: None,
            rid: None,
            also: Vec::new(),
            shown: false,
            unclear: false,
        }
    }

    pub fn input(message: Text) -> Failure {
        Failure::new(Kind::Input, message)
    }

    pub fn access(message: Text) -> Failure {
        Failure::new(Kind::Access, message)
    }

    pub fn network(message: Text) -> Failure {
        Failure::new(Kind::Network, message)
    }

    pub fn limited(message: Text) -> Failure {
        Failure::new(Kind::Limited, message)
    }

    pub fn bug(message: Text) -> Failure {
        Failure::new(Kind::Bug, message)
    }

    pub fn hint(mut self, hint: Text) -> Failure {
        self.hint = Some(hint);
        self
    }

    pub fn also(mut self, also: Vec<Text>) -> Failure {
        self.also = also;
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.message.fmt(f)
    }
}

impl std::error::Error for Failure {}

/// An error taken apart for showing.
#[derive(Debug, Serialize)]
pub struct Explained {
    pub kind: Kind,
    pub exit_code: u8,
    /// Whether the same command may succeed later without a change.
    pub retryable: bool,
    pub message: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errcode: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rid: Option<String>,
    #[serde(skip)]
    pub shown: bool,
}

/// Says what was being done when an error came up.
pub trait Within<T> {
    /// `doing` is a participle: "adding the product".
    fn within(self, doing: impl FnOnce() -> Text) -> anyhow::Result<T>;
}

impl<T, E: Into<anyhow::Error>> Within<T> for Result<T, E> {
    fn within(self, doing: impl FnOnce() -> Text) -> anyhow::Result<T> {
        self.map_err(|error| {
            let mut failure = Failure::from_any(error.into());
            failure.doing.push(doing());
            failure.into()
        })
    }
}

impl Failure {
    /// The failure inside an error. One that nobody classified counts as ours.
    pub fn from_any(error: anyhow::Error) -> Failure {
        match error.downcast::<Failure>() {
            Ok(failure) => failure,
            Err(error) => unclassified(&error),
        }
    }
}

/// What an error is that nobody classified: a limit of the system that was met, or a mistake of ours.
pub fn unclassified(error: &anyhow::Error) -> Failure {
    // Too many open files, of this process or of the system; the numbers are the same on all Unixes.
    let files = |cause: &(dyn std::error::Error + 'static)| {
        let number = cause.downcast_ref::<std::io::Error>()?.raw_os_error()?;
        Some(cfg!(unix) && matches!(number, 23 | 24))
    };
    if error.chain().find_map(files) == Some(true) {
        return Failure::input(crate::text!("too many files are open")).hint(crate::text!(
            "allow more with `ulimit -n 1024`, then run the same command again"
        ));
    }
    Failure::bug(Text::verbatim(format!("{error:#}")))
}

/// The [`Failure`] inside an error, if there is one.
pub fn failure(error: &anyhow::Error) -> Option<&Failure> {
    error.downcast_ref::<Failure>()
}

/// The kind of an error; one that nobody classified is ours.
pub fn kind(error: &anyhow::Error) -> Kind {
    failure(error).map_or_else(|| unclassified(error).kind, |failure| failure.kind)
}

/// Takes a failure apart, in the language asked for.
pub fn explain(failure: &Failure, lang: Lang) -> Explained {
    let mut lines: Vec<String> = failure
        .doing
        .iter()
        .rev()
        .map(|text| text.render(lang))
        .collect();
    lines.push(failure.message.render(lang));
    let message = lines.remove(0);
    Explained {
        kind: failure.kind,
        exit_code: failure.kind.exit_code(),
        retryable: failure
            .retryable
            .filter(|_| !failure.unclear)
            .unwrap_or_else(|| failure.kind.is_retryable()),
        message,
        causes: lines,
        problems: failure.also.iter().map(|text| text.render(lang)).collect(),
        hint: failure.hint.as_ref().map(|hint| hint.render(lang)),
        errcode: failure.errcode,
        rid: failure.rid.clone(),
        shown: failure.shown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text;

    #[test]
    fn what_was_being_done_leads_and_the_failure_is_its_cause() {
        let inner: anyhow::Result<()> =
            Err(Failure::input(text!("price \"{price}\" is no number", price = "x")).into());
        let outer = inner
            .within(|| text!("reading row {row}", row = 17u32))
            .within(|| text!("checking {file}", file = "a.csv"));
        let shown = explain(&Failure::from_any(outer.expect_err("it fails")), Lang::En);
        assert_eq!(shown.message, "checking a.csv");
        assert_eq!(shown.causes, ["reading row 17", "price \"x\" is no number"]);
        assert_eq!(shown.exit_code, 2);
    }

    #[cfg(unix)]
    #[test]
    fn too_many_open_files_are_no_bug() {
        let full = std::io::Error::from_raw_os_error(24);
        let error = anyhow::Error::from(full).context("starting");
        assert_eq!(kind(&error), Kind::Input);
    }

    #[test]
    fn what_is_known_of_an_errcode_says_whether_to_try_again() {
        let refused = |retryable, unclear| Failure {
            errcode: Some(1),
            retryable,
            unclear,
            ..Failure::new(Kind::Refused, text!("refused"))
        };
        let retryable = |failure| explain(&failure, Lang::En).retryable;
        assert!(retryable(refused(Some(true), false)));
        assert!(!retryable(refused(None, false)));
        let mut unknown = refused(Some(false), true);
        unknown.kind = Kind::Unknown;
        assert!(retryable(unknown));
    }

    #[test]
    fn an_error_nobody_classified_is_our_bug() {
        let error = anyhow::anyhow!("lost");
        assert_eq!(kind(&error).exit_code(), 70);
    }
}
