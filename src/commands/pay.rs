//! `wxsell pay`: payments of the payment-management service. Refunds and shares move money: each has a number of its own
//! that counts once at WeChat, is journalled before the call, and is looked for when the answer was lost.

use super::Ctx;
use super::ask::{Ask, Data, Rows, request};
use super::funds::show_numbers;
use super::money::{Span, fresh_number, may_be_done};
use crate::fail::Failure;
use crate::lang::Text;
use crate::state::money::Asked;
use crate::text;
use crate::types::{Fen, now};
use anyhow::Result;
use clap::Subcommand;
use serde::Serialize;
use serde_json::{Value, json};

const DAY: i64 = 86_400;

/// Take payments through the payment-management service
#[derive(Debug, Subcommand)]
pub enum Verb {
    Create(Box<CreateArgs>),
    Show(ShowArgs),
    List(ListArgs),
    Close(Box<CloseArgs>),
    Refund(RefundArgs),
    Share(ShareArgs),
}

/// Make a payment, or a combined one of several merchants
///
/// Shows what the Mini Program hands to the cashier. The same number is the same payment: made again it gives new
/// arguments, and its orders must not differ. Several orders come from a file.
#[derive(Debug, clap::Args, Serialize)]
pub struct CreateArgs {
    /// Your number of the combined payment: 6 to 32 digits, letters or _-|*@
    #[arg(value_parser = number)]
    combine_trade_no: Option<String>,
    /// Openid of the buyer
    #[arg(long)]
    openid: Option<String>,
    /// Payable so many minutes from now
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u16).range(1..))]
    #[serde(skip)]
    minutes: Option<u16>,
    #[command(flatten)]
    #[serde(skip)]
    order: Order,
    #[command(flatten)]
    #[serde(skip)]
    data: Data,
}

/// The one order of a payment that is none of several.
#[derive(Debug, clap::Args)]
struct Order {
    /// Merchant number
    #[arg(long, value_name = "NUMBER")]
    mchid: Option<String>,
    /// Your number of the payment: 6 to 32 digits, letters or _-|*@
    #[arg(long, value_name = "NUMBER", value_parser = number)]
    trade_no: Option<String>,
    /// What is paid for
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// How much, in yuan
    #[arg(long, value_name = "YUAN", value_parser = Fen::from_yuan)]
    amount: Option<Fen>,
}

/// Show a payment with its refunds and shares
#[derive(Debug, clap::Args, Serialize)]
pub struct ShowArgs {
    /// Your number of the payment
    #[arg(value_parser = number)]
    trade_no: String,
}

/// List payments
///
/// Any span of time; it is asked for in pieces of a day, which is what WeChat allows. Every payment is read by itself.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    #[command(flatten)]
    span: Span,
    /// Only those of this merchant number
    #[arg(long, value_name = "NUMBER")]
    mchid: Option<String>,
    #[command(flatten)]
    rows: Rows,
    /// Only their numbers, without a call for each
    #[arg(long)]
    numbers: bool,
}

/// Close a payment that is not paid
#[derive(Debug, clap::Args, Serialize)]
pub struct CloseArgs {
    /// Your number of the combined payment
    #[arg(value_parser = number)]
    combine_trade_no: Option<String>,
    /// Openid of the buyer
    #[arg(long)]
    openid: Option<String>,
    /// Merchant number
    #[arg(long, value_name = "NUMBER")]
    #[serde(skip)]
    mchid: Option<String>,
    /// Your number of the payment
    #[arg(long, value_name = "NUMBER", value_parser = number)]
    #[serde(skip)]
    trade_no: Option<String>,
    #[command(flatten)]
    #[serde(skip)]
    data: Data,
}

/// Give money of a payment back to the buyer
///
/// The refund has a number that refunds once; without --refund-no it is made here and written down before anything is sent.
/// Run again after a crash or a lost answer, the command goes on with that refund.
#[derive(Debug, clap::Args)]
pub struct RefundArgs {
    /// Your number of the payment
    #[arg(value_parser = number)]
    trade_no: String,
    /// Openid of the buyer who paid
    #[arg(long)]
    openid: String,
    /// How much goes back, in yuan
    #[arg(long, value_name = "YUAN", value_parser = Fen::from_yuan)]
    amount: Fen,
    /// Your number of the refund: 6 to 32 digits, letters or _-|*@
    #[arg(long, value_name = "NUMBER", value_parser = number)]
    refund_no: Option<String>,
}

