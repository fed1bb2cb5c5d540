//! Balance, movements and withdrawals. A withdrawal waits for the administrator's phone; money leaves the available
//! account once the code is confirmed, and the clock brings it to the bank.
//!
//! ```text
//! BEFORE_SCAN_QRCODE ── scan ──► AFTER_SCAN_QRCODE ── confirm ──► INIT ── 1 min ──► CREATE_SUCCESS ── 2 h ──► SUCCESS
//!        │ 10 min, cancel              │ cancel                     └────── keeper ──────┴──► FAIL      keeper ──► REFUND
//!        └──────────────► CLOSE ◄──────┘
//! ```

use super::Happening;
use super::ledger::{self, Account, Movement};
use crate::lang::Text;
use crate::sandbox::router::Refusal;
use crate::sandbox::store::{Document, Filter, Tx};
use crate::text;
use crate::types::span::DAY;
use crate::types::span::HOUR;
use crate::types::{ChinaTime, Fen};
use base64::Engine;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

const WITHDRAWAL: &str = "withdrawal";
const TICKET: &str = "qr_ticket";
/// How long a code can be scanned.
const TICKET_LIFE: i64 = 600;
const ACCEPTED_AFTER: i64 = 60;
const PAID_AFTER: i64 = 2 * HOUR;

/// State of a withdrawal; the place in the list is the document's `state`.
const STATES: [&str; 8] = [
    "BEFORE_SCAN_QRCODE",
    "AFTER_SCAN_QRCODE",
    "INIT",
    "CREATE_SUCCESS",
    "SUCCESS",
    "FAIL",
    "REFUND",
    "CLOSE",
];
const BEFORE: i64 = 0;
const AFTER: i64 = 1;
const INIT: i64 = 2;
const CREATED: i64 = 3;
const SUCCESS: i64 = 4;
const FAIL: i64 = 5;
const REFUND: i64 = 6;
const CLOSE: i64 = 7;

/// State of a code, as `qrcode/check` numbers it.
mod code {
    pub const NEW: i64 = 0;
    pub const CONFIRMED: i64 = 1;
    pub const CANCELLED: i64 = 2;
    pub const EXPIRED: i64 = 3;
    pub const SCANNED: i64 = 4;
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Withdrawal {
    amount: Fen,
    remark: String,
    bank_memo: String,
    bank_name: String,
    bank_num: String,
    reason: String,
    ticket: String,
}

/// What a code is for: the number of the withdrawal, or nothing for a bare look at who scans.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Ticket {
    withdrawal: String,
}

/// What happens to a withdrawal away from the merchant's programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The administrator scans the code.
    Scan,
    /// The administrator confirms, after scanning it where that was not done.
    Confirm,
    Cancel,
    /// WeChat Pay cannot pay it out.
    Fail,
    /// The bank sends it back after it was paid out.
    Return,
}

pub fn balance(tx: &mut Tx<'_>, _: Value) -> Result<Value, Refusal> {
    Ok(json!({"balance_info": {
        "available_amount": ledger::balance(tx, Account::Available)?,
        "pending_amount": ledger::balance(tx, Account::Pending)?,
    }}))
}

#[derive(Deserialize)]
pub struct Flows {
    date: String,
    page_num: usize,
    page_size: usize,
}

pub fn flows(tx: &mut Tx<'_>, request: Flows) -> Result<Value, Refusal> {
    let day = jiff::civil::Date::strptime("%Y%m%d", &request.date)
        .map_err(|_| bad("date must be YYYYMMDD"))?;
    let start = ChinaTime(format!("{day} 00:00:00")).unix().unwrap_or(0);
    let numbers: Vec<String> = booked(tx, start + DAY - 1)?
        .into_iter()
        .filter(|(movement, _, _)| movement.at >= start)
        .map(|(movement, _, _)| flow_number(&movement))
        .collect();
    Ok(json!({
        "total_num": numbers.len(),
        "funds_flow_ids": page(numbers, request.page_num, request.page_size)?,
    }))
}

#[derive(Deserialize)]
pub struct Flow {
    funds_flow_id: String,
}

