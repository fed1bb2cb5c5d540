//! Random sheets over random products, in one process: what a sheet gives is in the shop afterwards, what it does not
//! give stays, and what was planned is what was done.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use wxsell::api::component::goods::{AddSpu, FreeSku, NO_BRAND, Spu, UpdateSpuFree};
use wxsell::bulk::journal::{Feed, Journal};
use wxsell::bulk::source::Input;
use wxsell::bulk::{self, Interrupt};
use wxsell::client::{Client, Wire};
use wxsell::model::price::PriceGuard;
use wxsell::model::product::{OnConflict, Rules};
use wxsell::profile::{Dirs, Overrides};
use wxsell::sandbox::{AuditDecision, Running, SECRET};
use wxsell::shop::Shop;
use wxsell::shop::goods::Copy;
use wxsell::shop::goods::component::Sendable;
use wxsell::shop::goods::plan::{Action, Line, Plan, plan};
use wxsell::shop::goods::send::{Options, Sender};
use wxsell::shop::goods::sheet::catalogue::{Catalogue, ReadOptions};
use wxsell::state::State;
use wxsell::state::quota::SlotLimits;
use wxsell::state::runs::{ItemState, Items};
use wxsell::types::{Fen, Secret};

/// A little luck, the same for the same seed.
pub struct Dice(fastrand::Rng);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(fastrand::Rng::with_seed(seed))
    }

    pub fn below(&mut self, sides: u64) -> u64 {
        self.0.u64(..sides)
    }

    pub fn one_in(&mut self, sides: u64) -> bool {
        self.below(sides) == 0
    }

    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.0.usize(..items.len())]
    }
}

/// A shop on this machine, and what an upload from this process knows of it.
pub struct Bench {
    pub runtime: tokio::runtime::Runtime,
    pub folder: tempfile::TempDir,
    running: Running,
    pub shop: Shop,
    state: Arc<State>,
}

const KEY: &str = "bench";

impl Bench {
    pub fn new() -> Bench {
        let folder = tempfile::tempdir().expect("a folder");
        let running = Running::start(&folder.path().join("sandbox.db")).expect("it starts");
        let dirs = Dirs {
            config: folder.path().join("config"),
            state: folder.path().join("state"),
        };
        let overrides = Overrides {
            profile: Some("sandbox".into()),
            ..Overrides::default()
        };
        let resolved = wxsell::profile::resolve(&overrides, &dirs).expect("it is built in");
        let mut profile = resolved.profile;
        profile.base_url.clone_from(&running.base_url);
        let state = Arc::new(State::open(&dirs.state).expect("a state"));
        let wire = Wire {
            notice: Box::new(|_| ()),
            trace: None,
            on_answer: None,
            timeout: std::time::Duration::from_secs(30),
            rate: None,
        };
        let secret = Box::new(|| Ok(Secret::new(SECRET)));
        let client = Client::open(&profile, secret, state.clone(), wire).expect("a client");
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        Bench {
            runtime,
            folder,
            running,
            shop: Shop::new(client, profile.family),
            state,
        }
    }

    fn options(&self) -> Options {
        Options {
            limits: SlotLimits::default(),
            wait: false,
            rules: Rules {
                remove_missing: false,
                withdraw: true,
                on_conflict: OnConflict::Hold,
                guard: PriceGuard { max_drop: 100 },
            },
            recheck: true,
            rehost: false,
        }
    }

    pub fn read<T: Sendable>(&self, file: &Path) -> Catalogue<T> {
        let options = ReadOptions {
            zero_stock: true,
            ..ReadOptions::default()
        };
        Catalogue::read(&[Input::File(file.into())], &options, self.folder.path())
            .expect("it can be read")
    }

    pub fn plan(&self, catalogue: &Catalogue<AddSpu>) -> (Plan, BTreeMap<String, Line>) {
        let mut lines = BTreeMap::new();
        let planned = self.runtime.block_on(plan(
            &self.shop,
            &self.state,
            KEY,
            catalogue,
            &self.options(),
            true,
            |line| {
                lines.insert(line.out_product_id.clone(), line.clone());
                Ok(())
            },
        ));
        (planned.expect("it is planned"), lines)
    }

