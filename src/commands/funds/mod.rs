//! `wxsell funds`: what the shop has earned, where it went, and paying it out to the bank.

mod bank;
mod withdraw;

use super::Ctx;
use super::ask::{Rows, columns, columns_after, request};
use super::money::{Service, Span};
use crate::commands::shows::Shows;
use crate::fail::Failure;
use crate::output::{Cell, Columns};
use crate::shop::lacks;
use crate::shop::pass_through::empty;
use crate::shop::pass_through::funds::{
    BALANCE, CHECK_CODE, FLOW, FLOWS, NEW_CODE, SHOW_CODE, WITHDRAWAL, WITHDRAWALS,
};
use crate::shop::pass_through::funds::{
    DAY, DETAILS, FLOW_NUMBER, FLOW_NUMBER_OF_SERVICE, PICTURE, REQUEST_NUMBER, TICKET,
};
use crate::shop::pass_through::{self, Field};
use crate::text;
use anyhow::Result;
use base64::Engine;
use clap::Subcommand;
use serde::Serialize;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// View balance and transactions, and withdraw money
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Show available and pending balance
    Balance(BalanceArgs),
    Flows(FlowsArgs),
    Flow(FlowArgs),
    Withdraw(withdraw::WithdrawArgs),
    Withdrawals(WithdrawalsArgs),
    Withdrawal(WithdrawalArgs),
    /// View or change the payout account
    #[command(subcommand)]
    BankAccount(bank::AccountVerb),
    Banks(bank::BanksArgs),
    Branches(bank::BranchesArgs),
    /// List the provinces that banks are in
    Provinces,
    Cities(bank::CitiesArgs),
    /// Create, show and check QR codes for an administrator to scan
    #[command(subcommand)]
    Qrcode(CodeVerb),
}

#[derive(Debug, clap::Args, Serialize)]
pub struct BalanceArgs {
    #[command(flatten)]
    #[serde(flatten)]
    service: Service,
}

/// List transactions
///
/// Every transaction takes a call of its own. Amounts are shown as WeChat writes them: its documents do not say whether
/// they are in yuan.
#[derive(Debug, clap::Args)]
pub struct FlowsArgs {
    #[command(flatten)]
    span: Span,
    #[command(flatten)]
    service: Service,
    #[command(flatten)]
    rows: Rows,
    /// List numbers only, without one more call for each transaction
    #[arg(long)]
    numbers: bool,
}

/// Show one transaction
///
/// Amounts are shown as WeChat writes them: its documents do not say whether they are in yuan.
#[derive(Debug, clap::Args, Serialize)]
pub struct FlowArgs {
    /// Number of the transaction
    funds_flow_id: String,
    #[command(flatten)]
    #[serde(flatten)]
    service: Service,
}

/// List withdrawals
#[derive(Debug, clap::Args)]
pub struct WithdrawalsArgs {
    #[command(flatten)]
    service: Service,
    #[command(flatten)]
    rows: Rows,
    /// List numbers only, without a call for each
    #[arg(long)]
    numbers: bool,
}

/// Show one withdrawal
#[derive(Debug, clap::Args, Serialize)]
pub struct WithdrawalArgs {
    /// Number of the withdrawal
    out_request_no: String,
    #[command(flatten)]
    #[serde(flatten)]
    service: Service,
}

#[derive(Debug, Subcommand)]
pub enum CodeVerb {
    /// Create a QR code that identifies who scans it
    ///
    /// It does not belong to a withdrawal; `wxsell funds withdraw` creates its own.
    New(NewCodeArgs),
    Show(ShowCodeArgs),
    Check(CheckCodeArgs),
}

#[derive(Debug, clap::Args, Serialize)]
pub struct NewCodeArgs {
    /// Who is to be identified: 1 is the administrator
    #[arg(long = "identity", value_name = "NUMBER", default_value_t = 1)]
    identity_type: i64,
    /// Also save the QR code as an image
    #[arg(long = "output", alias = "save", value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    #[serde(skip)]
    save: Option<PathBuf>,
}

