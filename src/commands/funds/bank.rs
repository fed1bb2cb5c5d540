//! The account that money is paid out to, and the lists it is chosen from. Account numbers come from a prompt, a file or
//! standard input, never from an option: other users of the machine can see those.

use crate::commands::Ctx;
use crate::commands::ask::{Data, Rows, columns, request};
use crate::commands::money::Service;
use crate::fail::Failure;
use crate::shop::pass_through::funds::{
    ACCOUNT_BANK, ACCOUNT_BANK_NAME, ACCOUNT_BRANCH, ACCOUNT_KIND, ACCOUNT_NUMBER, ACCOUNT_PLACE,
    BANK_CODE, BANK_SHORT, BANK_TITLE, BRANCH, BRANCH_ID, BUSINESS, CARD, CITY, CITY_CODE,
    NEEDS_BRANCH, PLACE, PRIVATE, PROVINCE, PROVINCE_CODE,
};
use crate::shop::pass_through::funds::{
    BANK_SET, BANK_SHOW, BANKS, BANKS_OF_CARD, BRANCHES, CITIES, PROVINCES,
};
use crate::shop::pass_through::{self, Field};
use crate::text;
use crate::types::Secret;
use anyhow::Result;
use clap::Subcommand;
use serde::Serialize;
use serde_json::Value;
use std::path::{Path, PathBuf};

#[derive(Debug, Subcommand)]
pub enum AccountVerb {
    /// Show the payout account
    Show(ShowArgs),
    Set(Box<SetArgs>),
}

#[derive(Debug, clap::Args, Serialize)]
pub struct ShowArgs {
    #[command(flatten)]
    #[serde(flatten)]
    service: Service,
}

/// Change the payout account
///
/// On a terminal, choose bank, place and branch from WeChat's lists and type the account number. Otherwise give them by
/// options or in a file. The account must belong to the same legal entity as the shop; it can be changed 5 times a day.
#[derive(Debug, clap::Args, Serialize)]
pub struct SetArgs {
    /// Kind of account; companies need a business account
    #[arg(long, value_enum)]
    kind: Option<AccountKind>,
    /// Name of the bank as `wxsell funds banks` spells it
    #[arg(long, value_name = "NAME")]
    bank: Option<String>,
    /// Place of the branch: the address code that `wxsell funds cities` shows
    #[arg(long, value_name = "CODE")]
    address_code: Option<String>,
    /// Number of the branch, for banks that need one
    #[arg(long, value_name = "NUMBER")]
    branch_id: Option<String>,
    /// Full name of the bank with its branch, instead of the number
    #[arg(long, value_name = "NAME", conflicts_with = "branch_id")]
    branch_name: Option<String>,
    /// Read the account number from this file, `-` for standard input
    #[arg(long, value_name = "PATH", value_hint = clap::ValueHint::FilePath)]
    #[serde(skip)]
    number_file: Option<PathBuf>,
    #[command(flatten)]
    #[serde(skip)]
    data: Data,
    #[command(flatten)]
    #[serde(flatten)]
    service: Service,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum AccountKind {
    /// Account of a company
    Business,
    /// Private account of the owner, for individual businesses only
    Private,
}

impl Serialize for AccountKind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(match self {
            AccountKind::Business => BUSINESS,
            AccountKind::Private => PRIVATE,
        })
    }
}

/// List banks
#[derive(Debug, clap::Args)]
pub struct BanksArgs {
    /// Part of the name
    keyword: Option<String>,
    /// For this kind of account
    #[arg(long, value_enum)]
    kind: Option<AccountKind>,
    /// Look up the bank of an account instead; prompts for the number
    #[arg(long, conflicts_with_all = ["keyword", "kind", "limit"])]
    of_account: bool,
    /// Read that account number from this file, `-` for standard input
    #[arg(long, value_name = "PATH", requires = "of_account", value_hint = clap::ValueHint::FilePath)]
    number_file: Option<PathBuf>,
    #[command(flatten)]
    rows: Rows,
}

