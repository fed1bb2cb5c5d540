//! Counters: calls a minute and a day, products handed to the audit, and what was seen of an earlier call.

use super::token;
use crate::api::common::{
    ClearOneQuota, ClearQuota, DayQuota, QuotaGet, QuotaGetReply, RateLimit, RidGet, RidGetReply,
    SeenRequest,
};
use crate::api::{Done, Endpoint};
use crate::sandbox::router::{Call, Refusal};
use crate::sandbox::store::Tx;
use crate::sandbox::{APPID, STORE_APPID};
use crate::types::ChinaTime;
use crate::types::span::DAY;
use crate::types::span::HOUR;
use rusqlite::params;

/// Resets of the day counters a month.
const RESETS: i64 = 10;
/// Resets of one counter a month.
const RESETS_OF_ONE: i64 = 50;
/// What a day of calls may hold where no limit is set.
const DAY_LIMIT: i64 = 10_000_000;
/// How long a rid can be looked up, in seconds.
const RID_LIFE: i64 = 7 * DAY;

/// Counts a call, unless a limit is reached. Limits are off until they are set.
///
/// Resets go by the month, and must be possible when everything else is used up.
pub fn spend(tx: &mut Tx<'_>, path: &str) -> Result<(), Refusal> {
    if path.contains("clear_quota") || path == ClearOneQuota::PATH {
        return Ok(());
    }
    let day = format!("day:{path}");
    let today = tx.day();
    if let Some(limit) = tx.settings.calls_per_day
        && tx.counted(&day, today)? >= i64::from(limit)
    {
        return Err(Refusal::new(45009, "reach max api daily quota limit"));
    }
    if let Some(limit) = tx.settings.calls_per_minute {
        let minute = format!("minute:{path}");
        let this_minute = tx.now.div_euclid(60);
        if tx.counted(&minute, this_minute)? >= i64::from(limit) {
            return Err(Refusal::new(45011, "api minute-quota reach limit"));
        }
        tx.count(&minute, this_minute)?;
    }
    tx.count(&day, today)?;
    Ok(())
}

/// Counts a product handed to the audit, unless a limit is reached.
///
/// The platform names a code for one product only (1000019). For the whole shop the general codes stand in: 45011
/// for the hour, as for other short periods, and 45009 for the day.
pub fn submit(tx: &mut Tx<'_>, out_product_id: &str) -> Result<(), Refusal> {
    let settings = tx.settings.clone();
    let reached =
        |limit: Option<u32>, used: i64| limit.is_some_and(|limit| used >= i64::from(limit));
    if settings.audits_per_product.is_some() {
        let used: i64 = tx
            .db
            .prepare_cached("SELECT count(*) FROM submission WHERE at > ?1 AND out_id = ?2")?
            .query_row(params![tx.now - HOUR, out_product_id], |row| row.get(0))?;
        if reached(settings.audits_per_product, used) {
            return Err(Refusal::new(
                1_000_019,
                "too many submissions of this product in the last hour",
            ));
        }
    }
    if settings.audits_per_hour.is_some() || settings.audits_per_day.is_some() {
        let (hour, day) = submitted(tx)?;
        if reached(settings.audits_per_hour, hour) {
            return Err(Refusal::new(
                45011,
                "audit submissions reach the hourly limit",
            ));
        }
        if reached(settings.audits_per_day, day) {
            return Err(Refusal::new(
                45009,
                "audit submissions reach the daily limit",
            ));
        }
    }
    tx.db
        .prepare_cached("INSERT INTO submission (at, out_id) VALUES (?1, ?2)")?
        .execute(params![tx.now, out_product_id])?;
    Ok(())
}

/// Products handed to the audit in the last hour and this day.
pub fn submitted(tx: &Tx<'_>) -> Result<(i64, i64), Refusal> {
    let since = |from: i64| -> Result<i64, Refusal> {
        let mut statement = tx
            .db
            .prepare_cached("SELECT count(*) FROM submission WHERE at > ?1")?;
        Ok(statement.query_row([from], |row| row.get(0))?)
    };
    let midnight = tx.day() * DAY - 8 * HOUR;
    Ok((since(tx.now - HOUR)?, since(midnight - 1)?))
}

/// A path that counters are kept for.
fn check_path(path: &str) -> Result<(), Refusal> {
    if !path.starts_with('/') || path.contains('?') {
        return Err(Refusal::new(76003, "cgi_path format error, please check"));
    }
    if path.starts_with("/sns/") {
        return Err(Refusal::new(
            76022,
            "could not use this cgi_path,no permission",
        ));
    }
    match crate::api::operation::by_path(path) {
        Some(_) => Ok(()),
        None => Err(Refusal::new(76021, "cgi_path not found, please check")),
    }
}

