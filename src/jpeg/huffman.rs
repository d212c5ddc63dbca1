//! Huffman tables and the bits they are read from (T.81, annexes C and F.2.2).

use super::{DAMAGED, ENDS_EARLY, Fault};

/// Codes up to this length are looked up at once.
const LOOKUP_BITS: u32 = 8;

/// The tables for luminance and chrominance of T.81, annex K.3.3, as the content of a DHT segment.
#[rustfmt::skip]
pub(super) const STANDARD: [u8; 416] = [
    0x00, 0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0,
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,

    0x01, 0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0,
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,

    0x10, 0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 125,
    0x01, 0x02, 0x03, 0x00, 0x04, 0x11, 0x05, 0x12, 0x21, 0x31, 0x41, 0x06, 0x13, 0x51, 0x61, 0x07, 0x22, 0x71,
    0x14, 0x32, 0x81, 0x91, 0xA1, 0x08, 0x23, 0x42, 0xB1, 0xC1, 0x15, 0x52, 0xD1, 0xF0, 0x24, 0x33, 0x62, 0x72,
    0x82, 0x09, 0x0A, 0x16, 0x17, 0x18, 0x19, 0x1A, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2A, 0x34, 0x35, 0x36, 0x37,
    0x38, 0x39, 0x3A, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4A, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59,
    0x5A, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6A, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7A, 0x83,
    0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9A, 0xA2, 0xA3,
    0xA4, 0xA5, 0xA6, 0xA7, 0xA8, 0xA9, 0xAA, 0xB2, 0xB3, 0xB4, 0xB5, 0xB6, 0xB7, 0xB8, 0xB9, 0xBA, 0xC2, 0xC3,
    0xC4, 0xC5, 0xC6, 0xC7, 0xC8, 0xC9, 0xCA, 0xD2, 0xD3, 0xD4, 0xD5, 0xD6, 0xD7, 0xD8, 0xD9, 0xDA, 0xE1, 0xE2,
    0xE3, 0xE4, 0xE5, 0xE6, 0xE7, 0xE8, 0xE9, 0xEA, 0xF1, 0xF2, 0xF3, 0xF4, 0xF5, 0xF6, 0xF7, 0xF8, 0xF9, 0xFA,

    0x11, 0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 119,
    0x00, 0x01, 0x02, 0x03, 0x11, 0x04, 0x05, 0x21, 0x31, 0x06, 0x12, 0x41, 0x51, 0x07, 0x61, 0x71, 0x13, 0x22,
    0x32, 0x81, 0x08, 0x14, 0x42, 0x91, 0xA1, 0xB1, 0xC1, 0x09, 0x23, 0x33, 0x52, 0xF0, 0x15, 0x62, 0x72, 0xD1,
    0x0A, 0x16, 0x24, 0x34, 0xE1, 0x25, 0xF1, 0x17, 0x18, 0x19, 0x1A, 0x26, 0x27, 0x28, 0x29, 0x2A, 0x35, 0x36,
    0x37, 0x38, 0x39, 0x3A, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4A, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58,
    0x59, 0x5A, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6A, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7A,
    0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9A,
    0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7, 0xA8, 0xA9, 0xAA, 0xB2, 0xB3, 0xB4, 0xB5, 0xB6, 0xB7, 0xB8, 0xB9, 0xBA,
    0xC2, 0xC3, 0xC4, 0xC5, 0xC6, 0xC7, 0xC8, 0xC9, 0xCA, 0xD2, 0xD3, 0xD4, 0xD5, 0xD6, 0xD7, 0xD8, 0xD9, 0xDA,
    0xE2, 0xE3, 0xE4, 0xE5, 0xE6, 0xE7, 0xE8, 0xE9, 0xEA, 0xF2, 0xF3, 0xF4, 0xF5, 0xF6, 0xF7, 0xF8, 0xF9, 0xFA,
];

/// The tables in force, four for each class.
#[derive(Default)]
pub(super) struct Tables {
    pub(super) dc: [Option<Table>; 4],
    pub(super) ac: [Option<Table>; 4],
}

impl Tables {
    /// Reads the content of a DHT segment.
    pub(super) fn define(&mut self, mut content: &[u8]) -> Result<(), Fault> {
        while let Some((&place, rest)) = content.split_first() {
            let (counts, rest) = rest.split_first_chunk().ok_or(DAMAGED)?;
            let length = counts.iter().map(|&count| usize::from(count)).sum();
            let (values, rest) = rest.split_at_checked(length).ok_or(DAMAGED)?;
            let class = match place >> 4 {
                0 => &mut self.dc,
                1 => &mut self.ac,
                _ => return Err(DAMAGED),
            };
            *class.get_mut(usize::from(place & 15)).ok_or(DAMAGED)? = Some(Table::new(counts, values)?);
            content = rest;
        }
        Ok(())
    }

