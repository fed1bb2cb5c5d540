//! Records set aside on disk: what was checked is what is sent, even if the file it came from changes meanwhile, and
//! a million of them take no memory.

use anyhow::Result;
use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};

/// How long the two parts of a record are, ahead of them.
const PREFIX: usize = 8;
const PIECE: usize = 256 * 1024;

/// A spool that is being filled.
pub struct SpoolWriter {
    out: BufWriter<File>,
    end: u64,
}

impl SpoolWriter {
    /// The file has no name (on Windows: is deleted on closing), so that nothing is left behind however the program ends.
    pub fn create(dir: &Path) -> Result<SpoolWriter> {
        std::fs::create_dir_all(dir)?;
        Ok(SpoolWriter {
            out: BufWriter::with_capacity(PIECE, tempfile::tempfile_in(dir)?),
            end: 0,
        })
    }

    /// Adds a record of two parts; returns where it is.
    pub fn append(&mut self, meta: &[u8], body: &[u8]) -> Result<u64> {
        let at = self.end;
        self.out
            .write_all(&u32::try_from(meta.len())?.to_le_bytes())?;
        self.out
            .write_all(&u32::try_from(body.len())?.to_le_bytes())?;
        self.out.write_all(meta)?;
        self.out.write_all(body)?;
        self.end += (PREFIX + meta.len() + body.len()) as u64;
        Ok(at)
    }

    /// Makes what was added readable; more can be added afterwards.
    pub fn reader(&mut self) -> Result<Spool> {
        self.out.flush()?;
        Ok(Spool {
            file: Arc::new(Mutex::new(self.out.get_ref().try_clone()?)),
        })
    }

    /// Goes on at the end after a reader moved the file's one position.
    pub fn resume(&mut self) -> Result<()> {
        self.out.seek(SeekFrom::Start(self.end))?;
        Ok(())
    }
}

/// A filled spool; copies read the same file.
#[derive(Debug, Clone)]
pub struct Spool {
    file: Arc<Mutex<File>>,
}

impl Spool {
    pub fn cursor(&self) -> Cursor {
        Cursor {
            spool: self.clone(),
            piece: Vec::new(),
            start: 0,
        }
    }

    fn read(&self, at: u64, least: usize, piece: &mut Vec<u8>) -> Result<()> {
        let mut file = self
            .file
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        file.seek(SeekFrom::Start(at))?;
        piece.clear();
        Read::by_ref(&mut *file)
            .take(least.max(PIECE) as u64)
            .read_to_end(piece)?;
        anyhow::ensure!(piece.len() >= least, "the spool ends early");
        Ok(())
    }
}

/// Reads records; fast where they follow one another.
pub struct Cursor {
    spool: Spool,
    piece: Vec<u8>,
    start: u64,
}

impl Cursor {
    /// The two parts of the record at `at`.
    pub fn record(&mut self, at: u64) -> Result<(&[u8], &[u8])> {
        let prefix = self.bytes(at, PREFIX)?;
        let part = |from: usize| {
            u32::from_le_bytes([
                prefix[from],
                prefix[from + 1],
                prefix[from + 2],
                prefix[from + 3],
            ]) as usize
        };
        let (meta, body) = (part(0), part(4));
        let both = self.bytes(at + PREFIX as u64, meta + body)?;
        Ok(both.split_at(meta))
    }

    fn bytes(&mut self, at: u64, len: usize) -> Result<&[u8]> {
        let held = at >= self.start && at + len as u64 <= self.start + self.piece.len() as u64;
        if !held {
            self.spool.read(at, len, &mut self.piece)?;
            self.start = at;
        }
        let from = (at - self.start) as usize;
        Ok(&self.piece[from..from + len])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_back_in_any_order_and_more_can_follow() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut writer = SpoolWriter::create(dir.path()).expect("a spool");
        let body = |n: usize| vec![n as u8; n * 700];
        let mut places: Vec<u64> = (0..600)
            .map(|n| writer.append(&[n as u8], &body(n)).expect("room"))
            .collect();
        let spool = writer.reader().expect("a reader");
        assert_eq!(
            spool.cursor().record(places[5]).expect("a record"),
            (&[5u8][..], &body(5)[..])
        );
        writer.resume().expect("the end");
        places.push(writer.append(&[1, 2], b"last").expect("room"));
        let spool = writer.reader().expect("a reader");
        let mut cursor = spool.cursor();
        assert_eq!(
            cursor.record(places[600]).expect("a record"),
            (&[1u8, 2][..], &b"last"[..])
        );
        for n in (0..600).rev() {
            assert_eq!(cursor.record(places[n]).expect("a record").1, body(n));
        }
        assert_eq!(
            std::fs::read_dir(dir.path()).expect("a folder").count(),
            0,
            "the spool has a name"
        );
    }
}
