//! How a verb names an order.

use super::super::Ctx;
pub use crate::shop::order::Key;
pub use crate::shop::order::find::DAYS_BACK;
use anyhow::Result;

/// How a verb names an order.
#[derive(Debug, Clone, clap::Args)]
pub struct Which {
    /// Order number: your own, or WeChat's
    #[arg(value_name = "ORDER")]
    pub order: String,
    /// Openid of the buyer (default: looked up among the orders of the last 90 days)
    #[arg(long, value_name = "OPENID")]
    pub openid: Option<String>,
    /// ORDER is WeChat's number, even if one of your own numbers is the same
    #[arg(long)]
    pub by_id: bool,
}

impl Which {
    /// The number and the buyer; without an openid the order is looked up.
    pub async fn key(&self, ctx: &Ctx) -> Result<Key> {
        let shop = ctx.shop().await?;
        shop.order_key(&self.order, self.openid.as_deref(), self.by_id)
            .await
    }
}