/// Show a QR code again
#[derive(Debug, clap::Args, Serialize)]
pub struct ShowCodeArgs {
    /// Ticket of the QR code
    qrcode_ticket: String,
    /// Also save the QR code as an image
    #[arg(long = "output", alias = "save", value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    #[serde(skip)]
    save: Option<PathBuf>,
}

/// Check whether a QR code was scanned and confirmed
#[derive(Debug, clap::Args, Serialize)]
pub struct CheckCodeArgs {
    /// Ticket of the QR code
    qrcode_ticket: String,
    /// Wait until it is confirmed, cancelled or expired
    #[arg(long)]
    #[serde(skip)]
    wait: bool,
}

/// WeChat's record of a withdrawal does not name it.
const NUMBER: &[&str] = &[REQUEST_NUMBER.0];

/// What its verbs print that is not what one call answers.
pub const SHOWS: &[Shows] = &[
    Shows::records("funds flows", &FLOW),
    Shows::list::<FlowNumber>("funds flows"),
    Shows::record("funds withdraw", &WITHDRAWAL).with(&[REQUEST_NUMBER.0, TICKET.0]),
    Shows::records("funds withdrawals", &WITHDRAWAL).with(NUMBER),
    Shows::list::<WithdrawalNumber>("funds withdrawals"),
    Shows::record("funds withdrawal", &WITHDRAWAL).with(NUMBER),
    Shows::one::<Code<'static>>("funds qrcode show"),
];

/// Whether a WeChat Store has the verb too: the lists that a bank account is chosen from and the codes of withdrawals are
/// the same calls.
fn is_of_all(verb: &Verb) -> bool {
    matches!(
        verb,
        Verb::Banks(_)
            | Verb::Branches(_)
            | Verb::Provinces
            | Verb::Cities(_)
            | Verb::Qrcode(CodeVerb::Show(_) | CodeVerb::Check(_))
    )
}

pub async fn run(verb: Verb, ctx: &Ctx) -> Result<()> {
    // A profile that cannot be read is named by the verb that needs it.
    if ctx.is_of_a_store() && matches!(verb, Verb::Qrcode(CodeVerb::New(_))) {
        return Err(lacks(text!("`funds qrcode new`"))
            .hint(text!(
                "a store has no separate call for a QR code: a withdrawal returns a ticket, for `wxsell funds qrcode show` and `check`"
            ))
            .into());
    }
    if ctx.is_of_a_store() && !is_of_all(&verb) {
        return Err(lacks(text!("this command")).into());
    }
    match verb {
        Verb::Balance(args) => ctx.ask(&BALANCE, &args).await,
        Verb::Flows(args) => flows(args, ctx).await,
        Verb::Flow(args) => {
            // The page of the payment-management service names the number differently.
            let other = args.service.mchid.as_ref().map(|_| &args.funds_flow_id);
            let base = other.map_or_else(empty, |number| {
                pass_through::body([FLOW_NUMBER_OF_SERVICE.of(number)])
            });
            ctx.ask_with(&FLOW, &args, base).await
        }
        Verb::Withdraw(args) => withdraw::withdraw(args, ctx).await,
        Verb::Withdrawals(args) => withdrawals(args, ctx).await,
        Verb::Withdrawal(args) => {
            let body = request(&WITHDRAWAL, &args, empty())?;
            let mut reply = ctx.send(&WITHDRAWAL, &body).await?.unwrap_or_default();
            let row = with_number(&args.out_request_no, DETAILS.take(&mut reply));
            show_withdrawal(ctx, row)
        }
        Verb::BankAccount(verb) => bank::account(verb, ctx).await,
        Verb::Banks(args) => bank::banks(args, ctx).await,
        Verb::Branches(args) => bank::branches(args, ctx).await,
        Verb::Provinces => {
            ctx.ask(&crate::shop::pass_through::funds::PROVINCES, &())
                .await
        }
        Verb::Cities(args) => {
            ctx.ask(&crate::shop::pass_through::funds::CITIES, &args)
                .await
        }
        Verb::Qrcode(verb) => code(verb, ctx).await,
    }
}

