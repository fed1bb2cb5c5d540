//! The merchant number at WeChat Pay: how far its application is, what that means, and who does what next.

mod component;

use super::{Shop, lacks};
use crate::fail::failure;
use crate::lang::Text;
use crate::shop::pass_through::empty;
use crate::text;
use crate::types::{Family, Fen};
use anyhow::Result;
use serde_json::Value;

/// "No data", one way to say that nothing was handed in.
const NO_DATA: i64 = 9_710_001;

/// An application as far as the program works with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Application {
    /// `CHECKING`, `FINISH` …; empty before the first application.
    pub state: String,
    /// What has to be transferred so that the account is verified.
    pub transfer: Option<Transfer>,
    /// Where the contract is signed.
    pub sign_link: Option<String>,
    /// Where the legal representative is checked.
    pub check_link: Option<String>,
    /// What was rejected: field and reason.
    pub rejected: Vec<(String, String)>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Transfer {
    pub amount: Fen,
    pub holder: String,
    pub account: String,
    pub bank: String,
    pub remark: String,
    pub deadline: String,
}

/// Who moves next, and how.
#[derive(Debug, Clone)]
pub struct Next {
    /// `None` where nobody has to.
    pub who: Option<Text>,
    pub what: Text,
    /// After `wxsell`.
    pub command: Option<&'static str>,
}

impl Shop {
    /// The application's record; an empty one before the first. One official sample names the blocks otherwise: they
    /// bear one name here.
    pub async fn application(&self) -> Result<Value> {
        let read = match self.family {
            Family::Component => component::get(self).await,
            Family::Store => Err(lacks(text!("this command")).into()),
        };
        match read {
            Err(error) if failure(&error).is_some_and(|f| f.errcode == Some(NO_DATA)) => {
                Ok(empty())
            }
            read => read,
        }
    }
}

impl Application {
    /// Reads the record that [`Shop::application`] gives.
    pub fn read(family: Family, record: &Value) -> Application {
        match family {
            Family::Component => component::application(record),
            Family::Store => Application::default(),
        }
    }

    /// Whether controlled orders can be made.
    pub fn is_open(&self) -> bool {
        self.state == "FINISH"
    }

    /// The state in words.
    pub fn word(&self) -> Text {
        match self.state.as_str() {
            "" => text!("not applied"),
            "CHECKING" => text!("data being checked"),
            "ACCOUNT_NEED_VERIFY" => text!("account to be verified"),
            "AUDITING" => text!("in audit"),
            "REJECTED" => text!("rejected"),
            "NEED_SIGN" => text!("to be signed"),
            "FINISH" => text!("number opened"),
            "FROZEN" => text!("frozen"),
            other => Text::verbatim(other),
        }
    }

    /// What happens next with an application in this state.
    pub fn next(&self) -> Next {
        let read = Some("merchant application");
        let (who, what, command) = match self.state.as_str() {
            "" => (
                Some(text!("you")),
                text!("submit the application"),
                Some("merchant apply"),
            ),
            "CHECKING" | "AUDITING" => (
                Some(text!("WeChat Pay")),
                text!("WeChat Pay is checking the documents; nothing to do"),
                read,
            ),
            "ACCOUNT_NEED_VERIFY" => (
                Some(match self.transfer {
                    Some(_) => text!("you"),
                    None => text!("legal representative"),
                }),
                self.verification(),
                read,
            ),
            "REJECTED" => (
                Some(text!("you")),
                text!("correct what was rejected and submit the application again"),
                Some("merchant apply"),
            ),
            "NEED_SIGN" => (
                Some(text!("super administrator")),
                text!("the super administrator opens the link in WeChat and signs the contract"),
                read,
            ),
            "FINISH" => (
                None,
                text!("nothing to do: controlled orders can be made"),
                None,
            ),
            "FROZEN" => (
                Some(text!("you")),
                text!("WeChat Pay has frozen the number for a risk; ask WeChat Pay's support why"),
                None,
            ),
            _ => (
                Some(text!("you")),
                text!("this state is not known; its description says more"),
                read,
            ),
        };
        Next { who, what, command }
    }

    fn verification(&self) -> Text {
        let Some(transfer) = &self.transfer else {
            return text!("the legal representative opens the link and passes the check there");
        };
        text!(
            "transfer exactly {amount} yuan from the account that was submitted to {holder}, {account}, {bank}, with the note \"{remark}\", before {deadline}",
            amount = transfer.amount.to_yuan(),
            holder = &transfer.holder,
            account = &transfer.account,
            bank = &transfer.bank,
            remark = &transfer.remark,
            deadline = &transfer.deadline
        )
    }

    /// The link that somebody has to open in this state.
    pub fn link(&self) -> Option<&str> {
        match self.state.as_str() {
            "NEED_SIGN" => self.sign_link.as_deref(),
            "ACCOUNT_NEED_VERIFY" => self.check_link.as_deref(),
            _ => None,
        }
    }
}
