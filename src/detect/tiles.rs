//! The close look at a large frame, tile by tile: it finds the faces that are too small for a look at the whole.

use super::Part;
use super::network::INPUT_MULTIPLE;
use crate::geometry::{BoundingBox, centre};

/// The longest side at which a frame is searched.
pub(super) const MAX_LONG_SIDE: u32 = 4096;

/// The most pixels that are searched unless the caller wants more: half of a frame's sides for 24 megapixels.
const MAX_PIXELS: f64 = 6e6;

/// The longest side of a tile, in pixels as the network sees it. Its feature maps take 17 MB.
const TILE_SIDE: f64 = 640.0;

/// The longer side of a face, in pixels of the look at the whole frame, from which that look is sure to find it.
const SURE_FACE: f64 = 40.0;

/// The least width of a face in a tile, in pixels as the network sees it. Of what is smaller, steeples and chimneys for
/// instance, as much is false as true, and its expression can't be read.
const LEAST_FACE: f64 = 16.0;

/// The long side at which faces 48 pixels wide are found: 24 is about the least that the network finds reliably.
pub(super) fn long_side_for(width: u32, height: u32) -> u32 {
    let pixels = f64::from(width) * f64::from(height);
    let scale = (MAX_PIXELS / pixels).sqrt().min(0.5);
    ((f64::from(width.max(height)) * scale).ceil() as u32).min(MAX_LONG_SIDE)
}

/// The least confidence of a face in a tile: a sixth more of the way to certainty, since tiles show more of what resembles
/// a face. `cargo bench --bench small_faces` weighs the false faces that are left against the faces that it costs.
pub(super) fn least_confidence(min_confidence: f32) -> f32 {
    min_confidence + (1.0 - min_confidence) / 6.0
}

/// Overlapping tiles that cover a part of a frame.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tiles {
    part: Part,
    /// Frame pixels to one pixel of the network.
    scale: f64,
    across: Axis,
    down: Axis,
    /// The longer side of a face, in frame pixels, up to which it lies whole in a tile wherever it is.
    pub(super) largest_face: f32,
}

impl Tiles {
    /// The tiles of a part to be searched at this long side, which was looked at as a whole at a shorter one.
    pub(super) fn new(part: Part, long_side: u32, whole_side: u32) -> Self {
        let scale = f64::from(part.long_side()) / f64::from(long_side);
        let largest_face = SURE_FACE * f64::from(part.long_side()) / f64::from(whole_side);
        let axis = |length| Axis::new(length, scale, largest_face);
        let (across, down) = (axis(part.width), axis(part.height));
        Self { part, scale, across, down, largest_face: largest_face as f32 }
    }

    /// Every tile, row by row.
    pub(super) fn iter(&self) -> impl Iterator<Item = Tile> {
        (0..self.down.count).flat_map(move |row| (0..self.across.count).map(move |column| self.tile(column, row)))
    }

    fn tile(&self, column: u32, row: u32) -> Tile {
        let Self { part: Part { left, top, .. }, across, down, .. } = *self;
        let (width, height) = (across.size, down.size);
        let part = Part { left: left + across.start(column), top: top + down.start(row), width, height };
        let long_side = (f64::from(part.long_side()) / self.scale).round() as u32;
        let from = |start: u32, range: [f32; 2]| range.map(|at| at + start as f32);
        let least_face = (LEAST_FACE * self.scale) as f32;
        Tile {
            part,
            long_side,
            least_face,
            largest_face: self.largest_face,
            columns: from(left, across.own(column)),
            rows: from(top, down.own(row)),
        }
    }
}

/// One tile.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tile {
    pub(super) part: Part,
    /// Its long side in pixels as the network sees it.
    pub(super) long_side: u32,
    least_face: f32,
    largest_face: f32,
    columns: [f32; 2],
    rows: [f32; 2],
}

impl Tile {
    /// Whether a face is this tile's to report: not too small, nor so large that the look at the whole is surer of it, nor
    /// nearer to a neighbour's middle, since such a face may be cut off here and is whole there.
    pub(super) fn owns(&self, face: &BoundingBox) -> bool {
        let [x, y] = centre(face);
        let within = |[from, to]: [f32; 2], at: f32| from <= at && at < to;
        face.width >= self.least_face
            && face.width.max(face.height) <= self.largest_face
            && within(self.columns, x)
            && within(self.rows, y)
    }
}