pub fn flow(tx: &mut Tx<'_>, request: Flow) -> Result<Value, Refusal> {
    let now = tx.now;
    let found = booked(tx, now)?
        .into_iter()
        .find(|(movement, _, _)| flow_number(movement) == request.funds_flow_id);
    let (movement, fen, balance) = found.ok_or_else(no_data)?;
    let (kind, business) = words(&movement.reason);
    Ok(json!({"funds_flow": {
        "funds_flow_id": request.funds_flow_id,
        "type": kind,
        "flow_type": if fen < 0 { "支出" } else { "收入" },
        "amount": Fen(fen.abs()).to_yuan(),
        "balance": Fen(balance).to_yuan(),
        "busi_type": business,
        "request_no": movement.reference,
        "bookkeeping_time": ChinaTime::from_unix(movement.at),
    }}))
}

/// Movements into and out of the merchant's accounts up to a moment, with their sign and what was there afterwards. What
/// only goes from pending to available is none.
fn booked(tx: &Tx<'_>, until: i64) -> Result<Vec<(Movement, i64, i64)>, Refusal> {
    let own = |name: &str| matches!(name, "pending" | "available");
    let mut all = ledger::movements(tx, Account::Pending, 0, until)?;
    all.extend(ledger::movements(tx, Account::Available, 0, until)?);
    all.retain(|movement| own(&movement.source) != own(&movement.target));
    all.sort_by_key(|movement| movement.seq);
    let mut balance = 0;
    let with_balance = all.into_iter().map(|movement| {
        let fen = if own(&movement.target) {
            movement.amount.0
        } else {
            -movement.amount.0
        };
        balance += fen;
        (movement, fen, balance)
    });
    Ok(with_balance.collect())
}

fn flow_number(movement: &Movement) -> String {
    let day: String = ChinaTime::from_unix(movement.at).0[..10].replace('-', "");
    format!("FF{day}{:06}", movement.seq)
}

fn words(reason: &str) -> (&'static str, &'static str) {
    match reason {
        "payment" => ("订单收入", "订单"),
        "refund" => ("订单退款", "售后"),
        "settlement" => ("技术服务费", "订单"),
        "commission" => ("服务商佣金", "订单"),
        "withdrawal" => ("提现", "提现"),
        "withdrawal_back" => ("提现退回", "提现"),
        "deposit" => ("充值", "充值"),
        _ => ("其他", "其他"),
    }
}

#[derive(Deserialize)]
pub struct Submit {
    amount: Fen,
    #[serde(default)]
    remark: String,
    #[serde(default)]
    bank_memo: String,
}

pub fn submit(tx: &mut Tx<'_>, request: Submit) -> Result<Value, Refusal> {
    if request.amount.0 <= 0 || request.amount.0 > ledger::balance(tx, Account::Available)?.0 {
        return Err(bad("amount is not within the available balance"));
    }
    let midnight = tx.day() * DAY - 8 * HOUR;
    let today = Filter {
        created: (Some(midnight), None),
        ..Filter::default()
    };
    let counts = |known: &Document<Withdrawal>| !matches!(known.state, FAIL | CLOSE);
    if tx.all(WITHDRAWAL, &today)?.iter().any(counts) {
        return Err(Refusal::new(9_700_101, "only one withdrawal per day"));
    }
    let day: String = ChinaTime::from_unix(tx.now).0[..10].replace('-', "");
    let number = format!("WD{day}{:06}", tx.count(WITHDRAWAL, 1)?);
    let ticket = new_ticket(tx, &number)?;
    let account = super::bank::account(tx)?;
    let withdrawal = Document {
        id: tx.next_id(WITHDRAWAL)?,
        out_id: number.clone(),
        state: BEFORE,
        draft: 0,
        due: None,
        created_at: tx.now,
        changed_at: tx.now,
        body: Withdrawal {
            amount: request.amount,
            remark: request.remark,
            bank_memo: request.bank_memo,
            bank_num: super::bank::masked(&account.account_number),
            bank_name: account.full_name(),
            reason: String::new(),
            ticket: ticket.clone(),
        },
    };
    tx.put(WITHDRAWAL, &withdrawal)?;
    tell(tx, &number, 1)?;
    Ok(json!({"out_request_no": number, "qrcode_ticket": ticket}))
}

/// The step numbers of the sister family: 1 code made, 2 scanned, 3 paid out, 4 failed.
fn tell(tx: &mut Tx<'_>, number: &str, event: i64) -> Result<(), Refusal> {
    let told = json!({"withdraw_info": {"out_request_no": number, "event": event}});
    tx.emit("withdraw_notify", &told)
}

