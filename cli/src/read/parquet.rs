//! Rows as a Parquet file.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parquet::basic::{ConvertedType, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::Result;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;

use super::table::{Cell, Kind, Table};

/// So many rows are kept in memory and then written as one group: about 20 MB.
const GROUP_ROWS: usize = 1 << 14;

/// A Parquet file that is being written, under another name until it is whole.
pub(crate) struct ParquetFile {
    writer: SerializedFileWriter<File>,
    kinds: Vec<Kind>,
    rows: Vec<Vec<Cell>>,
    unfinished: PathBuf,
    path: PathBuf,
}

impl ParquetFile {
    /// Where the rows are until the file is whole.
    pub(crate) fn unfinished(path: &Path) -> PathBuf {
        let mut name = path.as_os_str().to_owned();
        name.push(".part");
        name.into()
    }

    pub(crate) fn create(path: &Path, table: &Table) -> Result<Self> {
        let fields = table.columns().iter().map(|(name, kind)| field(name, *kind)).collect::<Result<_>>()?;
        let schema = Type::group_type_builder("faces").with_fields(fields).build()?;
        let unfinished = Self::unfinished(path);
        let properties =
            WriterProperties::builder().set_created_by(format!("countenance {}", env!("CARGO_PKG_VERSION")));
        let file = File::create(&unfinished)?;
        Ok(Self {
            writer: SerializedFileWriter::new(file, Arc::new(schema), Arc::new(properties.build()))?,
            kinds: table.columns().iter().map(|(_, kind)| *kind).collect(),
            rows: Vec::new(),
            unfinished,
            path: path.to_owned(),
        })
    }

    pub(crate) fn write(&mut self, rows: Vec<Vec<Cell>>) -> Result<()> {
        self.rows.extend(rows);
        if self.rows.len() >= GROUP_ROWS { self.write_group() } else { Ok(()) }
    }

    /// Writes what is left, and gives the file its name.
    pub(crate) fn finish(mut self) -> Result<()> {
        if !self.rows.is_empty() {
            self.write_group()?;
        }
        self.writer.close()?;
        Ok(fs::rename(self.unfinished, self.path)?)
    }

    fn write_group(&mut self) -> Result<()> {
        let mut group = self.writer.next_row_group()?;
        for (index, kind) in self.kinds.iter().enumerate() {
            let Some(mut column) = group.next_column()? else { break };
            let cells = || self.rows.iter().map(|row| &row[index]);
            // 1 for a value, 0 for an empty cell.
            let levels: Vec<i16> = cells().map(|cell| i16::from(*cell != Cell::Empty)).collect();
            let levels = Some(levels.as_slice());
            match kind {
                Kind::Text => {
                    let values = values(cells(), |cell| {
                        if let Cell::Text(text) = cell { Some(ByteArray::from(text.as_str())) } else { None }
                    });
                    column.typed::<ByteArrayType>().write_batch(&values, levels, None)?
                }
                Kind::Number => {
                    let values =
                        values(cells(), |cell| if let Cell::Number(number) = cell { Some(*number) } else { None });
                    column.typed::<DoubleType>().write_batch(&values, levels, None)?
                }
                Kind::Count => {
                    let values =
                        values(
                            cells(),
                            |cell| if let Cell::Count(count) = cell { i64::try_from(*count).ok() } else { None },
                        );
                    column.typed::<Int64Type>().write_batch(&values, levels, None)?
                }
                Kind::Flag => {
                    let values = values(cells(), |cell| if let Cell::Flag(flag) = cell { Some(*flag) } else { None });
                    column.typed::<BoolType>().write_batch(&values, levels, None)?
                }
            };
            column.close()?;
        }
        group.close()?;
        self.rows.clear();
        Ok(())
    }
}

fn values<'a, T>(cells: impl Iterator<Item = &'a Cell>, value: impl Fn(&Cell) -> Option<T>) -> Vec<T> {
    cells.filter_map(value).collect()
}

fn field(name: &str, kind: Kind) -> Result<Arc<Type>> {
    let physical = match kind {
        Kind::Text => Physical::BYTE_ARRAY,
        Kind::Number => Physical::DOUBLE,
        Kind::Count => Physical::INT64,
        Kind::Flag => Physical::BOOLEAN,
    };
    let builder = Type::primitive_type_builder(name, physical).with_repetition(Repetition::OPTIONAL);
    let builder = if kind == Kind::Text {
        builder.with_converted_type(ConvertedType::UTF8).with_logical_type(Some(LogicalType::String))
    } else {
        builder
    };
    Ok(Arc::new(builder.build()?))
}
