//! What is set aside of a product beside its request, in few bytes: what is asked of every product, so that the requests
//! of thousands need not be read for it.

use super::RowRef;
use anyhow::Result;
use bytes::{Buf, BufMut};

/// What is known of a product without reading its request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outline {
    /// The merchant's own number of the product.
    pub key: String,
    /// 0 where the request names none.
    pub third_cat_id: u64,
    /// A price stands below a tenth of its list price.
    pub cheap: bool,
    /// What is to be remembered of it once it was added as it stands, see [`Sent`](crate::model::product::Sent).
    pub sent: Vec<u8>,
    /// The request can be sent as it stands, unless pictures on other hosts are to be copied: it lacks nothing, and
    /// no picture on disk stands in it.
    pub ready: bool,
}

/// The outline of a product and its rows.
pub(super) fn write(outline: &Outline, rows: &[RowRef]) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(outline.key.len() + outline.sent.len() + 18 + rows.len() * 16);
    out.put_u32_le(u32::try_from(outline.key.len())?);
    out.put_slice(outline.key.as_bytes());
    out.put_u64_le(outline.third_cat_id);
    out.put_u8(u8::from(outline.ready) | u8::from(outline.cheap) << 1);
    out.put_u32_le(u32::try_from(outline.sent.len())?);
    out.put_slice(&outline.sent);
    for row in rows {
        out.put_u32_le(row.input);
        out.put_u32_le(row.row);
        out.put_u64_le(row.touched);
    }
    Ok(out)
}

/// The way back.
pub(super) fn read(mut meta: &[u8]) -> Result<(Outline, Vec<RowRef>)> {
    let mut key = vec![0; meta.try_get_u32_le()? as usize];
    meta.try_copy_to_slice(&mut key)?;
    let mut outline = Outline {
        key: String::from_utf8(key)?,
        third_cat_id: meta.try_get_u64_le()?,
        ..Outline::default()
    };
    let marks = meta.try_get_u8()?;
    (outline.ready, outline.cheap) = (marks & 1 != 0, marks & 2 != 0);
    outline.sent = vec![0; meta.try_get_u32_le()? as usize];
    meta.try_copy_to_slice(&mut outline.sent)?;
    let mut rows = Vec::with_capacity(meta.len() / 16);
    while meta.has_remaining() {
        rows.push(RowRef {
            input: meta.try_get_u32_le()?,
            row: meta.try_get_u32_le()?,
            touched: meta.try_get_u64_le()?,
        });
    }
    Ok((outline, rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outline_comes_back_as_it_was() {
        let outline = Outline {
            key: "货号 1".into(),
            third_cat_id: 378_031,
            ready: true,
            cheap: true,
            sent: vec![1, 2, 3],
        };
        let row = |row| RowRef {
            input: 1,
            row,
            touched: 1 << 40,
        };
        let rows = vec![row(2), row(9)];
        let meta = write(&outline, &rows).expect("short");
        assert_eq!(read(&meta).expect("whole"), (outline, rows));
        assert!(read(&meta[..meta.len() - 3]).is_err());
    }
}