#[derive(Deserialize)]
pub struct Page {
    page_num: usize,
    page_size: usize,
}

/// The newest first.
pub fn withdrawals(tx: &mut Tx<'_>, request: Page) -> Result<Value, Refusal> {
    let all = tx.all::<Withdrawal>(WITHDRAWAL, &Filter::default())?;
    let numbers: Vec<String> = all.into_iter().rev().map(|known| known.out_id).collect();
    Ok(json!({
        "total_num": numbers.len(),
        "out_request_nos": page(numbers, request.page_num, request.page_size)?,
    }))
}

fn page(numbers: Vec<String>, number: usize, size: usize) -> Result<Vec<String>, Refusal> {
    if number == 0 || size == 0 {
        return Err(bad("page_num and page_size count from 1"));
    }
    if numbers.is_empty() {
        return Err(no_data());
    }
    let skip = (number - 1).saturating_mul(size);
    Ok(numbers.into_iter().skip(skip).take(size).collect())
}

#[derive(Deserialize)]
pub struct Detail {
    out_request_no: String,
}

pub fn withdrawal(tx: &mut Tx<'_>, request: Detail) -> Result<Value, Refusal> {
    let known = tx.find::<Withdrawal>(WITHDRAWAL, &request.out_request_no)?;
    let known = known.ok_or_else(no_data)?;
    let state = usize::try_from(known.state).ok();
    Ok(json!({"withdraw_info": {
        "amount": known.body.amount,
        "remark": known.body.remark,
        "bank_name": known.body.bank_name,
        "bank_num": known.body.bank_num,
        "bank_memo": known.body.bank_memo,
        "status": state.and_then(|state| STATES.get(state)),
        "reason": known.body.reason,
        "create_time": known.created_at,
        "update_time": known.changed_at,
    }}))
}

#[derive(Deserialize)]
pub struct NewCode {
    identity_type: i64,
}

pub fn new_code(tx: &mut Tx<'_>, request: NewCode) -> Result<Value, Refusal> {
    if request.identity_type != 1 {
        return Err(bad("identity_type must be 1"));
    }
    Ok(json!({"qrcode_ticket": new_ticket(tx, "")?}))
}

fn new_ticket(tx: &mut Tx<'_>, withdrawal: &str) -> Result<String, Refusal> {
    let id = tx.next_id(TICKET)?;
    let name = format!(
        "TICKET{:010}{:08x}",
        id.rem_euclid(10_000_000_000),
        fastrand::u32(..)
    );
    let ticket = Document {
        id,
        out_id: name.clone(),
        state: code::NEW,
        draft: 0,
        due: Some(tx.now + TICKET_LIFE),
        created_at: tx.now,
        changed_at: tx.now,
        body: Ticket {
            withdrawal: withdrawal.into(),
        },
    };
    tx.put(TICKET, &ticket)?;
    Ok(name)
}

#[derive(Deserialize)]
pub struct OfTicket {
    qrcode_ticket: String,
}

fn ticket(tx: &Tx<'_>, name: &str) -> Result<Document<Ticket>, Refusal> {
    tx.find(TICKET, name)?
        .ok_or_else(|| Refusal::new(60208, "invalid qrcode ticket"))
}

/// A real code; a phone that scans it reads an address of this shop that leads nowhere.
pub fn code_picture(tx: &mut Tx<'_>, request: OfTicket) -> Result<Value, Refusal> {
    let ticket = ticket(tx, &request.qrcode_ticket)?;
    if ticket.state == code::EXPIRED {
        return Err(Refusal::new(60220, "qrcode ticket expired"));
    }
    let picture = picture(&format!("https://sandbox.invalid/{}", ticket.out_id))
        .ok_or_else(|| Refusal::new(-1, "system error: no picture"))?;
    let buffer = base64::engine::general_purpose::STANDARD.encode(picture);
    Ok(json!({"qrcode_buf": buffer}))
}

