//! The entropy-coded data of a scan, walked to its end without decoding it (T.81, annexes A.2, F.2 and G.2): the only
//! way to know whether all of it is there.

use super::huffman::{Bits, Table, Tables};
use super::{DAMAGED, Fault};

const NO_TABLE: Fault = "the JPEG file has no Huffman table for its data";

/// The size of an image and of its components, and what is still missing of them.
pub(super) struct Layout {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) is_progressive: bool,
    pub(super) components: Vec<Component>,
    mcus: (usize, usize),
}

pub(super) struct Component {
    pub(super) id: u8,
    /// Blocks in an MCU, across and down.
    sampling: (usize, usize),
    /// Blocks of this component alone, where a scan holds no other.
    blocks: (usize, usize),
    /// A bit for each of the 64 coefficients that scans have not yet brought in full precision.
    missing: u64,
    /// Of a progressive image, for each block a bit for each coefficient that is not zero.
    nonzero: Vec<u64>,
}

impl Layout {
    /// Reads the content of a frame header (B.2.2).
    pub(super) fn read(content: &[u8], is_progressive: bool) -> Result<Self, Fault> {
        let &[precision, y1, y0, x1, x0, count, ref specified @ ..] = content else { return Err(DAMAGED) };
        let (width, height) = (u16::from_be_bytes([x1, x0]), u16::from_be_bytes([y1, y0]));
        if precision != 8 {
            return Err("a JPEG with more than 8 bits a sample is not supported");
        }
        if height == 0 {
            return Err("a JPEG whose height comes after its first scan is not supported");
        }
        if width == 0 || specified.len() != usize::from(count) * 3 {
            return Err(DAMAGED);
        }
        if !matches!(count, 1 | 3 | 4) {
            return Err("a JPEG with other than 1, 3 or 4 components is not supported");
        }
        let samplings: Vec<_> =
            specified.chunks_exact(3).map(|of| (usize::from(of[1] >> 4), usize::from(of[1] & 15))).collect();
        if samplings.iter().any(|&(x, y)| !(1..=4).contains(&x) || !(1..=4).contains(&y)) {
            return Err(DAMAGED);
        }
        let most = samplings.iter().fold((1, 1), |most, of| (most.0.max(of.0), most.1.max(of.1)));
        if samplings.iter().any(|&(x, y)| most.0 % x != 0 || most.1 % y != 0) {
            return Err("a JPEG with fractional sampling is not supported");
        }
        let (width, height) = (usize::from(width), usize::from(height));
        let blocks = |size: usize, sampling: usize, most: usize| (size * sampling).div_ceil(most).div_ceil(8);
        let components = specified.chunks_exact(3).zip(samplings).map(|(of, sampling)| Component {
            id: of[0],
            sampling,
            blocks: (blocks(width, sampling.0, most.0), blocks(height, sampling.1, most.1)),
            missing: !0,
            nonzero: Vec::new(),
        });
        Ok(Self {
            width: width as u32,
            height: height as u32,
            is_progressive,
            components: components.collect(),
            mcus: (width.div_ceil(8 * most.0), height.div_ceil(8 * most.1)),
        })
    }

    /// The bytes it takes to decode the components: a sample each, and a progressive image's coefficients.
    pub(super) fn memory(&self) -> u64 {
        let each = if self.is_progressive { 3 } else { 1 };
        let blocks = |component: &Component| component.sampling.0 * component.sampling.1 * self.mcus.0 * self.mcus.1;
        self.components.iter().map(blocks).sum::<usize>() as u64 * 64 * each
    }

    /// A component's blocks, across and down, with those that fill the last MCUs.
    fn blocks_with_padding(&self, index: usize) -> (usize, usize) {
        let sampling = self.components[index].sampling;
        (self.mcus.0 * sampling.0, self.mcus.1 * sampling.1)
    }

