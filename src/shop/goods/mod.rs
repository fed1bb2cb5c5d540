//! Goods as a merchant thinks of them.

pub mod component;
pub mod kept;
pub mod plan;
pub mod report;
pub mod send;
pub mod sheet;
pub mod single;
pub mod steps;
pub mod upload;

use super::walk::{Page, Walked, by_page};
use super::{Shop, lacks};
use crate::api::component::goods::{
    AddSpu, Added, DeleteSpu, DelistingSpu, GetSpu, ListSpu, ListSpuReply, ListingSpu, Spu,
    UpdateSpu, UpdateSpuFree, Updated, UpdatedFree, WithdrawAudit,
};
use crate::fail::failure;
use crate::text;
use crate::types::{ChinaTime, Family};
use anyhow::Result;
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};
use kept::Reading;
use serde::{Deserialize, Serialize};

/// The largest page that WeChat hands out.
const PAGE: u32 = 100;
/// Pages asked for at the same time.
const PAGES_AT_ONCE: u64 = 4;
/// Products read one by one at the same time, where a list leaves details out.
const DETAILS_AT_ONCE: usize = 8;

/// `status` of a product that buyers see, and of one that the merchant took down.
const ON_SALE: i64 = 5;
const OFF_SALE: i64 = 11;

/// Errcodes that say a product number is taken.
pub const EXISTS: [i64; 2] = [1_000_012, 9_401_001];
/// Errcodes that say a product is not there. -2 was seen for it on reads.
pub const MISSING: [i64; 3] = [1_000_011, 9_401_002, -2];

/// A page of a list, as it is kept.
#[derive(Serialize, Deserialize)]
struct KeptPage {
    total: u64,
    spus: Vec<Spu>,
}

/// Which of the two copies of a product is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Copy {
    /// What the merchant wrote last; it may be in audit.
    #[default]
    Draft,
    /// What buyers see.
    Online,
}

impl Copy {
    fn flag(self) -> u8 {
        match self {
            Copy::Draft => 1,
            Copy::Online => 0,
        }
    }
}

/// Narrows a list on WeChat's side.
#[derive(Debug, Clone, Default)]
pub struct GoodsFilter {
    pub status: Option<i64>,
    pub created: Option<(ChinaTime, ChinaTime)>,
    pub updated: Option<(ChinaTime, ChinaTime)>,
}

/// True for an error that says the product number is taken.
pub fn exists(error: &anyhow::Error) -> bool {
    failure(error)
        .and_then(|failure| failure.errcode)
        .is_some_and(|code| EXISTS.contains(&code))
}

/// True for an error that says there is no such product.
pub fn missing(error: &anyhow::Error) -> bool {
    failure(error)
        .and_then(|failure| failure.errcode)
        .is_some_and(|code| MISSING.contains(&code))
}

impl Shop {
    /// Creates one SPU and hands it to WeChat's audit. A number that is taken is refused with 1000012.
    /// `spu` is an [`AddSpu`] in JSON.
    pub async fn add_goods(&self, spu: Bytes) -> Result<Added> {
        Ok(match self.family {
            Family::Component => self.client.call_written::<AddSpu>(spu).await?.data,
            Family::Store => return Err(lacks(text!("this command")).into()),
        })
    }

    /// Replaces the whole draft and hands it to the audit.
    pub async fn update_goods(&self, spu: AddSpu) -> Result<Updated> {
        Ok(match self.family {
            Family::Component => self.client.call(&UpdateSpu(spu)).await?.data,
            Family::Store => return Err(lacks(text!("this command")).into()),
        })
    }

    /// Changes price, stock, codes and path at once, without audit.
    pub async fn update_goods_free(&self, update: &UpdateSpuFree) -> Result<UpdatedFree> {
        Ok(match self.family {
            Family::Component => self.client.call(update).await?.data,
            Family::Store => return Err(lacks(text!("this command")).into()),
        })
    }

