//! Access tokens: the stable one that all callers share, the classic one that every caller replaces, and who may
//! call at all.

use super::{provider, store};
use crate::api::Endpoint;
use crate::api::common::{CLASSIC_TOKEN_PATH, CLEAR_QUOTA_BY_SECRET_PATH, StableToken, TokenReply};
use crate::api::operation;
use crate::api::provider::{ClearComponentQuota, ComponentToken, StartPushTicket};
use crate::sandbox::router::{Call, Refusal};
use crate::sandbox::store::Tx;
use crate::sandbox::{APPID, LiveToken, SECRET, STORE_APPID, STORE_SECRET};
use crate::types::span::DAY;
use crate::types::{Family, Secret};
use rusqlite::{OptionalExtension, params};
use std::net::Ipv4Addr;

/// How long a token lives, and how long the one before works beside it, in seconds.
const LIFE: i64 = 7200;
const OVERLAP: i64 = 300;
/// Forced refreshes: seconds between two, and how many a day.
const FORCE_EVERY: i64 = 30;
const FORCE_A_DAY: i64 = 20;

/// Calls that carry a secret instead of a token.
pub fn is_open(path: &str) -> bool {
    [
        CLASSIC_TOKEN_PATH,
        StableToken::PATH,
        CLEAR_QUOTA_BY_SECRET_PATH,
        StartPushTicket::PATH,
        ComponentToken::PATH,
        ClearComponentQuota::PATH,
    ]
    .contains(&path)
}

/// Calls whose good answers have no errcode.
pub fn is_bare(path: &str) -> bool {
    match path {
        StartPushTicket::PATH | ClearComponentQuota::PATH => false,
        CLASSIC_TOKEN_PATH | StableToken::PATH | "/cgi-bin/callback/check" => true,
        path => path.starts_with("/cgi-bin/component/") || path.starts_with("/cgi-bin/get"),
    }
}

/// Whose account a token belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// The Mini Program of the custom component.
    Component,
    /// The WeChat Store.
    Store,
}

impl Owner {
    /// The kinds of its tokens: the shared one and the classic one.
    fn kinds(self) -> (&'static str, &'static str) {
        match self {
            Owner::Component => ("stable", "classic"),
            Owner::Store => ("store stable", "store classic"),
        }
    }

    fn of_kind(kind: &str) -> Owner {
        if kind.starts_with("store ") {
            Owner::Store
        } else {
            Owner::Component
        }
    }
}

/// A live token of one kind.
struct Live {
    token: String,
    ends_at: i64,
}

pub fn stable(tx: &mut Tx<'_>, call: &Call, request: StableToken) -> Result<TokenReply, Refusal> {
    let owner = admit(
        tx,
        call,
        &request.grant_type,
        &request.appid,
        request.secret.expose(),
    )?;
    let (kind, _) = owner.kinds();
    let newest = newest(tx, kind)?;
    let forced_at: Option<i64> = tx.db.query_row(
        "SELECT max(made_at) FROM token WHERE forced = 1 AND kind = ?1",
        [kind],
        |row| row.get(0),
    )?;
    // The second of two forced calls in a row changes nothing.
    let forces = request.force_refresh && forced_at.is_none_or(|at| tx.now - at >= FORCE_EVERY);
    if forces {
        return force(tx, kind);
    }
    match newest {
        Some(live) if live.ends_at - tx.now > OVERLAP => reply(&live.token, live.ends_at - tx.now),
        // The one in its last five minutes stays good until its own end, beside the new one.
        _ => make(tx, kind, false),
    }
}

/// Ends the shared token for everybody at once, the harsher reading of the documents.
fn force(tx: &mut Tx<'_>, kind: &str) -> Result<TokenReply, Refusal> {
    let today = tx.day();
    let counter = match Owner::of_kind(kind) {
        Owner::Component => "forced refresh",
        Owner::Store => "forced refresh of the store",
    };
    if tx.counted(counter, today)? >= FORCE_A_DAY {
        return Err(Refusal::new(
            45009,
            "reach max api daily quota limit: force_refresh",
        ));
    }
    tx.count(counter, today)?;
    tx.db.execute(
        "UPDATE token SET ends_at = min(ends_at, ?1), replaced = 1 WHERE kind = ?2",
        params![tx.now, kind],
    )?;
    make(tx, kind, true)
}

/// Every call makes a new token; the one before works five minutes more, older ones are dead.
pub fn classic(tx: &mut Tx<'_>, call: &Call) -> Result<TokenReply, Refusal> {
    let parameter = |name| call.parameter(name).unwrap_or_default();
    let owner = admit(
        tx,
        call,
        &parameter("grant_type"),
        &parameter("appid"),
        &parameter("secret"),
    )?;
    refresh_classic(tx, owner.kinds().1)
}

