//! Failures by order and by chance. Each strikes a number of times, or with a probability drawn from a seed that is
//! kept in the shop's file, so that the same calls in the same order meet the same failures.

use super::router::Refusal;
use super::store::Tx;
use rusqlite::params;
use serde::{Deserialize, Serialize};

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The answer comes late.
    Latency { milliseconds: u64 },
    /// No answer for so long, then the connection is dropped.
    Timeout { seconds: u64 },
    /// The connection is dropped without an answer.
    Reset,
    /// A gateway answers with this HTTP status.
    Status { status: u16 },
    /// A page of a gateway instead of JSON, HTTP 200.
    Html,
    /// The call is carried out and its answer breaks off in the middle.
    Half,
    /// WeChat's own refusal; the call is not carried out.
    Errcode { errcode: i64, errmsg: String },
    /// A compressed answer that unpacks to this many mebibytes.
    GzipBomb { mebibytes: u64 },
    /// HTTP 302 to this address.
    Redirect { to: String },
    /// This text as JSON with HTTP 200, whatever the call would have answered.
    Reply { json: String },
}

impl Kind {
    /// The word that commands and the list of calls use.
    pub fn word(&self) -> &'static str {
        match self {
            Kind::Latency { .. } => "latency",
            Kind::Timeout { .. } => "timeout",
            Kind::Reset => "reset",
            Kind::Status { .. } => "status",
            Kind::Html => "html",
            Kind::Half => "half",
            Kind::Errcode { .. } => "errcode",
            Kind::GzipBomb { .. } => "gzip_bomb",
            Kind::Redirect { .. } => "redirect",
            Kind::Reply { .. } => "reply",
        }
    }
}

/// One ordered failure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// Strikes calls whose path begins so; `/` is every call.
    pub path: String,
    pub kind: Kind,
    /// The call is carried out first and only its answer is lost.
    pub after: bool,
    /// How often it strikes; `None` is until it is cleared.
    pub times: Option<u32>,
    /// From 0 to 1; `None` strikes every call that fits.
    pub rate: Option<f64>,
    pub seed: u64,
    /// Strikes calls to this very path alone.
    #[serde(default)]
    pub exact: bool,
}

impl Fault {
    /// Strikes the next call to `path`, once.
    pub fn once(path: &str, kind: Kind) -> Fault {
        Fault {
            path: path.into(),
            kind,
            after: false,
            times: Some(1),
            rate: None,
            seed: 0,
            exact: false,
        }
    }

    /// Strikes calls to `path` by chance, until it is cleared.
    pub fn by_chance(path: &str, kind: Kind, rate: f64, seed: u64) -> Fault {
        Fault {
            path: path.into(),
            kind,
            after: false,
            times: None,
            rate: Some(rate),
            seed,
            exact: false,
        }
    }

    /// The call is carried out first and only its answer is lost.
    pub fn after(mut self) -> Fault {
        self.after = true;
        self
    }

    /// Strikes calls to this very path alone.
    pub fn exact(mut self) -> Fault {
        self.exact = true;
        self
    }

    /// Strikes so often.
    pub fn times(mut self, times: u32) -> Fault {
        self.times = Some(times);
        self
    }
}

/// A fault as it stands: its number, and how often it still strikes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ActiveFault {
    pub id: i64,
    pub fault: Fault,
    pub times_left: Option<u32>,
}

/// What happens to one call.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    pub delay_milliseconds: u64,
    pub fault: Option<Fault>,
}

pub fn add(tx: &mut Tx<'_>, fault: &Fault) -> Result<i64, Refusal> {
    tx.db.execute(
        "INSERT INTO fault (spec, times_left, random) VALUES (?1, ?2, ?3)",
        params![
            serde_json::to_string(fault)?,
            fault.times,
            fault.seed.cast_signed()
        ],
    )?;
    Ok(tx.db.last_insert_rowid())
}

/// Takes all faults back, or one; says how many there were.
pub fn clear(tx: &mut Tx<'_>, id: Option<i64>) -> Result<usize, Refusal> {
    tx.db
        .execute("DELETE FROM fault WHERE times_left = 0", [])?;
    Ok(tx
        .db
        .execute("DELETE FROM fault WHERE ?1 IS NULL OR id = ?1", [id])?)
}

