//! `image upload`.

use super::catalogues::png;
use super::world::World;
use serde_json::json;

fn pictures(world: &World) -> (usize, i64) {
    let status = world.sandbox().status().expect("a status");
    (status.pictures, status.uploads)
}

#[test]
fn a_picture_is_uploaded_once_and_its_link_is_remembered() {
    let world = World::new();
    world.write("a.png", png(300));
    world.write("b/same.png", png(300));
    let first = world.json(&["image", "upload", "a.png"]);
    assert_eq!(first[0]["uploaded"], true);
    let link = first[0]["value"].as_str().expect("a link").to_owned();
    assert!(link.starts_with("https://mmecimage.cn/"), "{link}");
    let again = world.json(&["image", "upload", "b/same.png", "a.png"]);
    assert_eq!(
        again,
        json!([
            {"source": "b/same.png", "value": link, "uploaded": false},
            {"source": "a.png", "value": link, "uploaded": false},
        ])
    );
    assert_eq!(pictures(&world), (1, 1));
    world.ok(&["image", "upload", "a.png", "--again"]);
    assert_eq!(pictures(&world), (1, 2));
}

#[test]
fn an_address_is_fetched_by_the_platform() {
    let world = World::new();
    let link = "https://img.example.com/tea.jpg";
    let shown = world.ok(&["image", "upload", link, "--columns", "source,uploaded"]);
    insta::assert_snapshot!(shown, @"
     IMAGE                            UPLOADED
     https://img.example.com/tea.jpg  yes
    ");
    let call = world.calls().pop().expect("a call");
    assert!(call.query.contains("upload_type=1"), "{}", call.query);
    assert_eq!(call.request, format!("{{\"img_url\":\"{link}\"}}"));
}

#[test]
fn ids_are_made_for_applications() {
    let world = World::new();
    world.write("a.png", png(300));
    let value = |kind: &str| {
        let args = [
            "image",
            "upload",
            "a.png",
            "--as",
            kind,
            "--jq",
            ".[].value",
        ];
        world.ok(&args).trim().to_owned()
    };
    assert!(value("media").starts_with("media_"));
    assert!(value("pay").starts_with("pay_"));
}

#[test]
fn what_cannot_be_a_picture_is_named_and_nothing_is_sent() {
    let world = World::new();
    world.write("text.jpg", "hello");
    world.write("big.png", [png(300), vec![0; 2 * 1024 * 1024]].concat());
    world.write("good.png", png(300));
    let told = world.refused(
        2,
        &[
            "image", "upload", "text.jpg", "big.png", "none.png", "good.png",
        ],
    );
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(
        lines[..3],
        [
            "Error: 3 images cannot be uploaded; nothing was sent",
            "  - text.jpg is neither a jpg nor a png",
            "  - big.png is larger than 2 MB",
        ]
    );
    assert!(
        lines[3].starts_with("  - cannot read the image none.png: "),
        "{told}"
    );
    assert_eq!(world.paths_since(0), [""; 0]);
    let said = world.run(&["image", "upload", "good.png", "--dry-run"]);
    assert_eq!((said.code, pictures(&world)), (Some(0), (0, 0)));
}