fn refresh_classic(tx: &mut Tx<'_>, kind: &str) -> Result<TokenReply, Refusal> {
    let before = newest(tx, kind)?;
    tx.db.execute(
        "UPDATE token SET ends_at = min(ends_at, ?1), replaced = 1 WHERE kind = ?2",
        params![tx.now, kind],
    )?;
    if let Some(before) = before {
        let end = before.ends_at.min(tx.now + OVERLAP);
        tx.db.execute(
            "UPDATE token SET ends_at = ?2 WHERE token = ?1",
            params![before.token, end],
        )?;
    }
    make(tx, kind, false)
}

fn newest(tx: &Tx<'_>, kind: &str) -> Result<Option<Live>, Refusal> {
    // Two may be made in one second, so the end decides: the later token ends later or was not replaced.
    Ok(tx
        .db
        .prepare_cached(
            "SELECT token, ends_at FROM token WHERE kind = ?1 AND replaced = 0 AND ends_at > ?2
             ORDER BY ends_at DESC LIMIT 1",
        )?
        .query_row(params![kind, tx.now], |row| {
            Ok(Live {
                token: row.get(0)?,
                ends_at: row.get(1)?,
            })
        })
        .optional()?)
}

/// Makes a token of a kind that has one at a time; those before it answer 40001.
pub fn replace(tx: &mut Tx<'_>, kind: &str) -> Result<TokenReply, Refusal> {
    tx.db.execute(
        "UPDATE token SET ends_at = min(ends_at, ?1), replaced = 1 WHERE kind = ?2",
        params![tx.now, kind],
    )?;
    make(tx, kind, false)
}

fn make(tx: &mut Tx<'_>, kind: &str, forced: bool) -> Result<TokenReply, Refusal> {
    let tail: String = std::iter::repeat_with(fastrand::alphanumeric)
        .take(96)
        .collect();
    let token = format!("85_{tail}");
    tx.db.execute(
        "INSERT INTO token (token, kind, made_at, ends_at, forced) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![token, kind, tx.now, tx.now + LIFE, forced],
    )?;
    // Kept a day, so that an old token is still known as one that ran out.
    tx.db
        .execute("DELETE FROM token WHERE ends_at < ?1", [tx.now - DAY])?;
    reply(&token, LIFE)
}

fn reply(token: &str, expires_in: i64) -> Result<TokenReply, Refusal> {
    Ok(TokenReply {
        access_token: Secret::new(token),
        expires_in,
    })
}

/// Who asks for a token: the right account, from a listed address, with its secret.
pub fn admit(
    tx: &Tx<'_>,
    call: &Call,
    grant_type: &str,
    appid: &str,
    secret: &str,
) -> Result<Owner, Refusal> {
    if grant_type != "client_credential" {
        return Err(Refusal::new(40002, "invalid grant_type"));
    }
    let (owner, right) = match appid {
        "" => return Err(Refusal::new(41002, "appid missing")),
        APPID => (Owner::Component, SECRET),
        STORE_APPID => (Owner::Store, STORE_SECRET),
        _ => return Err(Refusal::new(40013, "invalid appid")),
    };
    check_address(tx, call)?;
    match secret {
        "" => Err(Refusal::new(41004, "appsecret missing")),
        secret if secret == right => Ok(owner),
        _ => Err(Refusal::new(40125, "invalid appsecret")),
    }
}