    /// One product, or `None` if the shop has none of this number.
    pub async fn goods(&self, out_product_id: &str, copy: Copy) -> Result<Option<Spu>> {
        let request = GetSpu {
            out_product_id: out_product_id.to_owned(),
            need_edit_spu: copy.flag(),
        };
        let reply = match self.family {
            Family::Component => self.client.call(&request).await,
            Family::Store => return Err(lacks(text!("this command")).into()),
        };
        match reply {
            Ok(reply) => Ok(reply.spu),
            Err(error) if missing(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// How many pages of products there are.
    pub async fn goods_pages(&self) -> Result<u64> {
        let request = ListSpu {
            page: 1,
            page_size: PAGE,
            need_edit_spu: Copy::Draft.flag(),
            ..ListSpu::default()
        };
        let reply = match self.family {
            Family::Component => self.client.call(&request).await?,
            Family::Store => return Err(lacks(text!("this command")).into()),
        };
        Ok(reply.total_num.div_ceil(u64::from(PAGE)))
    }

    /// All products that pass the filter, each once; `heard` is told how many have come of how many. What `reading` kept
    /// is not read again, unless the shop has more or fewer products by now.
    pub async fn all_goods(
        &self,
        filter: &GoodsFilter,
        copy: Copy,
        reading: &Reading,
        heard: impl FnMut(u64, u64),
    ) -> Result<Walked<Spu>> {
        if reading.since().is_some() {
            let now = self.goods_page(filter, copy, 1, PAGE).await?.total_num;
            let kept: Option<KeptPage> = reading.look("1");
            if kept.is_none_or(|kept| kept.total != now) {
                reading.forget();
            }
        }
        let walked = self
            .walk_goods(filter, copy, Some(reading), heard, Ok)
            .await?;
        Ok(Walked {
            rows: self.complete(walked.rows, copy, reading).await?,
            unsure: walked.unsure,
        })
    }

    async fn goods_page(
        &self,
        filter: &GoodsFilter,
        copy: Copy,
        page: u32,
        page_size: u32,
    ) -> Result<ListSpuReply> {
        let request = ListSpu {
            start_create_time: filter.created.as_ref().map(|window| window.0.clone()),
            end_create_time: filter.created.as_ref().map(|window| window.1.clone()),
            start_update_time: filter.updated.as_ref().map(|window| window.0.clone()),
            end_update_time: filter.updated.as_ref().map(|window| window.1.clone()),
            status: filter.status,
            page,
            page_size,
            need_edit_spu: copy.flag(),
        };
        match self.family {
            Family::Component => self.client.call(&request).await,
            Family::Store => Err(lacks(text!("this command")).into()),
        }
    }

    /// What `keep` makes of each draft of the shop, which may come more than once, the last time as it is now; some come
    /// without their SKUs. The products themselves are not held.
    pub async fn each_goods<T>(&self, keep: impl FnMut(Spu) -> Result<T>) -> Result<Walked<T>> {
        self.walk_goods(&GoodsFilter::default(), Copy::Draft, None, |_, _| {}, keep)
            .await
    }

    async fn walk_goods<T>(
        &self,
        filter: &GoodsFilter,
        copy: Copy,
        reading: Option<&Reading>,
        heard: impl FnMut(u64, u64),
        keep: impl FnMut(Spu) -> Result<T>,
    ) -> Result<Walked<T>> {
        let heard = std::cell::RefCell::new((heard, 0u64));
        let keep = std::cell::RefCell::new(keep);
        let id = |spu: &Spu| match spu.product_id.0 {
            0 => spu.out_product_id.clone(),
            id => id.to_string(),
        };
        let walked = by_page(
            PAGE.into(),
            PAGES_AT_ONCE,
            None,
            |(id, _): &(String, T)| id.clone(),
            async |number, size| {
                let part = number.to_string();
                let kept = reading.and_then(|reading| reading.take::<KeptPage>(&part));
                let page = match kept {
                    Some(page) => {
                        reading.inspect(|reading| reading.counts(page.spus.len()));
                        page
                    }
                    None => {
                        let (number, size) = (u32::try_from(number)?, u32::try_from(size)?);
                        let reply = self.goods_page(filter, copy, number, size).await?;
                        let page = KeptPage {
                            total: reply.total_num,
                            spus: reply.spus,
                        };
                        reading.inspect(|reading| reading.keep(&part, &page, page.spus.len()));
                        page
                    }
                };
                let mut heard = heard.borrow_mut();
                heard.1 += page.spus.len() as u64;
                let come = heard.1.min(page.total);
                (heard.0)(come, page.total);
                let mut keep = keep.borrow_mut();
                let rows = page.spus.into_iter();
                let rows = rows.map(|spu| Ok((id(&spu), keep(spu)?)));
                Ok(Page {
                    rows: rows.collect::<Result<_>>()?,
                    total: Some(page.total),
                    more: None,
                })
            },
        )
        .await?;
        Ok(Walked {
            rows: walked.rows.into_iter().map(|(_, row)| row).collect(),
            unsure: walked.unsure,
        })
    }

    /// Reads again what a list showed without its SKUs; lists have been seen to leave details out.
    async fn complete(&self, goods: Vec<Spu>, copy: Copy, reading: &Reading) -> Result<Vec<Spu>> {
        let whole = |spu: Spu| async move {
            if !spu.skus.is_empty() || spu.out_product_id.is_empty() {
                return Ok(spu);
            }
            let part = format!("product {}", spu.out_product_id);
            if let Some(kept) = reading.take(&part) {
                return Ok(kept);
            }
            let Some(whole) = self.goods(&spu.out_product_id, copy).await? else {
                return Ok(spu);
            };
            reading.keep(&part, &whole, 0);
            Ok(whole)
        };
        futures_util::stream::iter(goods)
            .map(whole)
            .buffered(DETAILS_AT_ONCE)
            .try_collect()
            .await
    }

    /// Back on the shelf (status 11 → 5).
    pub async fn list_goods(&self, out_product_id: &str) -> Result<()> {
        match self.family {
            Family::Component => {
                let request = ListingSpu {
                    out_product_id: out_product_id.to_owned(),
                };
                let reply = self.client.call(&request).await.map(drop);
                let is_listed = |spu: Option<&Spu>| spu.is_some_and(|spu| spu.status == ON_SALE);
                self.or_as_read(reply, out_product_id, is_listed).await
            }
            Family::Store => Err(lacks(text!("this command")).into()),
        }
    }

    /// A step without an answer is done where the product stands where it leads.
    async fn or_as_read(
        &self,
        reply: Result<()>,
        out_product_id: &str,
        leads_here: impl Fn(Option<&Spu>) -> bool,
    ) -> Result<()> {
        let Err(error) = reply else { return Ok(()) };
        let is_unclear = failure(&error).is_some_and(|failure| failure.unclear);
        if is_unclear
            && let Ok(spu) = self.goods(out_product_id, Copy::Draft).await
            && leads_here(spu.as_ref())
        {
            return Ok(());
        }
        Err(error)
    }

    /// Off the shelf (status 0 or 5 → 11).
    pub async fn delist_goods(&self, out_product_id: &str) -> Result<()> {
        match self.family {
            Family::Component => {
                let request = DelistingSpu {
                    out_product_id: out_product_id.to_owned(),
                };
                let reply = self.client.call(&request).await.map(drop);
                let is_off = |spu: Option<&Spu>| spu.is_some_and(|spu| spu.status == OFF_SALE);
                self.or_as_read(reply, out_product_id, is_off).await
            }
            Family::Store => Err(lacks(text!("this command")).into()),
        }
    }

    /// Deletes for good. A deletion whose answer was lost and that then finds nothing has worked.
    pub async fn remove_goods(&self, out_product_id: &str) -> Result<()> {
        let request = DeleteSpu {
            out_product_id: out_product_id.to_owned(),
        };
        let reply = match self.family {
            Family::Component => self.client.call(&request).await,
            Family::Store => return Err(lacks(text!("this command")).into()),
        };
        match reply {
            Err(error)
                if missing(&error) && failure(&error).is_some_and(|failure| failure.unclear) =>
            {
                Ok(())
            }
            // A read that does not show it proves nothing: it answers so to other troubles too.
            other => other.map(drop),
        }
    }

    /// Takes a draft out of the audit. A repeat after a lost answer that finds no audit (1000016) has worked.
    pub async fn withdraw_audit(&self, out_product_id: &str) -> Result<()> {
        let request = WithdrawAudit {
            out_product_id: out_product_id.to_owned(),
        };
        let reply = match self.family {
            Family::Component => self.client.call(&request).await,
            Family::Store => return Err(lacks(text!("this command")).into()),
        };
        match reply {
            Err(error)
                if failure(&error).is_some_and(|failure| {
                    failure.unclear && failure.errcode == Some(1_000_016)
                }) =>
            {
                Ok(())
            }
            other => {
                let is_out = |spu: Option<&Spu>| {
                    spu.is_some_and(|spu| spu.edit_status != component::IN_AUDIT)
                };
                self.or_as_read(other.map(drop), out_product_id, is_out)
                    .await
            }
        }
    }
}