async fn flows(args: FlowsArgs, ctx: &Ctx) -> Result<()> {
    let mut numbers: Vec<String> = Vec::new();
    for day in args.span.days(ctx.clock()?)? {
        let left = ctx
            .out
            .rows_to_read(args.rows.limit)
            .map(|limit| limit - numbers.len());
        if left == Some(0) {
            break;
        }
        let body = FLOWS.laid(&args.service, pass_through::body([DAY.of(day)]))?;
        let found = ctx.rows(&FLOWS, &body, left).await?;
        numbers.extend(found.iter().filter_map(Value::as_str).map(str::to_owned));
    }
    if args.numbers {
        return show_numbers(ctx, FLOW_NUMBER, numbers);
    }
    let bodies = numbers
        .iter()
        .map(|number| {
            let of_service = args.service.mchid.as_ref().map(|_| number);
            let body = pass_through::body([
                FLOW_NUMBER.of(number),
                FLOW_NUMBER_OF_SERVICE.of(of_service),
            ]);
            FLOW.laid(&args.service, body)
        })
        .collect::<Result<_>>()?;
    let rows = ctx.read_each(&FLOW, bodies).await?;
    let nothing = rows.is_empty() && ctx.out.is_for_people();
    ctx.show_rows(if nothing { &FLOWS } else { &FLOW }, rows)
}

/// A code in machine output.
#[derive(Serialize, schemars::JsonSchema)]
struct Code<'a> {
    qrcode_ticket: &'a str,
    /// The picture, in Base64.
    qrcode_buf: &'a str,
}

/// What `--numbers` prints.
#[derive(schemars::JsonSchema)]
#[expect(
    dead_code,
    reason = "its shape alone is of use; the name of the field is the call's"
)]
struct FlowNumber {
    funds_flow_id: String,
}

/// What `--numbers` prints.
#[derive(schemars::JsonSchema)]
#[expect(
    dead_code,
    reason = "its shape alone is of use; the name of the field is the call's"
)]
struct WithdrawalNumber {
    out_request_no: String,
}

/// Bare numbers, as rows of one field.
pub fn show_numbers(ctx: &Ctx, name: Field, numbers: Vec<String>) -> Result<()> {
    let rows: Vec<Value> = numbers
        .into_iter()
        .map(|number| pass_through::body([name.of(number)]))
        .collect();
    let columns = Columns::none().with(name.0, "NUMBER", move |row: &Value| text_of(row, name));
    ctx.out.list_with(columns, &rows)
}

fn text_of(row: &Value, name: Field) -> Cell {
    name.some_text(row).map_or(Cell::Empty, Cell::Text)
}

async fn withdrawals(args: WithdrawalsArgs, ctx: &Ctx) -> Result<()> {
    let found = ctx
        .rows(
            &WITHDRAWALS,
            &args.service,
            ctx.out.rows_to_read(args.rows.limit),
        )
        .await?;
    let numbers: Vec<String> = found
        .iter()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    if args.numbers {
        return show_numbers(ctx, REQUEST_NUMBER, numbers);
    }
    let rows = details(ctx, &numbers, &args.service).await?;
    let rows: Vec<Value> = numbers
        .iter()
        .zip(rows)
        .map(|(number, row)| readable(with_number(number, row)))
        .collect();
    let out = ctx.out.with_nothing(super::done::nothing(&WITHDRAWALS));
    out.list_with(withdrawal_columns(), &rows)
}