/// One axis of the part: tiles of one size, evenly spread.
#[derive(Debug, Clone, Copy)]
struct Axis {
    length: u32,
    size: u32,
    count: u32,
    /// How far beyond the line between two tiles each still reports a face: the two may place its centre differently.
    shared: f32,
}

impl Axis {
    fn new(length: u32, scale: f64, largest_face: f64) -> Self {
        let shared = (largest_face / 8.0) as f32;
        let (whole, longest) = (f64::from(length), TILE_SIDE * scale);
        if whole <= longest {
            return Self { length, size: length, count: 1, shared };
        }
        // Where the frame is very long, its largest faces are as large as a tile.
        let overlap = largest_face.min(longest / 2.0);
        let count = ((whole - overlap) / (longest - overlap)).ceil();
        // A multiple of what the network wants is not padded.
        let multiple = scale * INPUT_MULTIPLE as f64;
        let size = ((whole + (count - 1.0) * overlap) / count / multiple).ceil() * multiple;
        Self { length, size: size.min(whole) as u32, count: count as u32, shared }
    }

    fn start(&self, index: u32) -> u32 {
        (self.length - self.size) * index / (self.count - 1).max(1)
    }

    /// Where the centres of a tile's own faces lie: as far as the middle of the overlap with each neighbour, and a bit
    /// beyond.
    fn own(&self, index: u32) -> [f32; 2] {
        let line = |right: u32| (self.start(right) + self.start(right - 1) + self.size) as f32 / 2.0;
        let from = if index == 0 { f32::NEG_INFINITY } else { line(index) - self.shared };
        let to = if index + 1 == self.count { f32::INFINITY } else { line(index + 1) + self.shared };
        [from, to]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn part(width: u32, height: u32) -> Part {
        Part { left: 0, top: 0, width, height }
    }

    #[test]
    fn tiles_at_half_the_size_are_whole_pixels_and_not_padded() {
        let tiles = Tiles::new(part(4000, 2667), 2000, 640);
        let all: Vec<Tile> = tiles.iter().collect();
        assert_eq!(all.len(), 12);
        for Tile { part, long_side, .. } in all {
            assert_eq!((part.width, part.height, long_side), (1216, 1088, 608));
            assert!(part.left + part.width <= 4000 && part.top + part.height <= 2667);
        }
        assert_eq!(tiles.largest_face, 250.0);
    }

    proptest! {
        #[test]
        fn a_small_face_lies_whole_in_a_tile_that_owns_it(
            (width, height) in (16..7000_u32, 16..7000_u32), size in 0.0..1.0_f64, (x, y) in (0.0..1.0_f32, 0.0..1.0_f32),
        ) {
            let part = part(width, height);
            let longest = part.long_side();
            prop_assume!(longest > 640);
            let long_side = 641 + (size * f64::from(longest.min(MAX_LONG_SIDE) - 641)) as u32;
            let tiles = Tiles::new(part, long_side, 640);
            let scale = f64::from(longest) / f64::from(long_side);
            // Half a tile is the most that tiles overlap.
            let side = tiles.largest_face.min((TILE_SIDE * scale / 2.0) as f32) - 1.0;
            prop_assume!(f64::from(side) > LEAST_FACE * scale);
            let within = |share: f32, length: u32| share * (length as f32 - side).max(0.0);
            let face = BoundingBox { x: within(x, width), y: within(y, height), width: side, height: side };
            let holds = |Tile { part: Part { left, top, width: across, height: down }, .. }: &Tile| {
                let axis = |from: f32, start: u32, size: u32, length: u32| {
                    from >= start as f32 && (from + side).min(length as f32) <= (start + size) as f32
                };
                axis(face.x, *left, *across, width) && axis(face.y, *top, *down, height)
            };
            let owners: Vec<Tile> = tiles.iter().filter(|tile| tile.owns(&face)).collect();
            prop_assert!(owners.iter().any(holds), "{:?} in {:?}", face, tiles);
            for Tile { part, .. } in tiles.iter() {
                prop_assert!(part.left + part.width <= width && part.top + part.height <= height);
                // Rounding to what the network wants may add a bit.
                prop_assert!(f64::from(part.long_side()) <= (TILE_SIDE + 1.0) * scale);
            }
        }
    }
}
