//! A platform that only moves money, makes roles and takes evidence, and does everything that goes wrong on the way: reads lag behind
//! what was done, requests are carried out late, and any answer may come, whole, cut or not at all. Its time is that of a
//! clock file. Unlike WeChat it pays out as often as it is asked to, so that a second time is seen.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// How a write ends, as its caller sees it.
#[derive(Debug, Clone)]
pub enum End {
    /// The connection is closed, and nothing was done.
    Never,
    /// It is done, and the connection is closed.
    Silent,
    /// It is done so many seconds later; the connection is closed at once.
    Late(i64),
    /// It is done, and these bytes come, instead of the answer.
    Instead(String),
    /// It is done, and so many bytes of the answer come.
    Cut(usize),
    /// It is not done, and these bytes come.
    Refused(String),
    /// It is done, and the answer comes so many real milliseconds later.
    Slow(u64),
}

/// An answer with a status and a body.
pub fn answer(status: u16, body: &str) -> String {
    format!(
        "HTTP/1.1 {status} Said\r\nContent-Type: text/html\r\nLocation: http://127.0.0.1:9/login\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

/// Something that was moved, and when.
#[derive(Debug, Clone)]
struct Moved {
    path: String,
    request: Value,
    number: String,
    at: i64,
}

#[derive(Default)]
struct Books {
    moved: Vec<Moved>,
    /// Done when their time comes.
    late: Vec<Moved>,
    /// How the next writes end; then they end well.
    ends: Vec<End>,
    /// What reads of this path answer instead, once.
    reads: Vec<(String, String)>,
    lag: i64,
    calls: usize,
    /// Requests of every kind.
    asked: Vec<String>,
    /// Letters that are kept of a note.
    notes: Option<usize>,
}

/// The platform, and where it listens.
#[derive(Clone)]
pub struct Bank {
    pub url: String,
    clock: PathBuf,
    books: Arc<Mutex<Books>>,
}

pub const WITHDRAW: &str = "/shop/funds/submitwithdraw";
pub const REFUND: &str = "/shop/pay/refundorder";
pub const SHARE: &str = "/shop/pay/profitsharingorder";
pub const ROLE: &str = "/promoter/addrole";
pub const EVIDENCE: &str = "/shop/complaint/upload_material";
const WRITES: [&str; 5] = [WITHDRAW, REFUND, SHARE, ROLE, EVIDENCE];

impl Bank {
    pub fn open(clock: PathBuf) -> Bank {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let bank = Bank {
            url: format!("http://{address}"),
            clock,
            books: Arc::default(),
        };
        let inside = bank.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let bank = inside.clone();
                std::thread::spawn(move || bank.serve(stream));
            }
        });
        bank
    }

    /// How the next write ends.
    pub fn next(&self, end: End) {
        self.books().ends.push(end);
    }

    /// What the next read of a path answers.
    pub fn next_read(&self, path: &str, answer: String) {
        self.books().reads.push((path.to_owned(), answer));
    }

    /// Reads show what was done so many seconds ago.
    pub fn lag(&self, seconds: i64) {
        self.books().lag = seconds;
    }

    /// Notes keep so many letters.
    pub fn cut_notes(&self, letters: usize) {
        self.books().notes = Some(letters);
    }

    /// What was moved over all time.
    pub fn moved(&self) -> usize {
        self.come_due();
        self.books().moved.len()
    }

    /// Writes that came in.
    pub fn calls(&self) -> usize {
        self.books().calls
    }

    /// Requests that came in, of one path or of all.
    pub fn asked(&self, path: &str) -> usize {
        let books = self.books();
        let asked = books.asked.iter();
        asked.filter(|asked| asked.starts_with(path)).count()
    }

    fn books(&self) -> std::sync::MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> i64 {
        let later = wxsell::clock::later(&self.clock).as_secs();
        wxsell::clock::now() + i64::try_from(later).expect("a time")
    }

    fn come_due(&self) {
        let now = self.now();
        let mut books = self.books();
        let late = std::mem::take(&mut books.late);
        let (due, waiting): (Vec<_>, Vec<_>) = late.into_iter().partition(|moved| moved.at <= now);
        books.late = waiting;
        for moved in due {
            act(&mut books, moved);
        }
    }

    fn serve(&self, mut stream: TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().expect("a handle"));
        while let Some((path, request)) = read(&mut reader) {
            self.come_due();
            self.books().asked.push(path.clone());
            let Some((reply, ends)) = self.reply(&path, &request) else {
                return;
            };
            if stream.write_all(&reply).is_err() || ends {
                return;
            }
        }
    }

    /// The bytes that come back, and whether the connection ends with them; `None` closes it at once.
    fn reply(&self, path: &str, request: &Value) -> Option<(Vec<u8>, bool)> {
        let now = self.now();
        if !WRITES.contains(&path) {
            let mut books = self.books();
            if let Some(at) = books.reads.iter().position(|(known, _)| known == path) {
                return Some((books.reads.remove(at).1.into_bytes(), true));
            }
            let since = now - books.lag;
            let seen: Vec<&Moved> = books
                .moved
                .iter()
                .filter(|moved| moved.at <= since)
                .collect();
            return Some((whole(&shown(path, request, &seen, now)), false));
        }
        let mut books = self.books();
        books.calls += 1;
        let end = if books.ends.is_empty() {
            None
        } else {
            Some(books.ends.remove(0))
        };
        let number = format!("N{:06}", books.calls);
        let mut request = request.clone();
        if let (Some(letters), Some(note)) = (books.notes, request["remark"].as_str()) {
            request["remark"] = note.chars().take(letters).collect::<String>().into();
        }
        let moved = Moved {
            path: path.to_owned(),
            request,
            number,
            at: now,
        };
        match &end {
            Some(End::Never) => return None,
            Some(End::Refused(answer)) => return Some((answer.clone().into_bytes(), true)),
            Some(End::Late(seconds)) => {
                let at = now + seconds;
                books.late.push(Moved { at, ..moved });
                return None;
            }
            _ => {}
        }
        let number = act(&mut books, moved);
        drop(books);
        let reply = whole(&match path {
            WITHDRAW => {
                json!({"errcode": 0, "errmsg": "ok", "out_request_no": number, "qrcode_ticket": "T"})
            }
            ROLE => json!({"errcode": 0, "errmsg": "ok", "role_id": 7}),
            _ => json!({"errcode": 0, "errmsg": "ok"}),
        });
        match end {
            Some(End::Silent) => None,
            Some(End::Instead(answer)) => Some((answer.into_bytes(), true)),
            Some(End::Cut(bytes)) => Some((reply[..bytes.min(reply.len())].to_vec(), true)),
            Some(End::Slow(milliseconds)) => {
                std::thread::sleep(std::time::Duration::from_millis(milliseconds));
                Some((reply, false))
            }
            _ => Some((reply, false)),
        }
    }
}

