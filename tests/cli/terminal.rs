//! What only a terminal shows: totals, the name of the shop, a status that is drawn anew in place, questions.

use super::screen::busy;
use super::several::settings;
use super::world::{Said, World, said};
use std::io::Read;
use std::process::{Command, Stdio};
use wxsell::clock::VARIABLE;

/// Runs in the sandbox on a terminal of 80 columns and 24 lines.
fn terminal(world: &World, args: &[&str]) -> Said {
    said(&mut world.on_terminal(&world.command(args), ""))
}

#[test]
fn lists_end_with_totals_of_what_was_read() {
    let world = busy();
    for (args, one) in [
        (&["goods", "list"][..], "product"),
        (&["order", "list"], "order"),
        (&["aftersale", "list"], "after-sale"),
        (&["dispute", "list"], "dispute"),
    ] {
        let rows = world.json(args);
        let rows = rows.as_array().expect("rows");
        let many = if rows.len() == 1 { "" } else { "s" };
        let total = format!("{} {one}{many}, ", rows.len());
        assert!(!rows.is_empty(), "{args:?}");
        let shown = terminal(&world, args);
        assert!(shown.text().contains(&total), "{total}: {}", shown.text());
        // What was not read is not counted.
        let first = terminal(&world, &[args, &["--limit", "1"]].concat());
        let first_total = format!("first 1 only: 1 {one}, ");
        assert!(
            first.text().contains(&first_total),
            "{first_total}: {}",
            first.text()
        );
        // Where nobody looks, nothing is added up.
        let piped = world.run(args);
        assert!(!piped.stderr.contains(&total), "{}", piped.stderr);
    }
    let orders = world.json(&["order", "list"]);
    let totals = orders.as_array().expect("rows").iter();
    let sum: i64 = totals.filter_map(|order| order["total"].as_i64()).sum();
    let amount = format!(" to ship, {}.{:02} yuan", sum / 100, sum % 100);
    let shown = terminal(&world, &["order", "list"]);
    assert!(shown.text().contains(&amount), "{amount}: {}", shown.text());
}

#[test]
fn who_has_several_shops_reads_which_one_it_is() {
    let world = World::selling();
    let running = world.running();
    let at = |name: &str, args: &[&str]| {
        let command = world.plain_command(&[&["--profile", name], args].concat());
        said(&mut world.on_terminal(&command, ""))
    };
    world.configure(&settings(&running, &["tea"]));
    let alone = at("tea", &["goods", "list"]);
    assert_eq!(alone.code, Some(0), "{}", alone.text());
    assert!(!alone.text().contains("shop: "), "{}", alone.text());
    world.configure(&settings(&running, &["coffee", "tea"]));
    for name in ["coffee", "tea"] {
        for args in [
            &["goods", "list"][..],
            &["order", "list"],
            &["due"],
            &["funds", "balance"],
        ] {
            let shown = at(name, args);
            let first = format!("shop: {name}");
            assert!(shown.text().contains(&first), "{args:?}: {}", shown.text());
        }
        // A write says where it goes, also where nobody looks.
        let change = ["goods", "update", "T1", "--stock", "7"];
        let place = format!("→ {name} at http");
        assert!(at(name, &change).text().contains(&place));
        let piped = world.at(name, &["goods", "update", "T1", "--stock", "8"]);
        assert!(piped.stderr.contains(&place), "{}", piped.stderr);
    }
    let piped = world.at("tea", &["goods", "list"]);
    assert!(!piped.stderr.contains("shop: "), "{}", piped.stderr);
}

