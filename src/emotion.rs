//! The expressions that the network distinguishes, and their order.

use std::fmt;

/// What stands in the place of an expression where the answer is uncertain.
pub const UNCERTAIN: &str = "uncertain";

/// A set of expressions that one head of the network distinguishes.
pub trait Expressions<const N: usize>: Copy + Eq + fmt::Debug + 'static {
    /// All, in the head's output order.
    const ALL: [Self; N];

    /// The position in the head's output.
    fn index(self) -> usize;

    /// The lower-case name: a key in JavaScript.
    fn name(self) -> &'static str;

    /// Whether it stands for every expression outside the set.
    fn is_other(self) -> bool {
        false
    }
}

/// An enum of expressions in the order of a head's output, with their names.
macro_rules! expressions {
    (
        $(#[$about:meta])* $set:ident, $count:literal: $($(#[$each:meta])* $variant:ident = $name:literal,)*
        $(; other is $other:ident)?
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum $set {
            $($(#[$each])* $variant,)*
        }

        impl $set {
            /// How many there are: the length of the head's answer.
            pub const COUNT: usize = $count;

            /// All, in the head's output order.
            pub const ALL: [Self; $count] = [$(Self::$variant,)*];

            /// The lower-case name: a key in JavaScript.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// The position in the head's output.
            pub const fn index(self) -> usize {
                self as usize
            }

            /// The expression of this name, if there is one.
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|expression| expression.name() == name)
            }
        }

        impl Expressions<$count> for $set {
            const ALL: [Self; $count] = Self::ALL;

            fn index(self) -> usize {
                self.index()
            }

            fn name(self) -> &'static str {
                self.name()
            }

            $(fn is_other(self) -> bool {
                self == Self::$other
            })?
        }

        impl fmt::Display for $set {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

expressions! {
    /// A displayed expression, one of the four of the network's main head. This is the only place that defines their
    /// order.
    Emotion, 4:
    /// A happy expression.
    Happy = "happy",
    /// A neutral expression.
    Neutral = "neutral",
    /// A sad expression.
    Sad = "sad",
    /// A surprised expression.
    Surprise = "surprise",
}

expressions! {
    /// A displayed expression, one of the eight of the network's second head: those of FER+, in its order.
    Emotion8, 8:
    /// A neutral expression.
    Neutral = "neutral",
    /// A happy expression.
    Happy = "happy",
    /// A surprised expression.
    Surprise = "surprise",
    /// A sad expression.
    Sad = "sad",
    /// An angry expression.
    Angry = "angry",
    /// A disgusted expression.
    Disgusted = "disgusted",
    /// A fearful expression.
    Fearful = "fearful",
    /// A contemptuous expression.
    Contempt = "contempt",
}

expressions! {
    /// What a face is labelled with: one of the four expressions, or "other" for none of them.
    Label, 5:
    /// A happy expression.
    Happy = "happy",
    /// A neutral expression.
    Neutral = "neutral",
    /// A sad expression.
    Sad = "sad",
    /// A surprised expression.
    Surprise = "surprise",
    /// None of the four.
    Other = "other",
    ; other is Other
}

impl From<Emotion> for Label {
    fn from(emotion: Emotion) -> Self {
        match emotion {
            Emotion::Happy => Self::Happy,
            Emotion::Neutral => Self::Neutral,
            Emotion::Sad => Self::Sad,
            Emotion::Surprise => Self::Surprise,
        }
    }
}

impl Label {
    /// The same expression among the four; `None` for "other".
    pub fn emotion(self) -> Option<Emotion> {
        Emotion::ALL.into_iter().find(|emotion| Self::from(*emotion) == self)
    }
}

impl From<Emotion> for Emotion8 {
    fn from(emotion: Emotion) -> Self {
        match emotion {
            Emotion::Happy => Self::Happy,
            Emotion::Neutral => Self::Neutral,
            Emotion::Sad => Self::Sad,
            Emotion::Surprise => Self::Surprise,
        }
    }
}

impl Emotion8 {
    /// The same expression among the four, if it is one of them.
    pub fn emotion(self) -> Option<Emotion> {
        Emotion::ALL.into_iter().find(|emotion| Self::from(*emotion) == self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<E: Expressions<N>, const N: usize>(from_name: impl Fn(&str) -> Option<E>) {
        for (index, expression) in E::ALL.into_iter().enumerate() {
            assert_eq!(expression.index(), index);
            assert_eq!(from_name(expression.name()), Some(expression));
        }
        assert_eq!(from_name("joy"), None);
    }

    #[test]
    fn order_and_names_agree() {
        check(Emotion::from_name);
        check(Emotion8::from_name);
        check(Label::from_name);
    }

    #[test]
    fn a_label_is_one_of_the_four_or_other() {
        for emotion in Emotion::ALL {
            let label = Label::from(emotion);
            assert_eq!((label.emotion(), label.name(), label.is_other()), (Some(emotion), emotion.name(), false));
        }
        assert!(Label::Other.emotion().is_none() && Label::Other.is_other());
    }

    #[test]
    fn four_of_the_eight_are_the_four() {
        for emotion in Emotion::ALL {
            assert_eq!(Emotion8::from(emotion).emotion(), Some(emotion));
            assert_eq!(Emotion8::from(emotion).name(), emotion.name());
        }
        assert_eq!(Emotion8::ALL.into_iter().filter(|eight| eight.emotion().is_none()).count(), 4);
    }
}