/// Does it; a number of the merchant's own counts once.
fn act(books: &mut Books, moved: Moved) -> String {
    let known = books.moved.iter().find(|known| {
        let own = moved.request["refund_no"].as_str();
        own.is_some() && known.request["refund_no"].as_str() == own
    });
    if let Some(known) = known {
        return known.number.clone();
    }
    books.moved.push(moved);
    let last = books.moved.last().expect("it was put there");
    last.number.clone()
}

fn whole(reply: &Value) -> Vec<u8> {
    let body = reply.to_string();
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// What a read answers.
fn shown(path: &str, request: &Value, seen: &[&Moved], now: i64) -> Value {
    let of = |path: &'static str| seen.iter().filter(move |moved| moved.path == path);
    match path {
        "/cgi-bin/stable_token" | "/cgi-bin/token" => {
            json!({"access_token": "T".repeat(64), "expires_in": 7200})
        }
        "/shop/funds/getbalance" => json!({"errcode": 0, "balance_info": {
            "available_amount": 100_000_000, "pending_amount": 0}}),
        "/shop/funds/scanwithdraw" => {
            let numbers: Vec<&str> = of(WITHDRAW).map(|moved| moved.number.as_str()).collect();
            json!({"errcode": 0, "total_num": numbers.len(), "out_request_nos": numbers})
        }
        "/shop/funds/getwithdrawdetail" => {
            let found =
                of(WITHDRAW).find(|moved| request["out_request_no"] == moved.number.as_str());
            match found {
                Some(moved) => json!({"errcode": 0, "withdraw_info": {
                    "amount": moved.request["amount"], "remark": moved.request["remark"],
                    "status": "SUCCESS", "create_time": moved.at, "update_time": moved.at}}),
                None => json!({"errcode": 9_710_001, "errmsg": "no data"}),
            }
        }
        "/shop/pay/getorder" => {
            let list = |path: &'static str, own: &str| -> Vec<Value> {
                of(path)
                    .map(|moved| json!({own: moved.request[own], "amount": 1000, "create_time": moved.at}))
                    .collect()
            };
            json!({"errcode": 0, "order": {"mchid": "1900000001", "trade_no": request["trade_no"], "amount": 100_000,
                "pay_time": now - 691_200, "refund_list": list(REFUND, "refund_no"),
                "profit_sharing_list": list(SHARE, "profit_sharing_no"), "profit_sharing_delay": 7,
                "profit_sharing_frozen": 0}})
        }
        "/promoter/getrole" => {
            let roles: Vec<Value> = of(ROLE)
                .map(|moved| json!({"role_id": 7, "name": moved.request["name"], "desc": ""}))
                .collect();
            json!({"errcode": 0, "total_num": roles.len(), "role_list": roles})
        }
        // The dispute goes on waiting for evidence, so that a second one is seen.
        "/shop/complaint/get" => {
            let opened = json!({"object": 1, "user_record": {"state": 230_000, "event": 240_001,
                "time": ((now - 90_000) * 1000).to_string(),
                "material_info": {"content": "", "media_url_list": []}}});
            let handed = of(EVIDENCE).map(|moved| {
                json!({"object": 3, "merchant_record": {"state": 230_003, "event": 240_008,
                    "time": (moved.at * 1000).to_string(), "operator_nickname": "",
                    "material_info": moved.request["material_info"]}})
            });
            let steps: Vec<Value> = std::iter::once(opened).chain(handed).collect();
            json!({"errcode": 0, "order": {"complaint_order_id": request["complaint_order_id"], "order_id": 1,
                "after_sale_order_id": 2, "openid": "o", "phone_number": "", "state": 230_003, "type": 7,
                "create_time": now - 90_000, "update_time": now - 80_000, "expired_time": now + 80_000,
                "judge_result": 0}, "flow_info": {"list": steps}})
        }
        "/shop/funds/qrcode/get" => json!({"errcode": 0, "qrcode_buf": "iVBORw0KGgo="}),
        _ => json!({"errcode": 0, "errmsg": "ok"}),
    }
}

/// The path and body of the next request.
fn read(reader: &mut BufReader<TcpStream>) -> Option<(String, Value)> {
    let mut first = String::new();
    reader.read_line(&mut first).ok().filter(|read| *read > 0)?;
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(given) = line.strip_prefix("content-length:") {
            length = given.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let target = first.split(' ').nth(1)?;
    let path = target.split('?').next()?.to_owned();
    Some((path, serde_json::from_slice(&body).unwrap_or(Value::Null)))
}