/// Those that still strike.
pub fn all(tx: &Tx<'_>) -> Result<Vec<ActiveFault>, Refusal> {
    Ok(rows(tx)?.into_iter().map(|(active, _)| active).collect())
}

fn rows(tx: &Tx<'_>) -> Result<Vec<(ActiveFault, u64)>, Refusal> {
    let mut statement = tx
        .db
        .prepare_cached("SELECT id, spec, times_left, random FROM fault WHERE times_left IS NULL OR times_left > 0 ORDER BY id")?;
    let mut rows = statement.query([])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        let spec: String = row.get(1)?;
        let active = ActiveFault {
            id: row.get(0)?,
            fault: serde_json::from_str(&spec)?,
            times_left: row.get(2)?,
        };
        out.push((active, row.get::<_, i64>(3)?.cast_unsigned()));
    }
    Ok(out)
}

/// Decides what happens to a call. Delays add up; of the others the oldest that strikes wins, and only that one is
/// used up.
pub fn draw(tx: &mut Tx<'_>, path: &str) -> Result<Plan, Refusal> {
    let mut plan = Plan::default();
    for (active, random) in rows(tx)? {
        let ActiveFault { id, fault, .. } = active;
        let fits = if fault.exact {
            path == fault.path
        } else {
            path.starts_with(&fault.path)
        };
        if !fits {
            continue;
        }
        let mut strikes = true;
        if let Some(rate) = fault.rate {
            let mut random = fastrand::Rng::with_seed(random);
            strikes = random.f64() < rate;
            let state = random.get_seed().cast_signed();
            tx.db
                .prepare_cached("UPDATE fault SET random = ?2 WHERE id = ?1")?
                .execute(params![id, state])?;
        }
        let is_delay = matches!(fault.kind, Kind::Latency { .. });
        if !strikes || plan.fault.is_some() && !is_delay {
            continue;
        }
        tx.db
            .prepare_cached("UPDATE fault SET times_left = times_left - 1 WHERE id = ?1")?
            .execute([id])?;
        match fault.kind {
            Kind::Latency { milliseconds } => plan.delay_milliseconds += milliseconds,
            _ => plan.fault = Some(fault),
        }
    }
    Ok(plan)
}

/// A gzip stream that unpacks to `mebibytes` of spaces, made without holding them: one literal and then runs of 258
/// in the fixed code of DEFLATE. The checksum at its end is wrong; who reads so far has unpacked it all.
pub fn gzip_bomb(mebibytes: u64) -> Vec<u8> {
    let mut bits = Bits {
        out: vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255],
        held: 0,
        count: 0,
    };
    bits.low_first(0b011, 3);
    bits.high_first(0x30 + u32::from(b' '), 8);
    for _ in 0..mebibytes.saturating_mul(1 << 20) / 258 {
        // Length 258 is code 285, distance 1 is code 0.
        bits.high_first(0b1100_0101, 8);
        bits.high_first(0, 5);
    }
    bits.high_first(0, 7);
    bits.low_first(0, 7);
    bits.out.extend([0; 8]);
    bits.out
}

struct Bits {
    out: Vec<u8>,
    held: u32,
    count: u32,
}

impl Bits {
    fn low_first(&mut self, value: u32, length: u32) {
        self.held |= value << self.count;
        self.count += length;
        while self.count >= 8 {
            self.out.push(self.held.to_le_bytes()[0]);
            self.held >>= 8;
            self.count -= 8;
        }
    }

    fn high_first(&mut self, value: u32, length: u32) {
        self.low_first(value.reverse_bits() >> (32 - length), length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn the_gzip_bomb_is_small_and_unpacks_large() {
        let bomb = gzip_bomb(3);
        assert!(bomb.len() < 40_000, "{}", bomb.len());
        let mut unpacked = Vec::new();
        let read = flate2::read::GzDecoder::new(&bomb[..])
            .take(3 << 20)
            .read_to_end(&mut unpacked);
        assert!(read.is_err() || unpacked.len() > 3_000_000);
        assert!(
            unpacked.len() > 3_000_000,
            "only {} bytes came out",
            unpacked.len()
        );
        assert!(unpacked.iter().all(|byte| *byte == b' '));
    }
}