/// List the branches of a bank in a city
#[derive(Debug, clap::Args, Serialize)]
pub struct BranchesArgs {
    /// Code of the bank, as `wxsell funds banks` shows it
    #[arg(long = "bank", value_name = "CODE")]
    bank_code: String,
    /// Code of the city, as `wxsell funds cities` shows it
    #[arg(long = "city", value_name = "CODE")]
    city_code: i64,
    #[command(flatten)]
    #[serde(skip)]
    rows: Rows,
}

/// List the cities of a province
#[derive(Debug, clap::Args, Serialize)]
pub struct CitiesArgs {
    /// Code of the province, as `wxsell funds provinces` shows it
    province_code: i64,
}

pub async fn account(verb: AccountVerb, ctx: &Ctx) -> Result<()> {
    match verb {
        AccountVerb::Show(args) => ctx.ask(&BANK_SHOW, &args).await,
        AccountVerb::Set(args) => set(*args, ctx).await,
    }
}

pub async fn banks(args: BanksArgs, ctx: &Ctx) -> Result<()> {
    if args.of_account {
        let number = account_number(args.number_file.as_deref(), ctx)?;
        let body = pass_through::body([CARD.of(number.expose())]);
        return ctx.ask(&BANKS_OF_CARD, &body).await;
    }
    let kind = args.kind.map(|kind| match kind {
        AccountKind::Private => 1,
        AccountKind::Business => 2,
    });
    let search = Search {
        keyword: args.keyword.as_deref(),
        kind,
    };
    ctx.ask_rows(&BANKS, &search, args.rows).await
}

#[derive(Default, Serialize)]
struct Search<'a> {
    keyword: Option<&'a str>,
    kind: Option<i64>,
}

pub async fn branches(args: BranchesArgs, ctx: &Ctx) -> Result<()> {
    ctx.ask_rows(&BRANCHES, &args, args.rows).await
}

/// The digits of an account, from a file, standard input or a prompt.
fn account_number(file: Option<&Path>, ctx: &Ctx) -> Result<Secret> {
    let Some(path) = file else {
        let typed = ctx
            .out
            .secret(text!("Account number"), "--number-file PATH")?;
        return digits(typed.expose());
    };
    let shown = path.display().to_string();
    let read = match shown.as_str() {
        "-" => std::io::read_to_string(std::io::stdin()),
        _ => std::fs::read_to_string(path),
    };
    let content = read.map_err(|error| {
        Failure::input(text!(
            "{file} cannot be read: {error}",
            file = &shown,
            error = error.to_string()
        ))
    })?;
    digits(&content)
}

fn digits(text: &str) -> Result<Secret> {
    let number: String = text.split_whitespace().collect();
    if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(Secret::new(number))
    } else {
        Err(Failure::input(text!("an account number has digits only")).into())
    }
}

async fn set(args: SetArgs, ctx: &Ctx) -> Result<()> {
    let mut body = BANK_SET.laid(&args, args.data.read()?)?;
    let has_number = ACCOUNT_NUMBER.at(&body).is_string();
    if ctx.out.interactive && args.data.file.is_none() {
        choose(&mut body, ctx).await?;
    }
    if args.number_file.is_some() || !has_number && ctx.out.interactive {
        let number = account_number(args.number_file.as_deref(), ctx)?;
        ACCOUNT_NUMBER.put(&mut body, number.expose());
    }
    let body = request(&BANK_SET, &(), body)?;
    let mut shown = body.clone();
    let (book, operation) = BANK_SET.operation();
    if let Some(request) = &operation.request {
        book.mask(request, &mut shown);
    }
    if ctx.global.dry_run {
        ctx.out
            .note(text!("nothing was sent; the request would be:"));
        return ctx
            .out
            .value(if ctx.global.unmask { &body } else { &shown });
    }
    ctx.out.check_columns_of(columns(&BANK_SET))?;
    let question = text!(
        "pay money out to account {number} at {bank} from now on (5 changes a day)",
        number = ACCOUNT_NUMBER.text(&shown),
        bank = ACCOUNT_BANK.text(&shown)
    );
    let sent = ctx.send_asking(&BANK_SET, &body, Some(question)).await;
    let reply = sent.map_err(refused)?.unwrap_or_default();
    ctx.out.note(text!(
        "WeChat still has to verify the account; `wxsell funds bank-account show` shows if that failed"
    ));
    ctx.show_reply(&BANK_SET, reply)
}