    /// The blocks that `jpeg_decoder` reads where a scan holds this component alone: others than the file has where
    /// a component has neither the finest sampling nor a block an MCU.
    fn blocks_as_decoded(&self, index: usize) -> (usize, usize) {
        let blocks = self.blocks_with_padding(index);
        (blocks.0.min(self.width.div_ceil(8) as usize), blocks.1.min(self.height.div_ceil(8) as usize))
    }

    /// Whether every coefficient was read in full.
    pub(super) fn is_complete(&self) -> bool {
        self.components.iter().all(|component| component.missing == 0)
    }

    /// Whether something was read of every component.
    pub(super) fn has_every_component(&self) -> bool {
        self.components.iter().all(|component| component.missing == 0 || !component.nonzero.is_empty())
    }
}

/// What a scan holds of each block.
#[derive(Clone, Copy)]
enum Pass {
    Sequential,
    DcFirst,
    DcRefinement,
    AcFirst,
    AcRefinement,
}

/// Walks the scan of this header to the end of its last MCU, and answers how many bytes of the data it takes.
pub(super) fn walk(
    layout: &mut Layout,
    tables: &Tables,
    restart_interval: usize,
    header: &[u8],
    data: &[u8],
) -> Result<usize, Fault> {
    let (&count, rest) = header.split_first().ok_or(DAMAGED)?;
    let (of_components, &[start, end, precision]) = rest.split_last_chunk().ok_or(DAMAGED)?;
    if of_components.is_empty() || of_components.len() != usize::from(count) * 2 {
        return Err(DAMAGED);
    }
    let is_single = count == 1;
    let is_band = is_single && start <= end && end < 64;
    let is_refinement = precision >> 4 != 0;
    let pass = match (layout.is_progressive, start, end) {
        (false, ..) => Pass::Sequential,
        (true, 0, 0) if is_refinement => Pass::DcRefinement,
        (true, 0, 0) => Pass::DcFirst,
        (true, 1.., _) if is_band && is_refinement => Pass::AcRefinement,
        (true, 1.., _) if is_band => Pass::AcFirst,
        _ => return Err(DAMAGED),
    };

    let mut walked = Vec::new();
    for of in of_components.chunks_exact(2) {
        let index = layout.components.iter().position(|component| component.id == of[0]).ok_or(DAMAGED)?;
        let (dc, ac) = (usize::from(of[1] >> 4), usize::from(of[1] & 15));
        walked.push((index, tables.dc.get(dc).and_then(Option::as_ref), tables.ac.get(ac).and_then(Option::as_ref)));
        let blocks = layout.blocks_with_padding(index);
        let component = &mut layout.components[index];
        if layout.is_progressive && component.nonzero.is_empty() {
            let count = blocks.0 * blocks.1;
            component
                .nonzero
                .try_reserve_exact(count)
                .map_err(|_| "there is not enough memory for the JPEG file's scans")?;
            component.nonzero.resize(count, 0);
        }
    }

    let mcus = if is_single { layout.components[walked[0].0].blocks } else { layout.mcus };
    if is_single && mcus != layout.blocks_as_decoded(walked[0].0) {
        return Err("a JPEG with an unusual sampling in scans of one component is not supported");
    }
    let mut walk = Walk { bits: Bits::new(data), band: (start, end), blocks_to_skip: 0 };
    for mcu in 0..mcus.0 * mcus.1 {
        if restart_interval > 0 && mcu > 0 && mcu % restart_interval == 0 {
            walk.bits.restart((mcu / restart_interval - 1) as u8 & 7)?;
            walk.blocks_to_skip = 0;
        }
        for &(index, dc, ac) in &walked {
            let across = layout.blocks_with_padding(index).0;
            let component = &mut layout.components[index];
            let size = if is_single { (1, 1) } else { component.sampling };
            let corner = mcu / mcus.0 * size.1 * across + mcu % mcus.0 * size.0;
            for block in (0..size.1).flat_map(|y| (0..size.0).map(move |x| corner + y * across + x)) {
                match pass {
                    Pass::Sequential => walk.dc(dc).and_then(|()| walk.ac(ac, None))?,
                    Pass::DcFirst => walk.dc(dc)?,
                    Pass::DcRefinement => _ = walk.bits.take(1)?,
                    Pass::AcFirst => walk.ac(ac, component.nonzero.get_mut(block))?,
                    Pass::AcRefinement => {
                        walk.ac_refinement(ac, component.nonzero.get_mut(block).ok_or(DAMAGED)?)?;
                    }
                }
            }
        }
    }

    for (index, ..) in walked {
        layout.components[index].missing &= match pass {
            Pass::Sequential => 0,
            _ if precision & 15 == 0 => !within(start, end),
            _ => !0,
        };
    }
    Ok(walk.bits.position())
}

