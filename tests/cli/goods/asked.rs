//! Questions on a terminal: prices that the guard stops, and what somebody else changed in the shop.

use crate::cli::catalogues::teas;
use crate::cli::world::{Said, World, said};

/// Runs on a terminal of its own, with these answers typed.
fn on_terminal(world: &World, answers: &str, args: &[&str]) -> Said {
    run_on_terminal(world, answers, args, "")
}

/// As [`on_terminal`], with words of a shell after the command.
pub fn run_on_terminal(world: &World, answers: &str, args: &[&str], then: &str) -> Said {
    said(&mut world.on_terminal_then(&world.command(args), answers, then))
}

#[test]
fn prices_and_changes_by_others_are_asked_about_on_a_terminal() {
    let world = World::with_goods(&teas(&[("A", "12.50"), ("B", "12.50")]));
    world.write("slip.csv", teas(&[("A", "1.30"), ("B", "12.60")]));
    world.ok(&[
        "api",
        "call",
        "spu_update_without_audit",
        "--data",
        r#"{"out_product_id":"B","skus":[{"out_sku_id":"B-1","sale_price":1300}]}"#,
    ]);
    let price = |id: &str| world.products()[id]["skus"][0]["sale_price"].clone();
    let upload = ["goods", "upload", "slip.csv"];
    // The first question is about the price, and no ends all.
    let said = on_terminal(&world, "n\n", &upload);
    assert_eq!(said.code, Some(2), "{}", said.text());
    assert!(
        said.text()
            .contains("A: A-1 sale_price 12.50 → 1.30 (-89 %)"),
        "{}",
        said.text()
    );
    assert!(
        said.text().contains("Send the new price of this product?"),
        "{}",
        said.text()
    );
    assert_eq!((price("A"), price("B")), (1250.into(), 1300.into()));
    // What somebody else changed is held back where the answer is no.
    let said = on_terminal(&world, "y\nn\n", &upload);
    assert_eq!(said.code, Some(6), "{}", said.text());
    assert!(
        said.text().contains("B: B-1 sale_price 13.00 → 12.60"),
        "{}",
        said.text()
    );
    assert!(
        said.text().contains("Otherwise it is held back."),
        "{}",
        said.text()
    );
    assert_eq!((price("A"), price("B")), (130.into(), 1300.into()));
    let said = on_terminal(&world, "y\n", &upload);
    assert_eq!(said.code, Some(0), "{}", said.text());
    assert_eq!(price("B"), 1260);
}
