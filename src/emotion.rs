//! The expressions the network tells apart, and their order.

/// A displayed expression. The discriminant is the network's output index; nothing else in the project may list the
/// classes in an order of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Emotion {
    /// A happy expression.
    Happy = 0,
    /// A neutral expression.
    Neutral = 1,
    /// A sad expression.
    Sad = 2,
    /// A surprised expression.
    Surprise = 3,
}

impl Emotion {
    /// How many there are: the length of the network's answer.
    pub const COUNT: usize = 4;

    /// All, in the network's output order.
    pub const ALL: [Self; Self::COUNT] = [Self::Happy, Self::Neutral, Self::Sad, Self::Surprise];

    /// The lower-case name: folder names of the data set, keys in JavaScript.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Happy => "happy",
            Self::Neutral => "neutral",
            Self::Sad => "sad",
            Self::Surprise => "surprise",
        }
    }

    /// The position in the network's output.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The expression of this name, if there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|emotion| emotion.name() == name)
    }
}

impl std::fmt::Display for Emotion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_names_agree() {
        for (index, emotion) in Emotion::ALL.into_iter().enumerate() {
            assert_eq!(emotion.index(), index);
            assert_eq!(Emotion::from_name(emotion.name()), Some(emotion));
        }
        assert_eq!(Emotion::from_name("joy"), None);
    }
}
