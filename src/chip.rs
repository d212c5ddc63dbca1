//! A face cut out: what the expression network sees.

/// Side of a face chip in pixels.
pub const CHIP_SIDE: usize = 48;

/// A face as the network sees it: 48 x 48 grey bytes, rows from the top.
#[derive(Clone, PartialEq, Eq)]
pub struct FaceChip {
    grey: [u8; CHIP_SIDE * CHIP_SIDE],
}

impl FaceChip {
    /// A chip from grey bytes, rows from the top.
    pub const fn from_grey(grey: [u8; CHIP_SIDE * CHIP_SIDE]) -> Self {
        Self { grey }
    }

    /// The grey bytes, rows from the top.
    pub const fn grey(&self) -> &[u8; CHIP_SIDE * CHIP_SIDE] {
        &self.grey
    }
}

impl std::fmt::Debug for FaceChip {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FaceChip(48x48)")
    }
}