    /// Carries a plan out: how each product ended, with the action.
    pub fn carry_out(
        &self,
        catalogue: &Catalogue<AddSpu>,
        plan: Plan,
    ) -> BTreeMap<String, (Option<ItemState>, &'static str, String)> {
        let interrupt = Interrupt::default();
        let note = |_| ();
        let work = plan.work(catalogue);
        let sender = Sender::new(
            &self.shop,
            KEY.into(),
            self.state.clone(),
            catalogue,
            self.options(),
            plan,
            interrupt.clone(),
            &note,
        );
        let items = Items::open(&self.state, KEY, "goods").expect("items");
        let feed = Feed {
            run: 1,
            batch: 64,
            recheck: true,
        };
        let mut journal = Journal::start(items, feed, work).expect("a journal");
        let mut ended = BTreeMap::new();
        let stopped = self.runtime.block_on(bulk::run(
            &mut journal,
            8,
            &interrupt,
            |fed| sender.send(fed),
            |end| {
                let reason = end.reason.as_ref().map(ToString::to_string);
                ended.insert(
                    end.key.clone(),
                    (end.state, end.action, reason.unwrap_or_default()),
                );
            },
        ));
        assert!(stopped.is_none(), "{stopped:?}");
        journal.close().expect("it is written");
        ended
    }

    pub fn drafts(&self) -> BTreeMap<String, Spu> {
        let mut shop = self.running.shop().expect("the shop");
        let drafts = shop.products(true).expect("products");
        drafts
            .into_iter()
            .map(|spu| (spu.out_product_id.clone(), spu))
            .collect()
    }

    pub fn pass_all(&self) {
        let mut shop = self.running.shop().expect("the shop");
        shop.decide(None, &AuditDecision::Pass).expect("they pass");
    }
}

/// Columns of a sheet beside the number of product and SKU; the first six must have a value.
const COLUMNS: [&str; 16] = [
    "title",
    "path",
    "head_img",
    "third_cat_id",
    "sale_price",
    "stock_num",
    "desc",
    "desc_imgs",
    "brand_id",
    "info_version",
    "direct_path",
    "thumb_img",
    "market_price",
    "sku_code",
    "barcode",
    "sku_attrs",
];
const NEEDED: usize = 6;
const OF_SKU: [&str; 7] = [
    "sale_price",
    "stock_num",
    "thumb_img",
    "market_price",
    "sku_code",
    "barcode",
    "sku_attrs",
];

/// A value for a column, as a CSV cell holds it.
fn cell(dice: &mut Dice, column: &str, sku: usize) -> String {
    let n = dice.below(4);
    match column {
        "title" => format!("Tea {n}, \"best\" 茶"),
        "path" | "direct_path" => format!("pages/p{n}"),
        "head_img" | "desc_imgs" => match n {
            0 => format!("https://mmecimage.cn/p/{column}0"),
            n => format!("https://mmecimage.cn/p/{column}{n}|https://mmecimage.cn/p/more"),
        },
        "thumb_img" => format!("https://mmecimage.cn/p/t{n}"),
        "third_cat_id" => "1423".into(),
        "sale_price" => format!("{}.{}0", 10 + n, dice.below(3)),
        "market_price" => format!("{}.00", 20 + n),
        "stock_num" => format!("{}", 1 + n),
        "brand_id" => match n {
            0 => "2100039999".into(),
            _ => NO_BRAND.to_string(),
        },
        "sku_attrs" => format!("size={sku};kind={n}"),
        _ => format!("{column} {n}"),
    }
}

