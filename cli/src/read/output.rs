//! Where answers go, and in which form.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, IsTerminal, Seek, SeekFrom, Write};
use std::path::Path;

use super::answer::Answer;
use super::csv;
#[cfg(feature = "parquet")]
use super::parquet::ParquetFile;
use super::resume::{Scan, scan_lines};
use super::table::Table;

pub(crate) enum Output {
    Lines(Target),
    Csv(Target, Table),
    #[cfg(feature = "parquet")]
    Parquet(Box<ParquetFile>, Table),
}

/// Standard output or a file. Nothing is buffered: each answer is written whole, when it is there.
pub(crate) enum Target {
    Standard,
    File(File),
}

impl Output {
    /// Lines of JSON, or CSV where there is a table.
    pub(crate) fn begin(target: Target, table: Option<Table>) -> io::Result<Self> {
        match table {
            None => Ok(Self::Lines(target)),
            Some(table) => {
                let mut target = target;
                target.write(&csv::header(&table))?;
                Ok(Self::Csv(target, table))
            }
        }
    }

    /// Goes on with a file that an earlier run has begun, and says what it holds.
    ///
    /// # Errors
    /// Where the file cannot be read and written, or is of another form.
    pub(crate) fn resume(path: &Path, table: Option<Table>) -> io::Result<(Self, Scan)> {
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        let mut scan = Scan::default();
        match &table {
            None => scan_lines(BufReader::new(&file), &mut scan)?,
            Some(table) => csv::scan(BufReader::new(&file), table, &mut scan)?,
        }
        file.set_len(scan.length)?;
        file.seek(SeekFrom::End(0))?;
        let target = Target::File(file);
        let output = match table {
            Some(table) if scan.length > 0 => Self::Csv(target, table),
            table => Self::begin(target, table)?,
        };
        Ok((output, scan))
    }

    /// How this output writes the name of a file.
    pub(crate) fn naming(&self) -> fn(&str) -> String {
        if let Self::Csv(..) = self { csv::harmless } else { str::to_owned }
    }

    pub(crate) fn is_terminal(&self) -> bool {
        matches!(self, Self::Lines(Target::Standard) | Self::Csv(Target::Standard, _)) && io::stdout().is_terminal()
    }

    pub(crate) fn write(&mut self, answer: &Answer) -> io::Result<()> {
        match self {
            Self::Lines(target) => target.write(&answer.line()?),
            Self::Csv(target, table) => target.write(&csv::rows(table.rows(answer))),
            #[cfg(feature = "parquet")]
            Self::Parquet(file, table) => file.write(table.rows(answer)).map_err(io::Error::other),
        }
    }

    pub(crate) fn finish(self) -> io::Result<()> {
        match self {
            Self::Lines(_) | Self::Csv(..) => Ok(()),
            #[cfg(feature = "parquet")]
            Self::Parquet(file, _) => file.finish().map_err(io::Error::other),
        }
    }
}

impl Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Standard => {
                let mut out = io::stdout().lock();
                out.write_all(bytes)?;
                out.flush()
            }
            Self::File(file) => file.write_all(bytes),
        }
    }
}