/// Checks the token of a business call, and its address where every call is guarded. Says whose token it is.
pub fn authorise(tx: &Tx<'_>, call: &Call) -> Result<Owner, Refusal> {
    let Some(token) = call
        .parameter("access_token")
        .filter(|token| !token.is_empty())
    else {
        return Err(Refusal::new(41001, "access_token missing"));
    };
    let known: Option<(String, i64, bool)> = tx
        .db
        .prepare_cached("SELECT kind, ends_at, replaced FROM token WHERE token = ?1")?
        .query_row([&token], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let owner = match known {
        Some((kind, ends_at, _)) if tx.now < ends_at => {
            let owner = Owner::of_kind(&kind);
            of_this_account(owner, &call.path)?;
            provider::may_call(tx, &kind, &call.path)?;
            owner
        }
        Some((_, _, false)) => return Err(Refusal::new(42001, "access_token expired")),
        None if !looks_like_a_token(&token) => {
            return Err(Refusal::new(40014, "invalid access_token"));
        }
        _ => {
            return Err(Refusal::new(
                40001,
                "invalid credential, access_token is invalid or not latest",
            ));
        }
    };
    if tx.settings.guard_every_call && !is_listed(tx, &call.client_ip) {
        Err(not_registered(call))
    } else {
        Ok(owner)
    }
}

/// A token of one account does not work for the calls of another; some calls are those of both.
fn of_this_account(owner: Owner, path: &str) -> Result<(), Refusal> {
    let fits = match owner {
        Owner::Component => !store::is_own(path),
        Owner::Store => {
            let shared = operation::of_family(Family::Store, path).is_some();
            store::is_own(path) || path.starts_with("/cgi-bin/") || shared
        }
    };
    if fits {
        Ok(())
    } else {
        Err(Refusal::new(
            48001,
            "api unauthorized: not an api of this account",
        ))
    }
}

fn not_registered(call: &Call) -> Refusal {
    Refusal::new(
        61004,
        format!(
            "access clientip is not registered requestIP: {}",
            call.client_ip
        ),
    )
}

/// What calls that move secrets or money are checked for: an address on the account's list.
pub fn check_address(tx: &Tx<'_>, call: &Call) -> Result<(), Refusal> {
    if is_listed(tx, &call.client_ip) {
        return Ok(());
    }
    if call.path.starts_with("/cgi-bin/component/") {
        return Err(not_registered(call));
    }
    let ip = &call.client_ip;
    Err(Refusal::new(
        40164,
        format!("invalid ip {ip} ipv6 ::ffff:{ip}, not in whitelist"),
    ))
}

fn looks_like_a_token(token: &str) -> bool {
    token.len() >= 16
        && token
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

pub fn is_listed(tx: &Tx<'_>, ip: &str) -> bool {
    tx.settings.allowed_ips.is_empty()
        || tx
            .settings
            .allowed_ips
            .iter()
            .any(|entry| covers(entry, ip))
}

/// An entry of the list: one address, `172.0.0.*`, or `172.0.0.0/24`.
fn covers(entry: &str, ip: &str) -> bool {
    if let Some(start) = entry.strip_suffix('*') {
        return ip.starts_with(start);
    }
    let Some((network, length)) = entry.split_once('/') else {
        return entry == ip;
    };
    match (
        network.parse::<Ipv4Addr>(),
        length.parse::<u32>(),
        ip.parse::<Ipv4Addr>(),
    ) {
        (Ok(network), Ok(length @ 0..=32), Ok(ip)) => {
            let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
            u32::from(network) & mask == u32::from(ip) & mask
        }
        _ => false,
    }
}

/// Ends every token by its time: callers see 42001.
pub fn expire(tx: &mut Tx<'_>) -> Result<usize, Refusal> {
    Ok(tx
        .db
        .execute("UPDATE token SET ends_at = ?1 WHERE ends_at > ?1", [tx.now])?)
}

/// What another program does that shares the account: it forces a stable token and takes two classic ones, so
/// that every token known until now is dead (40001).
pub fn steal(tx: &mut Tx<'_>) -> Result<usize, Refusal> {
    let dead = tx.db.execute(
        "UPDATE token SET ends_at = min(ends_at, ?1), replaced = 1 WHERE ends_at > ?1",
        [tx.now],
    )?;
    for owner in [Owner::Component, Owner::Store] {
        let (stable, classic) = owner.kinds();
        make(tx, stable, false)?;
        make(tx, classic, false)?;
    }
    Ok(dead)
}

pub fn live(tx: &Tx<'_>) -> Result<Vec<LiveToken>, Refusal> {
    let mut statement = tx
        .db
        .prepare("SELECT kind, made_at, ends_at FROM token WHERE ends_at > ?1 ORDER BY made_at")?;
    let rows = statement.query_map([tx.now], |row| {
        Ok(LiveToken {
            kind: row.get(0)?,
            made_at: row.get(1)?,
            ends_at: row.get(2)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// How many tokens ran out between two moments.
pub fn ran_out(tx: &Tx<'_>, from: i64, to: i64) -> Result<i64, Refusal> {
    Ok(tx.db.query_row(
        "SELECT count(*) FROM token WHERE ends_at > ?1 AND ends_at <= ?2 AND replaced = 0",
        [from, to],
        |row| row.get(0),
    )?)
}

#[cfg(test)]
mod tests {
    use super::covers;

    #[test]
    fn the_address_list_takes_single_addresses_stars_and_prefixes() {
        assert!(covers("127.0.0.1", "127.0.0.1"));
        assert!(!covers("127.0.0.1", "127.0.0.10"));
        assert!(covers("172.0.0.*", "172.0.0.77"));
        assert!(covers("10.8.0.0/16", "10.8.250.1"));
        assert!(!covers("10.8.0.0/16", "10.9.0.1"));
        assert!(covers("0.0.0.0/0", "8.8.8.8"));
        assert!(!covers("10.8.0.0/99", "10.8.0.1"));
    }
}