/// Settle what is left of a payment
///
/// Possible some days after payment; WeChat shares all that was not given back. The number counts once, as with refunds.
#[derive(Debug, clap::Args)]
pub struct ShareArgs {
    /// Your number of the payment
    #[arg(value_parser = number)]
    trade_no: String,
    /// Openid of the buyer who paid
    #[arg(long)]
    openid: String,
    /// Your number of the share: 6 to 32 characters
    #[arg(long, value_name = "NUMBER", value_parser = number)]
    share_no: Option<String>,
}

/// 6 to 32 characters from digits, letters and `_-|*@`.
fn number(text: &str) -> Result<String, Text> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_-|*@".contains(&byte);
    match (6..=32).contains(&text.len()) && text.bytes().all(fits) {
        true => Ok(text.to_owned()),
        false => Err(text!("write 6 to 32 digits, letters or _-|*@")),
    }
}

const CREATE: Ask = Ask::new("pay create", "/shop/pay/createorder").shows(
    "payment_params",
    &[
        ("timeStamp", "TIMESTAMP"),
        ("nonceStr", "NONCE"),
        ("package", "PACKAGE"),
        ("signType", "SIGN TYPE"),
        ("paySign", "SIGNATURE"),
    ],
);
const SHOW: Ask = Ask::new("pay show", "/shop/pay/getorder").shows(
    "order",
    &[
        ("trade_no", "NUMBER"),
        ("combine_trade_no", "COMBINED"),
        ("mchid", "MERCHANT"),
        ("transaction_id", "WECHAT PAY NUMBER"),
        ("amount", "AMOUNT"),
        ("description", "DESCRIPTION"),
        ("create_time", "CREATED"),
        ("pay_time", "PAID"),
        ("expire_time", "EXPIRES"),
        ("refund_list.refund_no", "REFUNDS"),
        ("profit_sharing_list.profit_sharing_no", "SHARES"),
    ],
);
const LIST: Ask = Ask::new("pay list", "/shop/pay/getorderlist").shows("trade_no_list", &[]);
const CLOSE: Ask = Ask::new("pay close", "/shop/pay/closeorder")
    .confirm(|| text!("close the payment"))
    .look_up("pay show");
const REFUND: Ask = Ask::new("pay refund", "/shop/pay/refundorder");
const SHARE: Ask = Ask::new("pay share", "/shop/pay/profitsharingorder");

pub const ASKS: &[Ask] = &[CREATE, SHOW, LIST, CLOSE, REFUND, SHARE];

pub async fn run(verb: Verb, ctx: &Ctx) -> Result<()> {
    match verb {
        Verb::Create(args) => create(*args, ctx).await,
        Verb::Show(args) => ctx.ask(&SHOW, &args).await,
        Verb::List(args) => list(args, ctx).await,
        Verb::Close(args) => {
            let mut base = args.data.read()?;
            if let Some(trade_no) = &args.trade_no {
                base["sub_orders"] = json!([{"mchid": args.mchid, "trade_no": trade_no}]);
            }
            ctx.ask_with(&CLOSE, &*args, base).await
        }
        Verb::Refund(args) => refund(args, ctx).await,
        Verb::Share(args) => share(args, ctx).await,
    }
}

async fn create(args: CreateArgs, ctx: &Ctx) -> Result<()> {
    let mut base = args.data.read()?;
    let Order {
        mchid,
        trade_no,
        description,
        amount,
    } = &args.order;
    let given = serde_json::Map::from_iter(
        [
            ("mchid", json!(mchid)),
            ("trade_no", json!(trade_no)),
            ("description", json!(description)),
            ("amount", json!(amount)),
        ]
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| (name.to_owned(), value)),
    );
    if !given.is_empty() {
        base["sub_orders"] = json!([given]);
    }
    if let Some(minutes) = args.minutes {
        base["expire_time"] = (ctx.clock()? + 60 * i64::from(minutes)).into();
    }
    ctx.ask_with(&CREATE, &args, base).await
}

async fn list(args: ListArgs, ctx: &Ctx) -> Result<()> {
    let mut numbers: Vec<String> = Vec::new();
    for (first, last) in args.span.windows(DAY, ctx.clock()?)? {
        let left = args.rows.limit.map(|limit| limit - numbers.len());
        if left == Some(0) {
            break;
        }
        let body =
            json!({"mchid": args.mchid, "begin_create_time": first, "end_create_time": last});
        let found = ctx.rows(&LIST, &body, left).await?;
        numbers.extend(found.iter().filter_map(Value::as_str).map(str::to_owned));
    }
    if args.numbers {
        return show_numbers(ctx, "trade_no", numbers);
    }
    let bodies = numbers
        .iter()
        .map(|number| json!({"trade_no": number}))
        .collect();
    let rows = ctx.read_each(&SHOW, bodies).await?;
    ctx.show_rows(&SHOW, rows)
}