/// What a cell makes of a draft.
fn apply(spu: &mut Spu, sku: usize, column: &str, cell: &str) {
    let list = |cell: &str| cell.split('|').map(str::to_owned).collect::<Vec<_>>();
    let clear = cell == "[clear]";
    let text = if clear {
        String::new()
    } else {
        cell.to_owned()
    };
    let images = if clear { Vec::new() } else { list(cell) };
    let fen = |cell: &str| Fen::from_yuan(cell).expect("a price");
    match column {
        "title" => spu.title = text,
        "path" => spu.path = text,
        "direct_path" => spu.direct_path = (!clear).then_some(text),
        "head_img" => spu.head_img = images,
        "desc" => spu.desc_info.desc = text,
        "desc_imgs" => spu.desc_info.imgs = images,
        "third_cat_id" => spu.third_cat_id = text.parse().expect("a number"),
        "brand_id" => spu.brand_id = text.parse().unwrap_or(NO_BRAND),
        "info_version" => spu.info_version = text,
        _ => {
            let sku = &mut spu.skus[sku];
            match column {
                "sale_price" => sku.sale_price = fen(cell),
                "stock_num" => sku.stock_num = text.parse().expect("a number"),
                "sku_code" => sku.sku_code = Some(text),
                "barcode" => sku.barcode = Some(text),
                "thumb_img" if !clear => sku.thumb_img = text,
                "market_price" if !clear => sku.market_price = fen(cell),
                "sku_attrs" => {
                    let attrs = cell.split(';').filter_map(|pair| pair.split_once('='));
                    sku.sku_attrs = attrs
                        .map(|(key, value)| wxsell::api::component::goods::SkuAttr {
                            attr_key: key.into(),
                            attr_value: value.into(),
                        })
                        .collect();
                }
                _ => {}
            }
        }
    }
}

