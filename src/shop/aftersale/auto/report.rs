//! What a policy comes to: a row for each after-sale, and the summary of a run.

use crate::fail::{Failure, Kind};
use crate::lang::Text;
use crate::model::aftersale;
use crate::model::deadline::Deadline;
use crate::state::runs::RunState;
use crate::types::{Fen, rfc3339};
use serde::{Serialize, Serializer};

/// What is done about an after-sale. The names are part of the machine output.
pub const ACCEPT: &str = "accept";
pub const REJECT: &str = "reject";
pub const WAIT: &str = "wait";

/// How far that got. The names are part of the machine output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stand {
    /// It will be done, or would be in a run that is not dry.
    Planned,
    Done,
    /// A person decides.
    Waiting,
    /// WeChat refused it, or does not show the after-sale.
    Refused,
    /// No answer came: it may have been done.
    Unclear,
    /// The run ended before.
    NotSent,
}

/// One after-sale.
#[derive(Debug, Clone)]
pub struct Row {
    /// WeChat's.
    pub number: String,
    /// The merchant's.
    pub order: String,
    /// `None` where it could not be read.
    pub kind: Option<aftersale::Kind>,
    pub amount: Option<Fen>,
    /// The rule that fits.
    pub rule: Option<String>,
    pub action: &'static str,
    pub state: Stand,
    pub why: Text,
    pub errcode: Option<i64>,
    pub deadline: Option<Deadline>,
    /// The shop's time, unix seconds.
    pub now: i64,
}

impl Row {
    /// One that WeChat did not give.
    pub fn unread(number: String, failure: &Failure, now: i64) -> Row {
        Row {
            number,
            order: String::new(),
            kind: None,
            amount: None,
            rule: None,
            action: WAIT,
            state: match failure.kind {
                Kind::Network => Stand::NotSent,
                _ => Stand::Refused,
            },
            why: failure.message.clone(),
            errcode: failure.errcode,
            deadline: None,
            now,
        }
    }

    /// Leaves it to a person.
    pub fn wait(&mut self, why: Text) {
        (self.action, self.state, self.why) = (WAIT, Stand::Waiting, why);
    }

    /// When WeChat answers by itself, for what is not answered.
    pub fn runs_out(&self) -> Option<&Deadline> {
        self.deadline.as_ref().filter(|_| self.state != Stand::Done)
    }

    pub fn failed(&self) -> bool {
        matches!(self.state, Stand::Refused | Stand::Unclear | Stand::NotSent)
    }
}

/// A row in machine output.
#[derive(Serialize, schemars::JsonSchema)]
struct Printed<'a> {
    /// WeChat's.
    number: &'a str,
    /// The merchant's.
    order: &'a str,
    #[serde(rename = "type")]
    kind: Option<aftersale::Kind>,
    amount: Option<Fen>,
    rule: Option<&'a str>,
    /// `accept`, `reject` or `wait`.
    action: &'static str,
    state: Stand,
    why: &'a Text,
    errcode: Option<i64>,
    /// When WeChat answers it by itself.
    #[schemars(with = "Option<crate::types::shape::Moment>")]
    at: Option<String>,
    seconds_left: Option<i64>,
    then: Option<&'a Text>,
}

crate::types::shape::printed_as!(Row => Printed<'static>);

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let runs_out = self.runs_out();
        let printed = Printed {
            number: &self.number,
            order: &self.order,
            kind: self.kind,
            amount: self.amount,
            rule: self.rule.as_deref(),
            action: self.action,
            state: self.state,
            why: &self.why,
            errcode: self.errcode,
            at: runs_out.map(|deadline| rfc3339(deadline.at)),
            seconds_left: runs_out.map(|deadline| deadline.at - self.now),
            then: runs_out.map(|deadline| &deadline.then),
        };
        printed.serialize(serializer)
    }
}

/// A run as `wxsell run show` tells it.
#[derive(Debug, Serialize)]
pub struct Summary<'a> {
    run: i64,
    /// `done`, `partial` or `stopped`.
    status: &'static str,
    accepted: usize,
    rejected: usize,
    waiting: usize,
    refused: usize,
    unclear: usize,
    left: usize,
    /// Accepted on this day by all runs, in fen.
    spent: Fen,
    rows: &'a [Row],
}

impl Summary<'_> {
    pub fn of(run: i64, ended: RunState, spent: Fen, rows: &[Row]) -> Summary<'_> {
        let count = |fits: &dyn Fn(&Row) -> bool| rows.iter().filter(|row| fits(row)).count();
        let done = |action| count(&|row| row.state == Stand::Done && row.action == action);
        let stand = |state| count(&|row| row.state == state);
        Summary {
            run,
            status: ended.name(),
            accepted: done(ACCEPT),
            rejected: done(REJECT),
            waiting: stand(Stand::Waiting),
            refused: stand(Stand::Refused),
            unclear: stand(Stand::Unclear),
            left: stand(Stand::NotSent),
            spent,
            rows,
        }
    }
}