/// What WeChat knows of these withdrawals, in their order.
async fn details(ctx: &Ctx, numbers: &[String], service: &Service) -> Result<Vec<Value>> {
    let bodies = numbers
        .iter()
        .map(|number| WITHDRAWAL.laid(service, pass_through::body([REQUEST_NUMBER.of(number)])))
        .collect::<Result<_>>()?;
    ctx.read_each(&WITHDRAWAL, bodies).await
}

/// The answer about a withdrawal does not repeat its number.
fn with_number(number: &str, info: Value) -> Value {
    let mut row = pass_through::body([REQUEST_NUMBER.of(number)]);
    if let (Some(row), Value::Object(info)) = (row.as_object_mut(), info) {
        row.extend(info);
    }
    row
}

/// Times as RFC 3339.
fn readable(row: Value) -> Value {
    let (book, operation) = WITHDRAWAL.operation();
    match book.at(&operation.reply, WITHDRAWAL.shows) {
        Some(node) => crate::api::operation::present(book, node, row),
        None => row,
    }
}

fn withdrawal_columns() -> Columns<Value> {
    let number = Columns::none().with(REQUEST_NUMBER.0, "NUMBER", |row: &Value| {
        text_of(row, REQUEST_NUMBER)
    });
    columns_after(number, &WITHDRAWAL)
}

fn show_withdrawal(ctx: &Ctx, row: Value) -> Result<()> {
    ctx.out.show_with(withdrawal_columns(), &readable(row))
}

async fn code(verb: CodeVerb, ctx: &Ctx) -> Result<()> {
    match verb {
        CodeVerb::New(args) => {
            let body = request(&NEW_CODE, &args, empty())?;
            ctx.out.check_columns_of(columns(&NEW_CODE))?;
            let Some(reply) = ctx.send(&NEW_CODE, &body).await? else {
                return Ok(());
            };
            let ticket = TICKET.text(&reply);
            draw(ctx, &ticket, args.save.as_deref()).await?;
            ctx.show_reply(&NEW_CODE, reply)
        }
        CodeVerb::Show(args) => {
            let ticket = &args.qrcode_ticket;
            let picture = draw(ctx, ticket, args.save.as_deref()).await?;
            let code = Code {
                qrcode_ticket: ticket,
                qrcode_buf: &picture,
            };
            ctx.report_done(&serde_json::to_value(code)?)
        }
        CodeVerb::Check(args) => {
            let last = if args.wait {
                ctx.shop().await?.watch_code(&args.qrcode_ticket).await?
            } else {
                let body = request(&CHECK_CODE, &args, empty())?;
                ctx.send(&CHECK_CODE, &body).await?.unwrap_or_default()
            };
            ctx.show_reply(&CHECK_CODE, last)
        }
    }
}

/// Fetches a code, saves it where asked to, and draws it on the terminal; gives the picture in Base64.
async fn draw(ctx: &Ctx, ticket: &str, save: Option<&Path>) -> Result<String> {
    let body = pass_through::body([TICKET.of(ticket)]);
    let reply = ctx.send(&SHOW_CODE, &body).await?.unwrap_or_default();
    let buffer = PICTURE.text(&reply);
    // Some programs put `data:image/png;base64,` before it.
    let buffer = buffer.rsplit(',').next().unwrap_or_default();
    let picture = base64::engine::general_purpose::STANDARD
        .decode(buffer.trim())
        .map_err(|_| Failure::network(text!("WeChat's reply contains no QR code image")))?;
    if let Some(path) = save {
        let shown = path.display().to_string();
        std::fs::write(path, &picture).map_err(|error| {
            Failure::input(text!(
                "{file} cannot be written: {error}",
                file = &shown,
                error = error.to_string()
            ))
        })?;
        ctx.out
            .note(text!("the QR code is in {file}", file = shown));
    }
    if !ctx.out.qr_picture(&picture) && save.is_none() {
        ctx.out.warn(text!(
            "this QR code cannot be drawn in a terminal; save it and open the file: `wxsell funds qrcode show {ticket} --output code.png`",
            ticket
        ));
    }
    Ok(buffer.trim().to_owned())
}
