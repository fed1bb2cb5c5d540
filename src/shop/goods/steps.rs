//! One step for one product after the other: on sale, off sale, removed, out of the audit.

use crate::api::store::goods::Product;
use crate::bulk::UNKNOWN_IN_A_ROW;
use crate::fail::{Failure, Kind};
use crate::lang::Text;
use crate::shop::Shop;
use crate::text;
use crate::types::Family;
use anyhow::Result;
use serde::Serialize;

/// One step for one product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    OnSale,
    OffSale,
    Remove,
    WithdrawAudit,
}

/// A version of a product that a store has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Version {
    /// What buyers see
    Online,
    /// What was written and has not passed an audit
    Draft,
}

/// How a product of a store is handed to the audit.
pub enum Submission {
    /// It is on sale as it is.
    None,
    /// The draft as it is.
    Draft,
    /// With what was changed online since without an audit.
    Whole(Box<Product>),
}

impl Step {
    /// The word for what was done, in machine output.
    fn done(self) -> &'static str {
        match self {
            Step::OnSale => "on_sale",
            Step::OffSale => "off_sale",
            Step::Remove => "removed",
            Step::WithdrawAudit => "withdrawn",
        }
    }
}

/// What became of a product.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Stepped {
    pub out_product_id: String,
    /// `on_sale`, `off_sale`, `removed`, `withdrawn`, `submitted`; with `--dry-run` `planned`; else `held`, `refused` or `unclear`.
    pub result: &'static str,
    pub errcode: Option<i64>,
    pub reason: Option<Text>,
}

/// How a step went for one product after the other.
#[derive(Default)]
pub struct Steps {
    pub rows: Vec<Stepped>,
    /// Products in a row of which nobody knows whether it was done.
    unknown_in_a_row: u32,
    /// The last of those.
    unknown: Option<anyhow::Error>,
    /// The last that waits for somebody to decide.
    held: Option<Failure>,
    /// What goes for all that would follow.
    stopped: Option<anyhow::Error>,
}

impl Steps {
    fn done(&mut self, out_product_id: String, result: &'static str) {
        self.unknown_in_a_row = 0;
        self.rows.push(Stepped {
            out_product_id,
            result,
            errcode: None,
            reason: None,
        });
    }

    /// Takes in a product that failed.
    fn failed(&mut self, out_product_id: String, error: anyhow::Error) {
        let failure = Failure::from_any(error);
        let row = Stepped {
            out_product_id,
            result: match failure.kind {
                _ if failure.unclear => "unclear",
                Kind::Held => "held",
                _ => "refused",
            },
            errcode: failure.errcode,
            reason: Some(failure.message.clone()),
        };
        if failure.kind == Kind::Held {
            self.held = Some(failure.clone());
        }
        self.unknown_in_a_row = if failure.unclear {
            self.unknown_in_a_row + 1
        } else {
            0
        };
        let for_all = matches!(failure.kind, Kind::Access | Kind::Network | Kind::Limited);
        if for_all || self.unknown_in_a_row >= UNKNOWN_IN_A_ROW {
            self.stopped = Some(failure.into());
        } else if failure.unclear {
            self.unknown = Some(failure.into());
        }
        self.rows.push(row);
    }

    fn has_ended(&self) -> bool {
        self.stopped.is_some()
    }

    /// How it went, once the rows are shown; `refused` is said of one that was refused.
    pub fn end(self, count: usize, refused: Text) -> Result<()> {
        let failed = self.rows.iter().filter(|row| row.reason.is_some()).count();
        let shown = |kind, message| Failure {
            shown: true,
            ..Failure::new(kind, message)
        };
        let mut reasons = self.rows.iter().filter(|row| row.reason.is_some());
        let only_held = reasons.all(|row| row.result == "held");
        match (self.stopped, self.unknown, self.held) {
            (Some(error), ..) => Err(error),
            (None, Some(error), _) if count == 1 => Err(error),
            // Nothing is wrong but that somebody has to decide.
            (None, _, Some(held)) if only_held => Err(held.into()),
            _ if failed == 1 && count == 1 => Err(shown(Kind::Refused, refused).into()),
            _ if failed > 0 => Err(shown(
                Kind::Partial,
                text!(
                    "{failed} of {count} {count:product|products} failed",
                    failed,
                    count
                ),
            )
            .into()),
            _ => Ok(()),
        }
    }
}