/// A movement of money of a payment, with the number that counts once.
struct Movement<'a> {
    ask: &'static Ask,
    kind: &'static str,
    trade_no: &'a str,
    /// As given; `None` takes that of an earlier run that has not ended, or a new one.
    number: Option<String>,
    /// The letters that a new number begins with.
    letters: &'static str,
    /// Where the payment lists movements of this kind, and what their number is called there and in the request.
    list: &'static str,
    name: &'static str,
    openid: &'a str,
}

async fn refund(args: RefundArgs, ctx: &Ctx) -> Result<()> {
    if args.amount.0 <= 0 {
        return Err(Failure::input(text!("the amount must be more than 0")).into());
    }
    let movement = Movement {
        ask: &REFUND,
        kind: "refund",
        trade_no: &args.trade_no,
        number: args.refund_no,
        letters: "RF",
        list: "refund_list",
        name: "refund_no",
        openid: &args.openid,
    };
    movement
        .carry_out(ctx, Some(args.amount), |order| {
            refund_problems(order, args.amount)
        })
        .await
}

async fn share(args: ShareArgs, ctx: &Ctx) -> Result<()> {
    let movement = Movement {
        ask: &SHARE,
        kind: "share",
        trade_no: &args.trade_no,
        number: args.share_no,
        letters: "PS",
        list: "profit_sharing_list",
        name: "profit_sharing_no",
        openid: &args.openid,
    };
    movement.carry_out(ctx, None, share_problems).await
}

/// What was neither given back nor settled, in fen.
fn left(order: &Value) -> i64 {
    let sum = |list: &str| -> i64 {
        let parts = order[list].as_array().into_iter().flatten();
        parts.filter_map(|part| part["amount"].as_i64()).sum()
    };
    order["amount"].as_i64().unwrap_or(0) - sum("refund_list") - sum("profit_sharing_list")
}

fn refund_problems(order: &Value, amount: Fen) -> Vec<Text> {
    let mut problems = Vec::new();
    if order["pay_time"].as_i64().unwrap_or(0) == 0 {
        problems.push(text!("the payment is not paid"));
    } else if amount.0 > left(order) {
        problems.push(text!(
            "{left} yuan of it are left to give back",
            left = Fen(left(order)).to_yuan()
        ));
    }
    problems
}

fn share_problems(order: &Value) -> Vec<Text> {
    let mut problems = Vec::new();
    let paid = order["pay_time"].as_i64().unwrap_or(0);
    if paid == 0 {
        problems.push(text!("the payment is not paid"));
    }
    if order["profit_sharing_frozen"] == 1 {
        problems.push(text!("WeChat has frozen the sharing of this payment"));
    }
    if left(order) <= 0 {
        problems.push(text!("nothing of it is left to share"));
    }
    problems
}

