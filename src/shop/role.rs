//! Roles of promotion staff: they cannot be removed, and are known by their name.

use super::Shop;
use super::write::Found;
use crate::api::component::staff::Role;
use crate::shop::pass_through::empty;
use crate::state::money::Movement;
use anyhow::Result;
use serde_json::Value;

impl Shop {
    /// WeChat's record of a role; null where there is none, or not yet.
    pub async fn role(&self, name: &str) -> Result<Value> {
        let found = self.named_role(name).await?;
        Ok(found.map_or(Value::Null, |found| found.record))
    }

    /// The role with the name of the movement.
    pub async fn find_role(&self, movement: &Movement) -> Result<Option<Found>> {
        self.named_role(&movement.mark).await
    }

    async fn named_role(&self, name: &str) -> Result<Option<Found>> {
        let rows = self
            .read_list("/promoter/getrole", &empty(), "role_list")
            .await?;
        let found = rows.into_iter().find_map(|record| {
            let role: Role = serde_json::from_value(record.clone()).ok()?;
            (role.name == name).then(|| Found {
                number: role.role_id.to_string(),
                record,
                stand: None,
                amount: None,
            })
        });
        Ok(found)
    }
}
