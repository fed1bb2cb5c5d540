//! `wxsell order create`: an order from a file, or from options for one product. What the shop knows of its goods need
//! not be typed, and what does not add up is not sent.

use super::super::Ctx;
use super::super::ask::Data;
use crate::fail::Failure;
use crate::shop::order::{Drafted, OneLine};
use crate::shop::pass_through::order::{CREATE, RECEIVER};
use crate::text;
use crate::types::{ChinaTime, Fen};
use anyhow::Result;
use serde::Serialize;
use std::path::PathBuf;
use std::time::Duration;

/// Create an order
///
/// From a file, or from options for one product. Title, images, page and price of the goods are taken from the shop
/// unless they are given; amounts are checked against both of WeChat's price rules before anything is sent. The first
/// report of an order number counts: a second one changes nothing.
#[derive(Debug, clap::Args, Serialize)]
pub struct Args {
    /// Your own number of the order: letters and digits
    #[arg(value_name = "ORDER", required_unless_present = "file")]
    out_order_id: Option<String>,
    #[command(flatten)]
    #[serde(skip)]
    data: Data,
    /// The buyer in this Mini Program
    #[arg(long, value_name = "OPENID", required_unless_present = "file")]
    openid: Option<String>,
    /// Your own number of the buyer
    #[arg(long, value_name = "NUMBER")]
    out_user_id: Option<String>,
    /// Who controls the money
    #[arg(long, value_enum)]
    #[serde(serialize_with = "as_number")]
    fund_type: Option<Fund>,
    /// Scene that the Mini Program was opened from, e.g. 1177
    #[arg(long, required_unless_present = "file")]
    scene: Option<i64>,
    /// Page of the order in the Mini Program, with the order's number in it
    #[arg(long, value_name = "PATH", required_unless_present = "file")]
    path: Option<String>,
    #[command(flatten)]
    #[serde(skip)]
    goods: Goods,
    /// Order total in yuan (default: computed)
    #[arg(long, value_name = "YUAN", value_parser = Fen::from_yuan)]
    total: Option<Fen>,
    /// Freight in yuan (default: none)
    #[arg(long, value_name = "YUAN", value_parser = Fen::from_yuan)]
    freight: Option<Fen>,
    /// Discount in yuan
    #[arg(long, value_name = "YUAN", value_parser = Fen::from_yuan)]
    discount: Option<Fen>,
    /// Surcharge such as tax, in yuan
    #[arg(long, value_name = "YUAN", value_parser = Fen::from_yuan)]
    surcharge: Option<Fen>,
    /// What the surcharge is for
    #[arg(long, value_name = "TEXT")]
    surcharge_for: Option<String>,
    /// Number of the prepayment, for fund type ordinary
    #[arg(long, value_name = "NUMBER")]
    prepay_id: Option<String>,
    /// When the prepayment was made, China time
    #[arg(long, value_name = "TIME", value_parser = crate::cli::values::china_time)]
    prepay_time: Option<ChinaTime>,
    /// JSON or TOML file with the receiver (receiver_name, tel_number, province, city, town, detailed_address)
    #[arg(long, value_name = "PATH", value_hint = clap::ValueHint::FilePath)]
    #[serde(skip)]
    address: Option<PathBuf>,
    /// How long the buyer may take to pay, e.g. 30m
    #[arg(long, value_name = "DURATION", value_parser = crate::cli::values::duration)]
    #[serde(skip)]
    pay_within: Option<Duration>,
    /// Days after receipt in which after-sales are possible
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(i64).range(5..))]
    aftersale_duration: Option<i64>,
    /// traceId that wx.checkBeforeAddOrder gave
    #[arg(long, value_name = "ID")]
    trace_id: Option<String>,
}

#[derive(Debug, clap::Args)]
pub struct Goods {
    /// Your own number of the product
    #[arg(long, value_name = "OUT_PRODUCT_ID")]
    product: Option<String>,
    /// Your own number of the SKU; not needed where the product has one
    #[arg(long, value_name = "OUT_SKU_ID", requires = "product")]
    sku: Option<String>,
    /// Number of pieces
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(i64).range(1..))]
    count: i64,
    /// Unit price in yuan (default: the shop's)
    #[arg(long, value_name = "YUAN", value_parser = Fen::from_yuan, requires = "product")]
    price: Option<Fen>,
    /// Total paid for all pieces, in yuan
    #[arg(long, value_name = "YUAN", value_parser = Fen::from_yuan, requires = "product")]
    paid: Option<Fen>,
    /// Title of the product
    #[arg(long, value_name = "TEXT", requires = "product")]
    title: Option<String>,
    /// Main image of the product
    #[arg(long, value_name = "URL", requires = "product")]
    head_img: Option<String>,
    /// Page of the product in the Mini Program
    #[arg(long, value_name = "PATH", requires = "product")]
    product_path: Option<String>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Fund {
    /// WeChat takes the money and settles it
    Controlled,
    /// Paid through the merchant's own contract
    Ordinary,
}

fn as_number<S: serde::Serializer>(
    fund: &Option<Fund>,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    match fund {
        Some(Fund::Controlled) => serializer.serialize_i64(1),
        Some(Fund::Ordinary) => serializer.serialize_i64(0),
        None => serializer.serialize_none(),
    }
}

pub async fn run(args: Args, ctx: &Ctx) -> Result<()> {
    let now = ctx.clock()?;
    let mut order = CREATE.laid(&args, args.data.read()?)?;
    if let Some(path) = args.address {
        let file = Data { file: Some(path) };
        RECEIVER.put(&mut order, file.read()?);
    }
    let lines: Vec<OneLine> = args.goods.line().into_iter().collect();
    let expires = args.pay_within.map(|within| {
        let seconds = i64::try_from(within.as_secs()).unwrap_or(i64::MAX);
        now.saturating_add(seconds)
    });
    let shop = ctx.shop().await?;
    let Drafted { body, problems } = shop.draft_order(order, lines, expires, now).await?;
    if !problems.is_empty() {
        return Err(
            Failure::input(text!("the order is not complete or does not add up"))
                .also(problems)
                .hint(if args.data.file.is_some() {
                    text!(
                        "`wxsell api describe {path}` shows its fields; nothing was sent",
                        path = CREATE.path
                    )
                } else {
                    text!(
                        "nothing was sent; `wxsell goods list --online` shows what can be ordered"
                    )
                })
                .into(),
        );
    }
    ctx.send_and_show(&CREATE, &body).await
}

impl Goods {
    fn line(self) -> Option<OneLine> {
        Some(OneLine {
            product: self.product?,
            count: self.count,
            sku: self.sku,
            title: self.title,
            image: self.head_img,
            page: self.product_path,
            price: self.price,
            paid: self.paid,
        })
    }
}
