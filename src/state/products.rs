//! The `product` table: which products a WeChat Store has, by its own number and by the merchant's. A Store does not know
//! the merchant's numbers as keys, and adding twice makes two products, so that this is what keeps them apart. And
//! `empty_look`: when the store was last asked for a product whose addition got no answer, and did not have it.

use super::{State, sqlite_failure};
use anyhow::Result;
use rusqlite::{OptionalExtension, params};
use std::collections::HashSet;

pub(super) const SCHEMA: &str = "
    CREATE TABLE product (
        shop TEXT NOT NULL, id TEXT NOT NULL, number TEXT NOT NULL, code TEXT NOT NULL,
        PRIMARY KEY (shop, id)) WITHOUT ROWID;
    CREATE INDEX product_by_number ON product (shop, number);
    CREATE INDEX product_by_code ON product (shop, code);
    CREATE TABLE empty_look (
        shop TEXT NOT NULL, number TEXT NOT NULL, at INTEGER NOT NULL,
        PRIMARY KEY (shop, number)) WITHOUT ROWID;";

// Without the name of the index SQLite reads all products of the shop for every row of a sheet.
const BY_NUMBER: &str = "SELECT id, number, code FROM product INDEXED BY product_by_number
    WHERE shop = ?1 AND number = ?2 ORDER BY id";
const BY_CODE: &str = "SELECT id, number, code FROM product INDEXED BY product_by_code
    WHERE shop = ?1 AND code = ?2 AND number = '' ORDER BY id";

/// A product of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownProduct {
    /// The store's number.
    pub id: String,
    /// The merchant's; empty where the product has none.
    pub number: String,
    /// The merchant's code of the product; empty where it has none.
    pub code: String,
}

impl State {
    /// Every product of a shop that was read or added from here, by the store's number; 8 bytes for each of a million.
    pub fn known_products(&self, shop: &str) -> Result<HashSet<u64>> {
        let sql = self.sql();
        let read = || -> rusqlite::Result<HashSet<u64>> {
            sql.prepare_cached("SELECT id FROM product WHERE shop = ?1")?
                .query_map([shop], |row| {
                    let id: String = row.get(0)?;
                    Ok(id.parse().unwrap_or(0))
                })?
                .collect()
        };
        read().map_err(|error| sqlite_failure(error).into())
    }

    /// Whether a shop has a product of this number of its own.
    pub fn knows_product(&self, shop: &str, id: &str) -> Result<bool> {
        let sql = self.sql();
        let found = sql
            .prepare_cached("SELECT count(*) FROM product WHERE shop = ?1 AND id = ?2")
            .and_then(|mut statement| {
                statement.query_row(params![shop, id], |row| row.get::<_, i64>(0))
            });
        Ok(found.map_err(sqlite_failure)? > 0)
    }

    /// The products that have this number; where none has, those without a number that have this code.
    pub fn products_of(&self, shop: &str, number: &str, code: &str) -> Result<Vec<KnownProduct>> {
        let sql = self.sql();
        let read = |words: &str, value: &str| -> rusqlite::Result<Vec<KnownProduct>> {
            sql.prepare_cached(words)?
                .query_map(params![shop, value], |row| {
                    Ok(KnownProduct {
                        id: row.get(0)?,
                        number: row.get(1)?,
                        code: row.get(2)?,
                    })
                })?
                .collect()
        };
        let by_number = read(BY_NUMBER, number).map_err(sqlite_failure)?;
        if !by_number.is_empty() || code.is_empty() {
            return Ok(by_number);
        }
        read(BY_CODE, code).map_err(|error| sqlite_failure(error).into())
    }

    /// The merchant's number of a product, by the store's; `None` where it has none.
    pub fn number_of_product(&self, shop: &str, id: &str) -> Result<Option<String>> {
        let sql = self.sql();
        let found: rusqlite::Result<Option<String>> = sql
            .prepare_cached("SELECT number FROM product WHERE shop = ?1 AND id = ?2")
            .and_then(|mut statement| {
                statement
                    .query_row(params![shop, id], |row| row.get(0))
                    .optional()
            });
        let found = found.map_err(sqlite_failure)?;
        Ok(found.filter(|number| !number.is_empty()))
    }

    pub fn keep_product(&self, shop: &str, product: &KnownProduct) -> Result<()> {
        self.sql()
            .prepare_cached(
                "INSERT OR REPLACE INTO product (shop, id, number, code) VALUES (?1, ?2, ?3, ?4)",
            )
            .and_then(|mut statement| {
                statement.execute(params![shop, product.id, product.number, product.code])
            })
            .map_err(sqlite_failure)?;
        Ok(())
    }