/// Counts against the limit that is set; without one against a day's limit that is never reached, as the platform has one
/// for every call.
pub fn get(tx: &mut Tx<'_>, request: QuotaGet) -> Result<QuotaGetReply, Refusal> {
    let path = request.cgi_path.as_str();
    check_path(path)?;
    let used = tx.counted(&format!("day:{path}"), tx.day())?;
    let daily_limit = tx.settings.calls_per_day.map_or(DAY_LIMIT, i64::from);
    let quota = DayQuota {
        daily_limit,
        used,
        remain: (daily_limit - used).max(0),
    };
    let per_minute = tx.settings.calls_per_minute.map(i64::from);
    let rate_limit = per_minute.map(|call_count| RateLimit {
        call_count,
        refresh_second: 60,
    });
    Ok(QuotaGetReply {
        quota,
        rate_limit,
        component_rate_limit: None,
    })
}

/// Whose counters, out of whose pot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    Shop,
    Provider,
}

/// Sets all day counters to 0 by token.
pub fn clear(tx: &mut Tx<'_>, request: ClearQuota) -> Result<Done, Refusal> {
    if [APPID, STORE_APPID].contains(&request.appid.as_str()) {
        reset(tx, Of::Shop)
    } else {
        Err(Refusal::new(40013, "invalid appid"))
    }
}

/// The same by AppID and secret in the query, out of the same pot.
pub fn clear_by_secret(tx: &mut Tx<'_>, call: &Call) -> Result<Done, Refusal> {
    let parameter = |name| call.parameter(name).unwrap_or_default();
    let (appid, secret) = (parameter("appid"), parameter("appsecret"));
    token::admit(tx, call, "client_credential", &appid, &secret)?;
    reset(tx, Of::Shop)
}

/// Sets one day counter to 0; 50 a month.
pub fn clear_one(tx: &mut Tx<'_>, request: ClearOneQuota) -> Result<Done, Refusal> {
    let path = request.cgi_path.as_str();
    check_path(path)?;
    let pot = format!("reset one {}", month(tx));
    if tx.counted(&pot, 0)? >= RESETS_OF_ONE {
        return Err(used_up());
    }
    let cleared = tx.db.execute(
        "DELETE FROM counter WHERE period = ?1 AND name = ?2",
        params![tx.day(), format!("day:{path}")],
    )?;
    if cleared > 0 {
        tx.count(&pot, 0)?;
    }
    Ok(Done {})
}

fn month(tx: &Tx<'_>) -> String {
    let now = ChinaTime::from_unix(tx.now).0;
    now.get(..7).unwrap_or_default().to_owned()
}

fn used_up() -> Refusal {
    Refusal::new(48006, "forbid to clear quota because of reaching the limit")
}

/// Sets day counters to 0. Only a reset that changes something costs one of the month's ten.
pub fn reset(tx: &mut Tx<'_>, of: Of) -> Result<Done, Refusal> {
    let (pot, which) = match of {
        Of::Shop => ("reset", "NOT LIKE"),
        Of::Provider => ("reset provider", "LIKE"),
    };
    let pot = format!("{pot} {}", month(tx));
    if tx.counted(&pot, 0)? >= RESETS {
        return Err(used_up());
    }
    let cleared = tx.db.execute(
        &format!(
            "DELETE FROM counter WHERE period = ?1 AND name LIKE 'day:%'
             AND name {which} 'day:/cgi-bin/component/%'"
        ),
        [tx.day()],
    )?;
    if cleared > 0 {
        tx.count(&pot, 0)?;
    }
    Ok(Done {})
}

pub fn rid(tx: &mut Tx<'_>, request: RidGet) -> Result<RidGetReply, Refusal> {
    let groups: Vec<&str> = request.rid.split('-').collect();
    let hexadecimal = |group: &&str| {
        group.len() == 8
            && group
                .bytes()
                .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    if groups.len() != 3 || !groups.iter().all(hexadecimal) {
        return Err(Refusal::new(76002, "rid format error"));
    }
    let made = i64::from_str_radix(groups[0], 16).unwrap_or(0);
    if tx.now - made > RID_LIFE {
        return Err(Refusal::new(76004, "rid is out of date"));
    }
    let Some(call) = tx.call(&request.rid)? else {
        return Err(Refusal::new(76001, "rid not found"));
    };
    Ok(RidGetReply {
        request: SeenRequest {
            invoke_time: call.at,
            cost_in_ms: call.cost_in_ms,
            request_url: call.query,
            request_body: call.request,
            response_body: call.reply,
            client_ip: call.client_ip,
        },
    })
}