fn refused(error: anyhow::Error) -> anyhow::Error {
    let mut failure = Failure::from_any(error);
    if failure.errcode == Some(400) {
        failure.hint = Some(text!(
            "check bank, place, branch and number; the account can be changed 5 times a day"
        ));
    }
    failure.into()
}

/// Asks for what the options leave open: kind, bank, province, city, branch.
async fn choose(body: &mut Value, ctx: &Ctx) -> Result<()> {
    let missing = |body: &Value, field: Field| !field.at(body).is_string();
    if missing(body, ACCOUNT_KIND) {
        let kinds = [text!("business account"), text!("private account")];
        let kinds = kinds.map(|kind| kind.render(ctx.out.lang));
        let chosen = ctx.out.select(text!("Kind of account"), &kinds, "--kind")?;
        let value = [BUSINESS, PRIVATE][chosen];
        ACCOUNT_KIND.put(body, value);
    }
    let mut bank = Value::Null;
    if missing(body, ACCOUNT_BANK) {
        let word = ctx
            .out
            .input(text!("Part of the bank's name"), None, "--bank")?;
        let search = Search {
            keyword: Some(&word),
            kind: None,
        };
        let found = ctx.rows(&BANKS, &search, None).await?;
        bank = pick(ctx, found, BANK_TITLE, text!("Bank"), "--bank")?;
        ACCOUNT_BANK.put(body, BANK_SHORT.text(&bank));
    }
    let mut city = Value::Null;
    if missing(body, ACCOUNT_PLACE) {
        let found = ctx.rows(&PROVINCES, &(), None).await?;
        let flag = "--address-code";
        let province = pick(ctx, found, PROVINCE, text!("Province"), flag)?;
        let of = pass_through::body([PROVINCE_CODE.of(PROVINCE_CODE.at(&province))]);
        let found = ctx.rows(&CITIES, &of, None).await?;
        city = pick(ctx, found, CITY, text!("City"), flag)?;
        ACCOUNT_PLACE.put(body, PLACE.text(&city));
    }
    let named = !missing(body, ACCOUNT_BRANCH) || !missing(body, ACCOUNT_BANK_NAME);
    if NEEDS_BRANCH.at(&bank) == true && !named && city.is_object() {
        let of = pass_through::body([
            CITY_CODE.of(CITY_CODE.at(&city)),
            BANK_CODE.of(BANK_CODE.at(&bank)),
        ]);
        let found = ctx.rows(&BRANCHES, &of, None).await?;
        let branch = pick(ctx, found, BRANCH, text!("Branch"), "--branch-id")?;
        ACCOUNT_BRANCH.put(body, BRANCH_ID.text(&branch));
    }
    Ok(())
}

fn pick(
    ctx: &Ctx,
    mut rows: Vec<Value>,
    name: Field,
    prompt: crate::lang::Text,
    flag: &str,
) -> Result<Value> {
    if rows.is_empty() {
        return Err(Failure::input(text!("WeChat's list has nothing by that name")).into());
    }
    let choices: Vec<String> = rows.iter().map(|row| name.text(row)).collect();
    let chosen = ctx.out.select(prompt, &choices, flag)?;
    Ok(rows.swap_remove(chosen))
}