impl Shop {
    /// Leads products on, until all are done or something goes for all that would follow.
    ///
    /// # Errors
    /// Where this machine cannot keep what was done; what the platform says stands in the rows.
    pub async fn step_goods(
        &self,
        step: Step,
        numbers: &[String],
        wins: Option<Version>,
    ) -> Result<Steps> {
        let mut steps = Steps::default();
        for number in numbers {
            match self.step_one(step, number, wins).await {
                Ok((id, done)) => {
                    self.forget_what_was_sent(step, number, &id)?;
                    steps.done(number.clone(), done);
                }
                Err(error) => steps.failed(number.clone(), error),
            }
            if steps.has_ended() {
                break;
            }
        }
        Ok(steps)
    }

    /// What putting products of a store on sale would do; only reads.
    ///
    /// # Errors
    /// As [`Shop::step_goods`].
    pub async fn plan_on_sale(&self, numbers: &[String], wins: Option<Version>) -> Result<Steps> {
        let (state, key) = (self.client.state(), self.client.shop_key());
        let mut steps = Steps::default();
        for number in numbers {
            let plan = async {
                let id = self.find_product(state, key, number).await?;
                self.plan_submission(&id, number, wins).await
            };
            match plan.await {
                Ok(Submission::None) => steps.done(number.clone(), Step::OnSale.done()),
                Ok(_) => steps.done(number.clone(), "planned"),
                Err(error) => steps.failed(number.clone(), error),
            }
            if steps.has_ended() {
                break;
            }
        }
        Ok(steps)
    }

    /// One step for one product; the number by which the platform knows it, and the word for what was done.
    async fn step_one(
        &self,
        step: Step,
        number: &str,
        wins: Option<Version>,
    ) -> Result<(String, &'static str)> {
        match self.family {
            Family::Component => {
                match step {
                    Step::OnSale => self.list_goods(number).await?,
                    Step::OffSale => self.delist_goods(number).await?,
                    Step::Remove => self.remove_goods(number).await?,
                    Step::WithdrawAudit => self.withdraw_audit(number).await?,
                }
                Ok((number.to_owned(), step.done()))
            }
            Family::Store => {
                let (state, key) = (self.client.state(), self.client.shop_key());
                let id = self.find_product(state, key, number).await?;
                let done = if step == Step::OnSale {
                    // A draft goes to the audit; it is on sale once that has passed.
                    if self.submit_draft(&id, number, wins).await? {
                        step.done()
                    } else {
                        "submitted"
                    }
                } else {
                    self.settled_step(step, &id).await?;
                    step.done()
                };
                Ok((id, done))
            }
        }
    }

    /// What an upload knew of it no longer holds.
    fn forget_what_was_sent(&self, step: Step, number: &str, id: &str) -> Result<()> {
        let (state, key) = (self.client.state(), self.client.shop_key());
        match (self.family, step) {
            (Family::Component, Step::OnSale | Step::OffSale) | (Family::Store, Step::OffSale) => {
                Ok(())
            }
            // A draft that was submitted may hold something else than the sheet.
            (Family::Store, Step::OnSale) => state.reopen_item(key, "goods", number),
            (Family::Component, Step::Remove) => state.remove_item(key, "goods", number),
            (Family::Component, Step::WithdrawAudit) => state.reopen_item(key, "goods", number),
            (Family::Store, Step::WithdrawAudit) => state.reopen_item(key, "goods", number),
            (Family::Store, Step::Remove) => {
                state.forget_upload(key, number)?;
                state.forget_product(key, id)
            }
        }
    }
}