/// A bit for each coefficient from the first to the last.
fn within(first: u8, last: u8) -> u64 {
    if first > last { 0 } else { !0 << first & !0 >> (63 - last) }
}

struct Walk<'a> {
    bits: Bits<'a>,
    /// The first and the last coefficient of the scan.
    band: (u8, u8),
    /// Blocks to come that hold nothing new (the run of end-of-band codes).
    blocks_to_skip: u32,
}

impl Walk<'_> {
    fn dc(&mut self, table: Option<&Table>) -> Result<(), Fault> {
        let size = self.bits.value(table.ok_or(NO_TABLE)?)?;
        self.bits.take(u32::from(size & 15))?;
        Ok(())
    }

    /// A block's AC coefficients, all of a sequential image's or, with its map, those of a progressive image's band.
    fn ac(&mut self, table: Option<&Table>, mut nonzero: Option<&mut u64>) -> Result<(), Fault> {
        if self.blocks_to_skip > 0 {
            self.blocks_to_skip -= 1;
            return Ok(());
        }
        let table = table.ok_or(NO_TABLE)?;
        let (mut index, last) = if nonzero.is_some() { self.band } else { (1, 63) };
        while index <= last {
            let value = self.bits.value(table)?;
            let (run, size) = (value >> 4, value & 15);
            if size > 0 {
                self.bits.take(u32::from(size))?;
                index += run;
                if let Some(nonzero) = &mut nonzero {
                    **nonzero |= within(index, index.min(last));
                }
            } else if run < 15 {
                self.end_of_band(run)?;
                self.blocks_to_skip -= 1;
                break;
            } else {
                index += 15;
            }
            index += 1;
        }
        Ok(())
    }

    /// Another bit for the coefficients that are not zero yet, and new ones between them.
    fn ac_refinement(&mut self, table: Option<&Table>, nonzero: &mut u64) -> Result<(), Fault> {
        let (mut index, last) = self.band;
        while index <= last && self.blocks_to_skip == 0 {
            let value = self.bits.value(table.ok_or(NO_TABLE)?)?;
            let (mut run, size) = (value >> 4, value & 15);
            if size > 0 {
                self.bits.take(1)?;
            } else if run < 15 {
                self.end_of_band(run)?;
                break;
            }
            while index <= last {
                if *nonzero >> index & 1 == 1 {
                    self.bits.take(1)?;
                } else if run == 0 {
                    break;
                } else {
                    run -= 1;
                }
                index += 1;
            }
            if size > 0 {
                *nonzero |= within(index, index.min(last));
            }
            index += 1;
        }
        if self.blocks_to_skip > 0 {
            self.blocks_to_skip -= 1;
            let corrections = (*nonzero & within(index, last)).count_ones();
            self.bits.take(corrections / 2)?;
            self.bits.take(corrections.div_ceil(2))?;
        }
        Ok(())
    }

    fn end_of_band(&mut self, size: u8) -> Result<(), Fault> {
        self.blocks_to_skip = (1 << size) + self.bits.take(u32::from(size))?;
        Ok(())
    }
}