#[test]
fn a_watched_status_is_drawn_anew_in_place() {
    let world = World::new();
    world.write("goods.csv", super::catalogues::teas(&[("A", "1")]));
    world.ok(&["goods", "upload", "goods.csv"]);
    let mut watch = world.command(&["status", "--watch", "--every", "1s"]);
    // No real time passes between two looks.
    watch.env(VARIABLE, world.clock());
    let mut watching = world
        .on_terminal(&watch, "")
        .stdout(Stdio::piped())
        .spawn()
        .expect("a terminal");
    let mut stream = watching.stdout.take().expect("its output");
    let (mut seen, mut decided) = (Vec::new(), false);
    let mut piece = [0; 4096];
    while let Ok(read @ 1..) = stream.read(&mut piece) {
        seen.extend_from_slice(&piece[..read]);
        if !decided && String::from_utf8_lossy(&seen).contains("required steps done") {
            decided = true;
            let passed = world
                .sandbox()
                .decide(None, &wxsell::sandbox::AuditDecision::Pass);
            passed.expect("it passes");
        }
    }
    assert_eq!(watching.wait().expect("it ends").code(), Some(0));
    let seen = String::from_utf8_lossy(&seen);
    // Each look empties the screen, and fits it.
    let screens: Vec<&str> = seen.split("\x1b[2J").skip(1).collect();
    assert!(screens.len() > 1, "{seen}");
    for screen in &screens {
        assert_eq!(screen.matches("required steps done").count(), 1, "{screen}");
        assert!(screen.lines().count() <= 24, "{screen}");
    }
    let last = screens.last().expect("a screen");
    assert!(
        last.contains("10 of 10") || last.contains("required steps done"),
        "{last}"
    );
}

#[test]
fn what_cannot_be_undone_is_asked_with_shop_number_and_count() {
    let world = World::selling();
    let running = world.running();
    world.configure(&(settings(&running, &["tea"]) + "production = true\n"));
    let question =
        "permanently delete 1 product (T1; its number cannot be used again) on the live shop tea?";
    let piped = world.at("tea", &["goods", "remove", "T1"]);
    assert_eq!(piped.code, Some(10), "{}", piped.stderr);
    assert!(piped.stderr.contains(question), "{}", piped.stderr);
    let zh = world.at("tea", &["--lang", "zh", "goods", "remove", "T1"]);
    let asked = "将在正式店铺“tea”永久删除 1 个商品（T1；编号不能再次使用）。确定继续吗？";
    assert!(zh.stderr.contains(asked), "{}", zh.stderr);
    // On a terminal it is asked once, however long it is, and no is no.
    let mut command: Command = world.plain_command(&["--profile", "tea", "goods", "remove", "T1"]);
    command.env("COLUMNS", "80");
    let said = said(&mut world.on_terminal(&command, "n\n"));
    assert_eq!(said.code, Some(2), "{}", said.text());
    let asked = said.text().replace("\r\n", "\n");
    assert_eq!(asked.matches("permanently delete").count(), 1, "{asked}");
    assert!(
        asked.contains("not confirmed; nothing was changed"),
        "{asked}"
    );
    assert_eq!(
        world.products().len(),
        world
            .json(&["goods", "list"])
            .as_array()
            .map_or(0, Vec::len)
    );
    assert!(world.numbers().contains(&"T1".to_owned()));
}

#[test]
fn a_list_higher_than_the_screen_goes_through_the_pager() {
    let world = World::new();
    let shown = |args: &[&str], variable: &str| {
        let mut script = world.on_terminal(&world.command(args), "");
        script.env_remove("WXSELL_PAGER");
        said(script.env(variable, "sed s/^/PAGED:/"))
    };
    for variable in ["WXSELL_PAGER", "PAGER"] {
        let long = shown(&["api", "list"], variable);
        assert!(long.text().contains("PAGED:"), "{}", long.text());
        // What fits needs none.
        let short = shown(&["profile", "list"], variable);
        assert!(!short.text().contains("PAGED:"), "{}", short.text());
    }
    let mut piped = world.command(&["api", "list"]);
    let piped = said(piped.env("WXSELL_PAGER", "sed s/^/PAGED:/"));
    assert!(!piped.text().contains("PAGED:"), "{}", piped.text());
    // A pager that is not there hides nothing.
    let mut script = world.on_terminal(&world.command(&["api", "list"]), "");
    let without = said(script.env("WXSELL_PAGER", "no-such-pager"));
    assert_eq!(without.code, Some(0), "{}", without.text());
    assert!(without.text().contains("/shop/"), "{}", without.text());
}