impl Movement<'_> {
    /// Looks, asks, journals, sends, and looks again where the answer was lost.
    async fn carry_out(
        &self,
        ctx: &Ctx,
        amount: Option<Fen>,
        problems: impl Fn(&Value) -> Vec<Text>,
    ) -> Result<()> {
        let key = ctx.profile()?.shop_key();
        let state = ctx.state()?;
        let lock = format!("{}-{key}-{}", self.kind, self.trade_no);
        let _lock = state.lock(&lock)?;
        let order = self.order(ctx).await?;
        let moved = amount.unwrap_or(Fen(left(&order)));
        let open = state.open_money(&key, self.kind, self.trade_no)?;
        let open = open.into_iter().find(|open| match &self.number {
            Some(number) => open.mark == *number,
            None => amount.is_none_or(|amount| open.amount == amount),
        });
        let number = match (&self.number, &open) {
            (Some(number), _) => number.clone(),
            (None, Some(open)) => open.mark.clone(),
            (None, None) => fresh_number(self.letters),
        };
        if let Some(known) = self.find(&order, &number) {
            ctx.out.note(text!(
                "WeChat has {number} already; nothing was sent",
                number = &number
            ));
            if let Some(open) = open {
                state.end_money(open.id, "done")?;
            }
            return self.show(ctx, known);
        }
        let problems = problems(&order);
        if !problems.is_empty() {
            return Err(Failure::input(text!(
                "payment {number} does not allow this",
                number = self.trade_no
            ))
            .also(problems)
            .into());
        }
        let body = self.body(&order, &number, moved, amount.is_some())?;
        if ctx.global.dry_run {
            return ctx.send(self.ask, &body).await.map(|_| ());
        }
        ctx.out
            .check_columns_of(super::ask::columns(self.shown()))?;
        ctx.before_write(Some(self.question(moved))).await?;
        let id = match open {
            Some(open) => open.id,
            None => state.ask_money(&Asked {
                shop: &key,
                kind: self.kind,
                subject: self.trade_no,
                mark: &number,
                amount: moved,
                at: now(),
            })?,
        };
        let (_, operation) = self.ask.operation();
        if let Err(error) = ctx.shop().await?.ask(operation, &[], &body).await {
            if !may_be_done(&error) {
                state.end_money(id, "refused")?;
                return Err(too_early(error, &order));
            }
            ctx.out
                .note(text!("the answer was lost; looking whether it was done"));
            let done = self.find(&self.order(ctx).await?, &number).is_some();
            if !done {
                let mut failure = Failure::from_any(error);
                failure.hint = Some(text!(
                    "run the same command again: it goes on with number {number}, which counts once",
                    number
                ));
                return Err(failure.into());
            }
        }
        state.end_money(id, "done")?;
        let order = self.order(ctx).await?;
        let row = self.find(&order, &number);
        self.show(ctx, row.unwrap_or_else(|| json!({ self.name: number })))
    }

    fn question(&self, moved: Fen) -> Text {
        let (yuan, fen) = (moved.to_yuan(), moved.0);
        match self.kind {
            "refund" => text!("give {yuan} yuan ({fen} fen) back to the buyer", yuan, fen),
            _ => text!(
                "settle the {yuan} yuan ({fen} fen) that are left",
                yuan,
                fen
            ),
        }
    }

    fn body(&self, order: &Value, number: &str, moved: Fen, refund: bool) -> Result<Value> {
        let mut body = json!({
            "mchid": order["mchid"], "openid": self.openid, "trade_no": self.trade_no, self.name: number,
        });
        if refund {
            body["total_amount"] = order["amount"].clone();
            body["refund_amount"] = moved.0.into();
        }
        request(self.ask, &json!({}), body)
    }

    async fn order(&self, ctx: &Ctx) -> Result<Value> {
        let body = json!({"trade_no": self.trade_no});
        let mut reply = ctx.send(&SHOW, &body).await?.unwrap_or_default();
        Ok(reply["order"].take())
    }

    fn find(&self, order: &Value, number: &str) -> Option<Value> {
        let mut parts = order[self.list].as_array()?.iter();
        parts.find(|part| part[self.name] == number).cloned()
    }

    fn shown(&self) -> &'static Ask {
        match self.kind {
            "refund" => &REFUNDED,
            _ => &SHARED,
        }
    }

    /// The movement as WeChat has it.
    fn show(&self, ctx: &Ctx, row: Value) -> Result<()> {
        let columns = self.shown();
        let (book, operation) = columns.operation();
        let node = book.at(&operation.reply, columns.shows);
        let row = match node {
            Some(node) => crate::api::operation::present(book, node, row),
            None => row,
        };
        ctx.out.show_with(super::ask::columns(columns), &row)
    }
}

/// "Nothing to share" also answers a share before its time.
fn too_early(error: anyhow::Error, order: &Value) -> anyhow::Error {
    let mut failure = Failure::from_any(error);
    if failure.errcode == Some(9_720_004) {
        failure.hint = Some(text!(
            "a payment can be shared from {days} days after it was paid",
            days = order["profit_sharing_delay"].as_i64().unwrap_or(0)
        ));
    }
    failure.into()
}

/// Rows inside a payment.
const REFUNDED: Ask = Ask::new("pay refund", "/shop/pay/getorder").shows(
    "order.refund_list",
    &[
        ("refund_no", "NUMBER"),
        ("amount", "AMOUNT"),
        ("refund_id", "WECHAT PAY NUMBER"),
        ("result", "RESULT"),
        ("create_time", "CREATED"),
        ("finish_time", "ENDED"),
    ],
);
const SHARED: Ask = Ask::new("pay share", "/shop/pay/getorder").shows(
    "order.profit_sharing_list",
    &[
        ("profit_sharing_no", "NUMBER"),
        ("amount", "AMOUNT"),
        ("profit_sharing_id", "WECHAT PAY NUMBER"),
        ("result", "RESULT"),
        ("create_time", "CREATED"),
        ("finish_time", "ENDED"),
    ],
);