    pub fn forget_product(&self, shop: &str, id: &str) -> Result<()> {
        self.sql()
            .execute(
                "DELETE FROM product WHERE shop = ?1 AND id = ?2",
                params![shop, id],
            )
            .map_err(sqlite_failure)?;
        Ok(())
    }

    /// Forgets that a product was uploaded: the same rows are to be sent again.
    pub fn forget_upload(&self, shop: &str, number: &str) -> Result<()> {
        self.sql()
            .execute(
                "DELETE FROM item WHERE shop = ?1 AND kind = 'goods' AND key = ?2",
                params![shop, number],
            )
            .map_err(sqlite_failure)?;
        Ok(())
    }

    /// Numbers that more than one product of a shop has.
    pub fn doubled_products(&self, shop: &str) -> Result<Vec<String>> {
        let sql = self.sql();
        let read = || -> rusqlite::Result<Vec<String>> {
            sql.prepare(
                "SELECT number FROM product WHERE shop = ?1 AND number <> '' GROUP BY number HAVING count(*) > 1 ORDER BY 1",
            )?
            .query_map([shop], |row| row.get(0))?
            .collect()
        };
        read().map_err(|error| sqlite_failure(error).into())
    }

    /// When a shop was last looked through for a number in vain.
    pub fn empty_look(&self, shop: &str, number: &str) -> Result<Option<i64>> {
        self.sql()
            .query_row(
                "SELECT at FROM empty_look WHERE shop = ?1 AND number = ?2",
                params![shop, number],
                |row| row.get(0),
            )
            .optional()
            .map_err(|error| sqlite_failure(error).into())
    }

    /// Notes the first look in vain; `None` forgets it.
    pub fn keep_empty_look(&self, shop: &str, number: &str, at: Option<i64>) -> Result<()> {
        let sql = self.sql();
        match at {
            Some(at) => sql.execute(
                "INSERT OR IGNORE INTO empty_look (shop, number, at) VALUES (?1, ?2, ?3)",
                params![shop, number, at],
            ),
            None => sql.execute(
                "DELETE FROM empty_look WHERE shop = ?1 AND number = ?2",
                params![shop, number],
            ),
        }
        .map_err(sqlite_failure)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_is_found_without_reading_the_others() {
        let folder = tempfile::tempdir().expect("a folder");
        let state = State::open(folder.path()).expect("a state");
        let sql = state.sql();
        for (query, key) in [(BY_NUMBER, "number=?"), (BY_CODE, "code=?")] {
            let plan: Vec<String> = sql
                .prepare(&format!("EXPLAIN QUERY PLAN {query}"))
                .and_then(|mut statement| {
                    let steps = statement.query_map(["s", "A"], |row| row.get(3))?;
                    steps.collect()
                })
                .expect("a plan");
            assert!(plan.iter().all(|step| step.contains(key)), "{plan:?}");
            assert!(!plan.is_empty());
        }
    }

    #[test]
    fn a_product_is_found_by_its_number_and_else_by_its_code() {
        let folder = tempfile::tempdir().expect("a folder");
        let state = State::open(folder.path()).expect("a state");
        let keep = |id: &str, number: &str, code: &str| {
            let product = KnownProduct {
                id: id.into(),
                number: number.into(),
                code: code.into(),
            };
            state.keep_product("s", &product).expect("kept");
        };
        keep("1", "A", "code");
        keep("2", "", "code");
        keep("3", "B", "");
        keep("4", "B", "");
        let ids = |number: &str, code: &str| -> Vec<String> {
            let found = state.products_of("s", number, code).expect("read");
            found.into_iter().map(|product| product.id).collect()
        };
        assert_eq!(ids("A", "code"), ["1"]);
        assert_eq!(
            ids("X", "code"),
            ["2"],
            "one with another number is another"
        );
        assert_eq!(ids("B", ""), ["3", "4"]);
        assert!(ids("X", "").is_empty());
        assert_eq!(state.doubled_products("s").expect("read"), ["B"]);
        state.keep_empty_look("s", "A", Some(5)).expect("kept");
        state.keep_empty_look("s", "A", Some(9)).expect("kept");
        assert_eq!(state.empty_look("s", "A").expect("read"), Some(5));
    }
}
