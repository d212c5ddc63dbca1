//! The eight expressions of the data: those of FER+, seven of which FER2013 knows too.

use countenance::Emotion;

/// A labelled expression, in the column order of FER+.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Class {
    /// No expression.
    Neutral,
    /// A happy one.
    Happy,
    /// A surprised one.
    Surprise,
    /// A sad one.
    Sad,
    /// An angry one.
    Angry,
    /// A disgusted one.
    Disgust,
    /// A fearful one.
    Fear,
    /// Contempt: a class of FER+ alone.
    Contempt,
}

impl Class {
    /// How many there are.
    pub const COUNT: usize = 8;

    /// All, in order.
    pub const ALL: [Self; Self::COUNT] =
        [Self::Neutral, Self::Happy, Self::Surprise, Self::Sad, Self::Angry, Self::Disgust, Self::Fear, Self::Contempt];

    /// The name of its folder.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Neutral => "neutral",
            Self::Happy => "happy",
            Self::Surprise => "surprise",
            Self::Sad => "sad",
            Self::Angry => "angry",
            Self::Disgust => "disgust",
            Self::Fear => "fear",
            Self::Contempt => "contempt",
        }
    }

    /// The class whose folder has this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }

    /// The class of a number in the `emotion` column of `fer2013.csv`.
    pub fn from_fer2013(number: u8) -> Option<Self> {
        let order = [Self::Angry, Self::Disgust, Self::Fear, Self::Happy, Self::Sad, Self::Surprise, Self::Neutral];
        order.get(usize::from(number)).copied()
    }

    /// The position in votes and answers over all eight.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The same expression among the network's four, if it is one of them.
    pub fn emotion(self) -> Option<Emotion> {
        Emotion::from_name(self.name())
    }

    /// The class of one of the network's four.
    pub const fn from_emotion(emotion: Emotion) -> Self {
        match emotion {
            Emotion::Happy => Self::Happy,
            Emotion::Neutral => Self::Neutral,
            Emotion::Sad => Self::Sad,
            Emotion::Surprise => Self::Surprise,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_orders_and_emotions_agree() {
        for (index, class) in Class::ALL.into_iter().enumerate() {
            assert_eq!(class.index(), index);
            assert_eq!(Class::from_name(class.name()), Some(class));
        }
        for emotion in Emotion::ALL {
            assert_eq!(Class::from_emotion(emotion).emotion(), Some(emotion));
        }
        assert_eq!(Class::Contempt.emotion(), None);
        assert_eq!(Class::from_fer2013(3), Some(Class::Happy));
        assert_eq!(Class::from_fer2013(7), None);
    }
}