/// A PNG of a code, four pixels a module, with the light border that scanners want.
fn picture(content: &str) -> Option<Vec<u8>> {
    const SCALE: usize = 4;
    const BORDER: usize = 4;
    let code = qrcode::QrCode::new(content).ok()?;
    let width = code.width();
    let modules = code.into_colors();
    let side = (width + 2 * BORDER) * SCALE;
    let mut pixels = vec![255u8; side * side];
    for (at, color) in modules.into_iter().enumerate() {
        if color == qrcode::Color::Dark {
            let (x, y) = ((at % width + BORDER) * SCALE, (at / width + BORDER) * SCALE);
            for row in y..y + SCALE {
                pixels[row * side + x..row * side + x + SCALE].fill(0);
            }
        }
    }
    let mut file = Vec::new();
    let length = u32::try_from(side).ok()?;
    let mut encoder = png::Encoder::new(&mut file, length, length);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(&pixels).ok()?;
    writer.finish().ok()?;
    Some(file)
}

pub fn check_code(tx: &mut Tx<'_>, request: OfTicket) -> Result<Value, Refusal> {
    let ticket = ticket(tx, &request.qrcode_ticket)?;
    let scanned = matches!(
        ticket.state,
        code::SCANNED | code::CONFIRMED | code::CANCELLED
    );
    Ok(json!({
        "status": ticket.state,
        "scan_user_type": i64::from(scanned),
        "self_check_err_code": 0,
        "self_check_err_msg": "",
    }))
}

/// The administrator, WeChat Pay or the bank acts. `number` is that of a withdrawal or the ticket of a code.
pub fn act(tx: &mut Tx<'_>, number: &str, step: Step) -> Result<Vec<Happening>, Refusal> {
    let mut ticket = match tx.find::<Withdrawal>(WITHDRAWAL, number)? {
        Some(withdrawal) => ticket(tx, &withdrawal.body.ticket)?,
        None => ticket(tx, number)?,
    };
    let withdrawal = tx.find::<Withdrawal>(WITHDRAWAL, &ticket.body.withdrawal)?;
    let not_now = || Refusal::new(-1, format!("{number} is not in the state for this"));
    match (step, ticket.state, withdrawal) {
        (Step::Scan, code::NEW, withdrawal) => {
            set_ticket(tx, &mut ticket, code::SCANNED)?;
            match withdrawal {
                Some(withdrawal) => {
                    tell(tx, &withdrawal.out_id, 2)?;
                    turn(tx, withdrawal, AFTER, text!("scanned"))
                }
                None => Ok(of_code(tx, &ticket, text!("scanned"))),
            }
        }
        (Step::Confirm, code::NEW, _) => {
            let mut all = act(tx, number, Step::Scan)?;
            all.extend(act(tx, number, Step::Confirm)?);
            Ok(all)
        }
        (Step::Confirm, code::SCANNED, withdrawal) => {
            set_ticket(tx, &mut ticket, code::CONFIRMED)?;
            match withdrawal {
                Some(withdrawal) => confirm(tx, withdrawal),
                None => Ok(of_code(tx, &ticket, text!("confirmed"))),
            }
        }
        (Step::Cancel, code::NEW | code::SCANNED, withdrawal) => {
            set_ticket(tx, &mut ticket, code::CANCELLED)?;
            match withdrawal {
                Some(withdrawal) => turn(tx, withdrawal, CLOSE, text!("cancelled")),
                None => Ok(of_code(tx, &ticket, text!("cancelled"))),
            }
        }
        (Step::Fail, _, Some(mut withdrawal)) if matches!(withdrawal.state, INIT | CREATED) => {
            give_back(tx, &withdrawal, Account::Withdrawing)?;
            withdrawal.body.reason = "银行卡状态异常".into();
            tell(tx, &withdrawal.out_id, 4)?;
            turn(tx, withdrawal, FAIL, text!("failed"))
        }
        (Step::Return, _, Some(mut withdrawal)) if withdrawal.state == SUCCESS => {
            give_back(tx, &withdrawal, Account::Bank)?;
            withdrawal.body.reason = "银行退票".into();
            tell(tx, &withdrawal.out_id, 4)?;
            turn(tx, withdrawal, REFUND, text!("returned by the bank"))
        }
        _ => Err(not_now()),
    }
}

fn set_ticket(tx: &mut Tx<'_>, ticket: &mut Document<Ticket>, state: i64) -> Result<(), Refusal> {
    ticket.state = state;
    ticket.changed_at = tx.now;
    if state != code::SCANNED {
        ticket.due = None;
    }
    tx.put(TICKET, ticket)
}

