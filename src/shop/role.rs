//! Roles of promotion staff: they cannot be removed, and are known by their name.

use super::Shop;
use super::write::Found;
use crate::api::component::funds::Role;
use crate::state::money::Movement;
use anyhow::Result;
use serde_json::json;

impl Shop {
    /// The role with the name of the movement.
    pub async fn find_role(&self, movement: &Movement) -> Result<Option<Found>> {
        let rows = self
            .read_list("/promoter/getrole", &json!({}), "role_list")
            .await?;
        let found = rows.into_iter().find_map(|record| {
            let role: Role = serde_json::from_value(record.clone()).ok()?;
            (role.name == movement.mark).then(|| Found {
                number: role.role_id.to_string(),
                record,
                stand: None,
            })
        });
        Ok(found)
    }
}