    /// Puts the standard tables where there are none.
    pub(super) fn complete_with_standard(&mut self) -> Result<(), Fault> {
        let mut standard = Self::default();
        standard.define(&STANDARD)?;
        for (table, standard) in self.dc.iter_mut().chain(&mut self.ac).zip(standard.dc.into_iter().chain(standard.ac))
        {
            *table = table.take().or(standard);
        }
        Ok(())
    }
}

pub(super) struct Table {
    /// By the next eight bits: the value and the length of its code, 0 where the code is longer.
    lookup: [(u8, u8); 1 << LOOKUP_BITS],
    values: Vec<u8>,
    /// By the length of a code: what is above all codes of this length, and what to add to a code to find its value.
    above: [i32; 17],
    offset: [i32; 17],
}

impl Table {
    fn new(counts: &[u8; 16], values: &[u8]) -> Result<Self, Fault> {
        let mut table =
            Self { lookup: [(0, 0); 1 << LOOKUP_BITS], values: values.to_vec(), above: [0; 17], offset: [0; 17] };
        let (mut code, mut index) = (0_i32, 0_i32);
        for (length, &count) in (1_u8..).zip(counts) {
            let bits = u32::from(length);
            table.offset[usize::from(length)] = index - code;
            for _ in 0..count {
                if bits <= LOOKUP_BITS {
                    let spare = LOOKUP_BITS - bits;
                    let entries = table.lookup.get_mut((code << spare) as usize..((code + 1) << spare) as usize);
                    entries.ok_or(DAMAGED)?.fill((values[index as usize], length));
                }
                code += 1;
                index += 1;
            }
            if code > 1 << bits {
                return Err(DAMAGED);
            }
            table.above[usize::from(length)] = code;
            code <<= 1;
        }
        if values.is_empty() { Err(DAMAGED) } else { Ok(table) }
    }
}

/// The bits of entropy-coded data, up to the next marker or the end of the file.
pub(super) struct Bits<'a> {
    data: &'a [u8],
    at: usize,
    /// The next bits, from the highest; zeros below them.
    buffer: u64,
    count: u32,
}

impl<'a> Bits<'a> {
    pub(super) fn new(data: &'a [u8]) -> Self {
        Self { data, at: 0, buffer: 0, count: 0 }
    }

    /// How many bytes were looked at: all that were read and up to seven more, never a marker.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    fn refill(&mut self) {
        while self.count <= 56 {
            let byte = match self.data[self.at..] {
                [0xFF, 0, ..] => {
                    self.at += 1;
                    0xFF
                }
                [] | [0xFF, ..] => return,
                [byte, ..] => byte,
            };
            self.at += 1;
            self.buffer |= u64::from(byte) << (56 - self.count);
            self.count += 8;
        }
    }

    #[inline]
    fn drop(&mut self, bits: u32) -> Result<(), Fault> {
        if self.count < bits {
            return Err(ENDS_EARLY);
        }
        self.buffer <<= bits;
        self.count -= bits;
        Ok(())
    }

    /// The next bits as a number, up to 32.
    #[inline]
    pub(super) fn take(&mut self, bits: u32) -> Result<u32, Fault> {
        if self.count < bits {
            self.refill();
        }
        // In two steps, for none may be asked.
        let value = (self.buffer >> 32 >> (32 - bits)) as u32;
        self.drop(bits)?;
        Ok(value)
    }

    /// The value of the next code.
    #[inline]
    pub(super) fn value(&mut self, table: &Table) -> Result<u8, Fault> {
        if self.count < 16 {
            self.refill();
        }
        let (value, length) = table.lookup[(self.buffer >> (64 - LOOKUP_BITS)) as usize];
        if length > 0 {
            self.drop(u32::from(length))?;
            return Ok(value);
        }
        for length in LOOKUP_BITS + 1..=16 {
            let code = (self.buffer >> (64 - length)) as i32;
            if code < table.above[length as usize] {
                self.drop(length)?;
                return table.values.get((code + table.offset[length as usize]) as usize).copied().ok_or(DAMAGED);
            }
        }
        Err(if self.count < 16 { ENDS_EARLY } else { DAMAGED })
    }

    /// Goes past the restart marker of this number, 0 to 7, which must be next.
    pub(super) fn restart(&mut self, number: u8) -> Result<(), Fault> {
        (self.buffer, self.count) = (0, 0);
        let rest = &self.data[self.at..];
        let fill = rest.iter().take_while(|&&byte| byte == 0xFF).count();
        match rest.get(fill) {
            Some(&marker) if fill > 0 && marker == 0xD0 + number => {
                self.at += fill + 1;
                Ok(())
            }
            None | Some(0xD9) => Err(ENDS_EARLY),
            _ => Err(DAMAGED),
        }
    }
}
