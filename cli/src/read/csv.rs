//! Rows as CSV (RFC 4180), and what a file of them holds already.

use std::io::{self, BufRead};

use csv::{ReaderBuilder, StringRecord};

use super::resume::{Entry, Scan};
use super::table::{Cell, Table};

const LINE_END: &[u8] = b"\r\n";

/// The header's line.
pub(crate) fn header(table: &Table) -> Vec<u8> {
    line(table.columns().iter().map(|(name, _)| name.clone()))
}

/// These rows' lines.
pub(crate) fn rows(rows: Vec<Vec<Cell>>) -> Vec<u8> {
    rows.into_iter().flat_map(|row| line(row.into_iter().map(written))).collect()
}

fn line(cells: impl Iterator<Item = String>) -> Vec<u8> {
    let mut line = cells.collect::<Vec<_>>().join(",").into_bytes();
    line.extend_from_slice(LINE_END);
    line
}

fn written(cell: Cell) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(text) => quoted(harmless(&text)),
        Cell::Number(number) => number.to_string(),
        Cell::Count(count) => count.to_string(),
        Cell::Flag(flag) => flag.to_string(),
    }
}

/// Text in quotes, unless every reader understands it without them: some take a semicolon for the end of a cell.
fn quoted(text: String) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    if text.starts_with(is_plain) && text.chars().all(|letter| is_plain(letter) || "./ -".contains(letter)) {
        text
    } else {
        format!("\"{}\"", text.replace('"', "\"\""))
    }
}

/// Text with an apostrophe in front where a spreadsheet might read it as a formula (OWASP, "CSV Injection"), also after
/// blanks and in full width.
pub(crate) fn harmless(text: &str) -> String {
    let is_blank = |letter: char| letter.is_whitespace() || letter == '\u{feff}' || letter == '\0';
    let is_formula = text.trim_start_matches(is_blank).starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
        || text.starts_with(['\t', '\r', '\n', '\0']);
    if is_formula { format!("'{text}") } else { text.to_owned() }
}

/// Finds the answers that a file begun by an earlier run holds whole: all rows of a picture's faces.
///
/// # Errors
/// Where the file is not of this table.
pub(crate) fn scan(mut file: impl BufRead, table: &Table, scan: &mut Scan) -> io::Result<()> {
    let header = header(table);
    let mut record = Vec::new();
    if !read_record(&mut file, &mut record)? && header.starts_with(&record) {
        return Ok(()); // broken off within the header, or empty
    }
    if record != header {
        return Err(io::Error::other("its header is not that of this run: it was written with other options"));
    }
    scan.begin(header.len() as u64);
    let place = |name: &str| table.columns().iter().position(|(column, _)| column == name);
    let places = [place("file"), place("faces"), place("error"), place("seconds")];
    let [Some(file_at), Some(faces_at), Some(error_at), Some(seconds_at)] = places else { return Ok(()) };
    let (mut length, mut rows) = (0, 0);
    while read_record(&mut file, &mut record)? {
        length += record.len() as u64;
        let Some(cells) = cells(&record, table.columns().len()) else {
            return Err(io::Error::other("it is damaged: a row has too few or too many cells"));
        };
        rows += 1;
        if cells[faces_at].parse().is_ok_and(|faces: u64| rows < faces) {
            continue;
        }
        scan.add(Entry {
            file: cells[file_at].to_owned(),
            seconds: cells[seconds_at].parse().ok(),
            failed: !cells[error_at].is_empty(),
            length,
        });
        (length, rows) = (0, 0);
    }
    Ok(())
}

/// Reads a record with its line end; false where the file ends before that.
fn read_record(file: &mut impl BufRead, record: &mut Vec<u8>) -> io::Result<bool> {
    record.clear();
    loop {
        if file.read_until(b'\n', record)? == 0 {
            return Ok(false);
        }
        // Line ends within quotes belong to a cell.
        let quotes = record.iter().filter(|byte| **byte == b'"').count();
        if record.ends_with(LINE_END) && quotes.is_multiple_of(2) {
            return Ok(true);
        }
    }
}

fn cells(record: &[u8], count: usize) -> Option<StringRecord> {
    let mut reader = ReaderBuilder::new().has_headers(false).from_reader(record);
    reader.records().next()?.ok().filter(|cells| cells.len() == count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_text() {
        for formula in ["=1+1", "+1", "-1", "@a", " \u{feff}=1", "＝1", "\tq", "\0"] {
            assert_eq!(harmless(formula), format!("'{formula}"));
        }
        for name in ["a=b.png", "holidays/-1.png", "", " blank", "ü.png"] {
            assert_eq!(harmless(name), name);
        }
    }

    #[test]
    fn text_is_quoted_as_on_the_page() {
        for plain in ["a.png", "holidays/b c-1.png", "_"] {
            assert_eq!(quoted(plain.to_owned()), plain);
        }
        assert_eq!(quoted("a;=1".to_owned()), "\"a;=1\"");
        assert_eq!(quoted("ü \"x\"".to_owned()), "\"ü \"\"x\"\"\"");
    }

    #[test]
    fn records_end_outside_of_quotes() {
        let mut file = "a,\"b\r\nc\"\r\nd,e\r\nf,\"g\r\n".as_bytes();
        let mut record = Vec::new();
        for expected in ["a,\"b\r\nc\"\r\n", "d,e\r\n"] {
            assert!(read_record(&mut file, &mut record).unwrap());
            assert_eq!(record, expected.as_bytes());
        }
        assert!(!read_record(&mut file, &mut record).unwrap());
    }
}