fn of_code(tx: &Tx<'_>, ticket: &Document<Ticket>, what: Text) -> Vec<Happening> {
    vec![Happening {
        at: tx.now,
        noun: text!("QR code"),
        number: ticket.out_id.clone(),
        what,
        reason: String::new(),
    }]
}

/// A confirmed withdrawal takes the money out, or fails where after-sales were faster.
fn confirm(
    tx: &mut Tx<'_>,
    mut withdrawal: Document<Withdrawal>,
) -> Result<Vec<Happening>, Refusal> {
    let amount = withdrawal.body.amount;
    if ledger::balance(tx, Account::Available)?.0 < amount.0 {
        withdrawal.body.reason = "可提现余额不足".into();
        tell(tx, &withdrawal.out_id, 4)?;
        return turn(tx, withdrawal, FAIL, text!("failed"));
    }
    ledger::transfer(
        tx,
        Account::Available,
        Account::Withdrawing,
        amount,
        "withdrawal",
        &withdrawal.out_id,
    )?;
    withdrawal.due = Some(tx.now + ACCEPTED_AFTER);
    turn(tx, withdrawal, INIT, text!("confirmed"))
}

fn give_back(
    tx: &mut Tx<'_>,
    withdrawal: &Document<Withdrawal>,
    from: Account,
) -> Result<(), Refusal> {
    let number = withdrawal.out_id.clone();
    let amount = withdrawal.body.amount;
    ledger::transfer(
        tx,
        from,
        Account::Available,
        amount,
        "withdrawal_back",
        &number,
    )
}

fn turn(
    tx: &mut Tx<'_>,
    mut withdrawal: Document<Withdrawal>,
    state: i64,
    what: Text,
) -> Result<Vec<Happening>, Refusal> {
    withdrawal.state = state;
    withdrawal.changed_at = tx.now;
    if !matches!(state, INIT | CREATED) {
        withdrawal.due = None;
    }
    tx.put(WITHDRAWAL, &withdrawal)?;
    Ok(vec![Happening {
        at: tx.now,
        noun: text!("withdrawal"),
        number: withdrawal.out_id,
        what,
        reason: withdrawal.body.reason,
    }])
}

/// Ends codes that nobody scanned, and brings withdrawals to the bank.
pub fn settle(tx: &mut Tx<'_>) -> Result<Vec<Happening>, Refusal> {
    let mut all = Vec::new();
    let now = tx.now;
    for mut ticket in tx.due::<Ticket>(TICKET)? {
        tx.now = ticket.due.unwrap_or(now);
        let done = set_ticket(tx, &mut ticket, code::EXPIRED).and_then(|()| {
            match tx.find::<Withdrawal>(WITHDRAWAL, &ticket.body.withdrawal)? {
                Some(withdrawal) => turn(tx, withdrawal, CLOSE, text!("closed, nobody confirmed")),
                None => Ok(of_code(tx, &ticket, text!("expired"))),
            }
        });
        tx.now = now;
        all.extend(done?);
    }
    for withdrawal in tx.due::<Withdrawal>(WITHDRAWAL)? {
        tx.now = withdrawal.due.unwrap_or(now);
        let done = go_on(tx, withdrawal);
        tx.now = now;
        all.extend(done?);
    }
    Ok(all)
}

fn go_on(tx: &mut Tx<'_>, mut withdrawal: Document<Withdrawal>) -> Result<Vec<Happening>, Refusal> {
    if withdrawal.state == INIT {
        withdrawal.due = Some(tx.now + PAID_AFTER);
        return turn(tx, withdrawal, CREATED, text!("accepted"));
    }
    let number = withdrawal.out_id.clone();
    let amount = withdrawal.body.amount;
    ledger::transfer(
        tx,
        Account::Withdrawing,
        Account::Bank,
        amount,
        "withdrawal",
        &number,
    )?;
    tell(tx, &number, 3)?;
    turn(tx, withdrawal, SUCCESS, text!("paid out"))
}

fn bad(words: &str) -> Refusal {
    Refusal::new(400, format!("invalid parameter: {words}"))
}

fn no_data() -> Refusal {
    Refusal::new(9_710_001, "no data")
}
