//! Small catalogues to upload.

const HEADINGS: &str = "out_product_id,title,path,head_img,third_cat_id,out_sku_id,sale_price,market_price,stock_num,sku_attrs\n";

/// Products of one SKU each, at this price in yuan.
pub fn teas(products: &[(&str, &str)]) -> String {
    let line = |(id, price): &(&str, &str)| {
        // A list price that no guard wonders about.
        let list = match price.parse::<f64>() {
            Ok(price) if price < 9.0 => "9.00",
            _ => "99.00",
        };
        format!(
            "{id},Green tea {id},pages/tea?id={id},https://img.example.com/{id}.jpg,1423,{id}-1,{price},{list},9,\n"
        )
    };
    HEADINGS.to_owned() + &products.iter().map(line).collect::<String>()
}

/// `count` products named T01, T02 …
pub fn many(count: usize) -> String {
    let numbers: Vec<String> = (1..=count).map(|n| format!("T{n:02}")).collect();
    let products: Vec<(&str, &str)> = numbers.iter().map(|id| (id.as_str(), "12.50")).collect();
    teas(&products)
}

/// One product with two SKUs, small and large.
pub fn pair(title: &str, small: &str, large: &str) -> String {
    format!(
        "{HEADINGS}P1,\"{title}\",pages/p1,https://img.example.com/p1.jpg,1423,P1-S,{small},99.00,5,size=S\n\
         P1,,,,,P1-L,{large},99.00,5,size=L\n"
    )
}

/// The picture of so many pixels; only its head is real.
pub fn png(width: u32) -> Vec<u8> {
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    png.extend_from_slice(&width.to_be_bytes());
    png.extend_from_slice(&[0, 0, 1, 0, 8, 2, 0, 0, 0]);
    png.extend_from_slice(b"sum.\0\0\0\0IENDsum.");
    png
}
