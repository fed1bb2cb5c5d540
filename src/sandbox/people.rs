//! What people around the shop do, for whom no call exists: the keeper adds Channels promoters in the admin console,
//! invited people answer, buyers take coupons and come through shared material.

use super::Sandbox;
use super::rules::Happening;
use super::rules::component::{coupon, promoter, reach, sharer, staff};
use anyhow::Result;

impl Sandbox {
    /// A Channels promoter, added in the admin console and accepted.
    pub fn add_promoter(&mut self, nickname: &str) -> Result<Happening> {
        self.write(|tx| Ok(promoter::add(tx, nickname)?))
    }

    /// An invited person accepts or refuses, or a sharer ends the binding.
    pub fn answer_as_sharer(&mut self, openid: &str, answer: sharer::Answer) -> Result<Happening> {
        self.write(|tx| Ok(sharer::answer(tx, openid, answer)?))
    }

    /// A sharer passes a live room on.
    pub fn share_live(&mut self, openid: &str, live: &str) -> Result<Happening> {
        self.write(|tx| Ok(sharer::share(tx, openid, live)?))
    }

    /// Somebody of the promotion staff agrees, or takes the agreement back.
    pub fn answer_as_staff(&mut self, openid: &str, agrees: bool) -> Result<Happening> {
        self.write(|tx| Ok(staff::answer(tx, openid, agrees)?))
    }

    /// Somebody comes through the material of a promoter.
    pub fn visit(&mut self, openid: &str, visited: reach::Visited) -> Result<Happening> {
        self.write(|tx| Ok(reach::visit(tx, openid, visited)?))
    }

    /// A buyer takes a coupon; says the number of the request that the merchant is pushed.
    pub fn take_coupon(&mut self, out_coupon_id: &str) -> Result<String> {
        self.write(|tx| Ok(coupon::take(tx, out_coupon_id)?))
    }
}