/// One product in a sheet: its SKUs with their cells by column; product fields stand in the first row.
struct Wanted {
    id: String,
    rows: Vec<(usize, BTreeMap<&'static str, String>)>,
}

fn number(id: &str, sku: usize) -> String {
    format!("{id}-{sku}")
}

/// The draft that a sheet should lead to.
fn expected(before: &Spu, wanted: &Wanted) -> Spu {
    let mut after = before.clone();
    for (sku, cells) in &wanted.rows {
        for (column, cell) in cells.iter().filter(|(_, cell)| !cell.is_empty()) {
            apply(&mut after, *sku, column, cell);
        }
    }
    // What was never given follows: a list price the price, an image the first main image.
    for (place, old) in before.skus.iter().enumerate() {
        let cells = wanted.rows.iter().find(|(sku, _)| *sku == place);
        let cell = |column: &str| {
            cells
                .and_then(|(_, cells)| cells.get(column))
                .map_or("", String::as_str)
        };
        let sku = &mut after.skus[place];
        let list = cell("market_price");
        if list == "[clear]" || list.is_empty() && old.market_price == old.sale_price {
            sku.market_price = sku.sale_price;
        }
        let image = cell("thumb_img");
        let followed = Some(&old.thumb_img) == before.head_img.first();
        if image == "[clear]" || image.is_empty() && followed {
            sku.thumb_img.clone_from(&after.head_img[0]);
        }
    }
    after
}

/// Drafts, without what changes by itself and the difference between nothing and an empty text.
pub fn plain(spu: &Spu) -> Value {
    let mut spu = spu.clone();
    spu.audit_info = Default::default();
    spu.update_time = Default::default();
    (spu.status, spu.edit_status) = (0, 0);
    spu.direct_path = spu.direct_path.filter(|path| !path.is_empty());
    for sku in &mut spu.skus {
        sku.sku_code = sku.sku_code.take().filter(|code| !code.is_empty());
        sku.barcode = sku.barcode.take().filter(|code| !code.is_empty());
    }
    serde_json::to_value(spu).expect("JSON")
}

/// Writes a sheet of one of the three kinds.
fn write(
    folder: &Path,
    kind: usize,
    columns: &[&'static str],
    products: &[Wanted],
) -> std::path::PathBuf {
    let head: Vec<&str> = ["out_product_id", "out_sku_id"]
        .into_iter()
        .chain(columns.iter().copied())
        .collect();
    let mut rows: Vec<Vec<String>> = Vec::new();
    for product in products {
        for (sku, cells) in &product.rows {
            let mut row = vec![product.id.clone(), number(&product.id, *sku)];
            row.extend(
                columns
                    .iter()
                    .map(|column| cells.get(column).cloned().unwrap_or_default()),
            );
            rows.push(row);
        }
    }
    match kind {
        0 => {
            let path = folder.join("sheet.csv");
            let mut out = csv::Writer::from_path(&path).expect("a file");
            out.write_record(&head).expect("written");
            rows.iter()
                .for_each(|row| out.write_record(row).expect("written"));
            out.flush().expect("written");
            path
        }
        1 => {
            let path = folder.join("sheet.xlsx");
            let mut book = rust_xlsxwriter::Workbook::new();
            let sheet = book.add_worksheet();
            for (column, name) in head.iter().enumerate() {
                sheet
                    .write_string(0, column as u16, *name)
                    .expect("written");
            }
            for (place, row) in rows.iter().enumerate() {
                for (column, cell) in row.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
                    sheet
                        .write_string(place as u32 + 1, column as u16, cell)
                        .expect("written");
                }
            }
            book.save(&path).expect("saved");
            path
        }
        _ => {
            let path = folder.join("sheet.jsonl");
            let lines: Vec<String> = products.iter().map(document).collect();
            std::fs::write(&path, lines.join("\n")).expect("written");
            path
        }
    }
}

/// The same as one line of JSON.
fn document(wanted: &Wanted) -> String {
    let mut product = json!({"out_product_id": wanted.id, "skus": []});
    let mut skus = Vec::new();
    for (sku, cells) in &wanted.rows {
        let mut out = json!({"out_sku_id": number(&wanted.id, *sku)});
        for (column, cell) in cells.iter().filter(|(_, cell)| !cell.is_empty()) {
            let value = match (*column, cell.as_str()) {
                (_, "[clear]") => Value::Null,
                ("head_img" | "desc_imgs", cell) => cell.split('|').collect(),
                ("sale_price" | "market_price", cell) => {
                    Fen::from_yuan(cell).expect("a price").0.into()
                }
                ("stock_num" | "third_cat_id" | "brand_id", cell) => {
                    cell.parse::<i64>().expect("a number").into()
                }
                ("sku_attrs", cell) => cell
                    .split(';')
                    .filter_map(|pair| pair.split_once('='))
                    .map(|(key, value)| json!({"attr_key": key, "attr_value": value}))
                    .collect(),
                (_, cell) => cell.into(),
            };
            match *column {
                "desc" => product["desc_info"]["desc"] = value,
                "desc_imgs" => product["desc_info"]["imgs"] = value,
                column if OF_SKU.contains(&column) => out[column] = value,
                column => product[column] = value,
            }
        }
        skus.push(out);
    }
    product["skus"] = skus.into();
    product.to_string()
}

/// Random products of the shop in a sheet of random columns with random blanks.
fn sheet(
    dice: &mut Dice,
    shop: &BTreeMap<String, Spu>,
    kind: usize,
) -> (Vec<&'static str>, Vec<Wanted>) {
    let columns: Vec<&'static str> = COLUMNS
        .iter()
        .enumerate()
        .filter(|(place, _)| *place < NEEDED || dice.one_in(2))
        .map(|(_, column)| *column)
        .collect();
    let mut products = Vec::new();
    for (id, spu) in shop {
        if dice.one_in(8) {
            continue;
        }
        let mut rows = Vec::new();
        for sku in 0..spu.skus.len() {
            if !rows.is_empty() && dice.one_in(4) {
                continue;
            }
            let mut cells = BTreeMap::new();
            for column in &columns {
                let of_product = !OF_SKU.contains(column);
                if of_product && !rows.is_empty() {
                    continue;
                }
                let needed = COLUMNS[..NEEDED].contains(column);
                // Attributes of one SKU alone would not be those of the others.
                let blank = *column == "sku_attrs" && spu.skus.len() > 1;
                let value = match dice.below(if needed { 60 } else { 6 }) {
                    0 => String::new(),
                    1 if !needed && kind != 3 => "[clear]".into(),
                    _ if blank => String::new(),
                    _ => cell(dice, column, sku),
                };
                let value = if blank { String::new() } else { value };
                cells.insert(*column, value);
            }
            rows.push((sku, cells));
        }
        products.push(Wanted {
            id: id.clone(),
            rows,
        });
    }
    (columns, products)
}

/// A shop of `count` products with one to three SKUs.
fn fill(bench: &Bench, dice: &mut Dice, count: usize) {
    let mut products = Vec::new();
    for n in 0..count {
        let id = format!("P{n}");
        let skus = 1 + dice.below(3) as usize;
        let mut rows = Vec::new();
        for sku in 0..skus {
            let mut cells = BTreeMap::new();
            for column in COLUMNS {
                if OF_SKU.contains(&column) || sku == 0 {
                    let must = COLUMNS[..NEEDED].contains(&column) || column == "sku_attrs";
                    if must || !dice.one_in(3) {
                        cells.insert(column, cell(dice, column, sku));
                    }
                }
            }
            rows.push((sku, cells));
        }
        products.push(Wanted { id, rows });
    }
    let file = write(bench.folder.path(), 0, &COLUMNS, &products);
    let catalogue = bench.read::<AddSpu>(&file);
    assert_eq!(catalogue.problems().len(), 0, "{:?}", catalogue.problems());
    let (plan, _) = bench.plan(&catalogue);
    for (id, (state, action, reason)) in bench.carry_out(&catalogue, plan) {
        assert_eq!(
            (state, action),
            (Some(ItemState::Done), "added"),
            "{id}: {reason}"
        );
    }
    bench.pass_all();
}

/// Uploads `cases` products in random sheets; every one is as the sheet says, or untouched with a reason.
fn nothing_but_what_the_sheet_gives(seed: u64, cases: usize) -> usize {
    const PRODUCTS: usize = 40;
    let bench = Bench::new();
    let mut dice = Dice::new(seed);
    fill(&bench, &mut dice, PRODUCTS);
    let (mut done, mut sent) = (0, 0);
    while done < cases {
        let before = bench.drafts();
        let kind = dice.below(3) as usize;
        let (columns, products) = sheet(&mut dice, &before, kind);
        let file = write(bench.folder.path(), kind, &columns, &products);
        let catalogue = bench.read::<AddSpu>(&file);
        let (plan, lines) = bench.plan(&catalogue);
        let ended = bench.carry_out(&catalogue, plan);
        let after = bench.drafts();
        for (id, old) in &before {
            let wanted = products.iter().find(|wanted| wanted.id == *id);
            let state = ended.get(id).and_then(|(state, ..)| *state);
            let expected = match (wanted, state) {
                (Some(wanted), Some(ItemState::Done)) => {
                    sent += 1;
                    expected(old, wanted)
                }
                (None, None) => old.clone(),
                (Some(_), Some(ItemState::Refused)) => old.clone(),
                (Some(_), None) => {
                    let named = |problem: &wxsell::shop::goods::sheet::problem::Problem| {
                        problem.out_product_id.as_deref() == Some(id)
                            && (problem.cell.is_some() || problem.row.is_some())
                    };
                    assert!(catalogue.problems().iter().any(named), "{id} vanished");
                    old.clone()
                }
                other => panic!("{id}: {:?} {:?}", other.1, ended.get(id)),
            };
            assert_eq!(
                plain(&after[id]),
                plain(&expected),
                "{id} of seed {seed}: {:?}\n{}",
                lines.get(id).map(|line| &line.changes),
                std::fs::read_to_string(&file).unwrap_or_default()
            );
        }
        done += products.len();
        bench.pass_all();
    }
    assert!(sent > done / 3, "{sent} of {done} were sent");
    done
}

#[test]
fn a_sheet_changes_what_it_gives_and_nothing_else() {
    nothing_but_what_the_sheet_gives(1, 2_000);
}

#[test]
#[ignore = "takes minutes"]
fn a_sheet_changes_what_it_gives_and_nothing_else_in_full() {
    let cases = nothing_but_what_the_sheet_gives(2, 20_000);
    assert!(cases >= 20_000);
}

/// Somebody else changes the price of some products, at once and in the draft.
fn others(bench: &Bench, dice: &mut Dice, shop: &BTreeMap<String, Spu>) {
    for (id, spu) in shop {
        if !dice.one_in(4) {
            continue;
        }
        let sku = dice.pick(&spu.skus);
        let price = Fen(1000 + 100 * dice.below(4) as i64);
        let request = UpdateSpuFree {
            out_product_id: id.clone(),
            path: None,
            skus: vec![FreeSku {
                out_sku_id: sku.out_sku_id.clone(),
                sale_price: Some(price),
                market_price: (sku.market_price < price).then_some(price),
                ..FreeSku::default()
            }],
        };
        let changed = bench
            .runtime
            .block_on(bench.shop.update_goods_free(&request));
        changed.expect("it is changed");
    }
}

/// Plans, lets others change the shop, and carries out: what was done is what was planned, or it was held.
fn what_was_planned_is_done(seed: u64, cases: usize) -> (usize, usize) {
    const PRODUCTS: usize = 40;
    let bench = Bench::new();
    let mut dice = Dice::new(seed);
    fill(&bench, &mut dice, PRODUCTS);
    let (mut done, mut held) = (0, 0);
    while done < cases {
        let start = bench.drafts();
        others(&bench, &mut dice, &start);
        let kind = dice.below(3) as usize;
        let (columns, products) = sheet(&mut dice, &start, kind);
        let file = write(bench.folder.path(), kind, &columns, &products);
        let catalogue = bench.read::<AddSpu>(&file);
        let (plan, lines) = bench.plan(&catalogue);
        let seen = bench.drafts();
        others(&bench, &mut dice, &seen);
        let before = bench.drafts();
        let ended = bench.carry_out(&catalogue, plan);
        let after = bench.drafts();
        for (id, line) in &lines {
            let (state, action, reason) = ended.get(id).expect("it was handed out");
            let agrees = match line.action {
                Action::Unchanged => *action == "unchanged",
                Action::FreeUpdate => *action == "updated_free",
                Action::AuditedUpdate => *action == "updated",
                Action::Refused => *state == Some(ItemState::Refused),
                Action::Held => *state == Some(ItemState::Held),
                other => panic!("{id}: {other:?}"),
            };
            let untouched = plain(&before[id]) == plain(&after[id]);
            let meanwhile = plain(&seen[id]) != plain(&before[id]);
            match state {
                // Held, refused, or found as it is wanted: nothing was sent.
                _ if !agrees => {
                    assert!(
                        meanwhile && untouched,
                        "{id}: {line:?} {state:?} {action} {reason}"
                    );
                    held += 1;
                }
                Some(ItemState::Held | ItemState::Refused) => assert!(untouched, "{id}"),
                _ => {
                    for change in &line.changes {
                        assert!(
                            !meanwhile
                                || *action != "updated"
                                || change.old.is_some()
                                || change.new.is_some()
                        );
                    }
                }
            }
        }
        done += lines.len();
        bench.pass_all();
    }
    (done, held)
}

#[test]
fn plan_and_deed_agree_whatever_others_do_in_between() {
    let (_, held) = what_was_planned_is_done(3, 500);
    assert!(held > 0, "nobody came in between");
}

#[test]
#[ignore = "takes minutes"]
fn plan_and_deed_agree_whatever_others_do_in_between_in_full() {
    let (done, held) = what_was_planned_is_done(4, 5_000);
    assert!(done >= 5_000 && held > 0);
}

#[test]
fn the_online_copy_gets_prices_at_once() {
    let bench = Bench::new();
    let mut dice = Dice::new(5);
    fill(&bench, &mut dice, 3);
    let before = bench.drafts();
    let (columns, products) = sheet(&mut dice, &before, 0);
    let file = write(bench.folder.path(), 0, &columns, &products);
    let catalogue = bench.read::<AddSpu>(&file);
    let (plan, _) = bench.plan(&catalogue);
    let ended = bench.carry_out(&catalogue, plan);
    let drafts = bench.drafts();
    for (id, (state, ..)) in &ended {
        if *state != Some(ItemState::Done) {
            continue;
        }
        let online = bench.runtime.block_on(bench.shop.goods(id, Copy::Online));
        let online = online.expect("it answers").expect("it is online");
        for (seen, draft) in online.skus.iter().zip(&drafts[id].skus) {
            assert_eq!(
                (seen.sale_price, seen.stock_num),
                (draft.sale_price, draft.stock_num)
            );
        }
    }
}
