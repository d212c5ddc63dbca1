//! The networks that can be trained: the one that ships, and those that the reference report compared it with.

use countenance::network::Layers;
use serde::{Deserialize, Serialize};

/// A network, by its name in the report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Architecture {
    /// What ships: 1,839,876 parameters.
    #[default]
    #[serde(rename = "complex_cnn_model_1")]
    ComplexCnnModel1,
    /// The grey baseline. The report gives 684,036 parameters, not the layers; these are the plain choice that has just
    /// as many: three 3x3 convolutions of doubling width, each with a batch norm and pool, and one hidden dense layer.
    #[serde(rename = "baseline_cnn")]
    Baseline,
    /// The second complex network. The report gives about 3.41 million parameters, not the layers; with the head of the
    /// first and five blocks of widths that are powers of two, these have 3,408,196.
    #[serde(rename = "complex_cnn_model_2")]
    ComplexCnnModel2,
}

impl Architecture {
    /// Its layers.
    pub const fn layers(self) -> Layers {
        match self {
            Self::ComplexCnnModel1 => Layers::COMPLEX_CNN_MODEL_1,
            Self::Baseline => Layers { channels: &[32, 64, 128], first_norm: true, hidden: &[128], hidden_norm: false },
            Self::ComplexCnnModel2 => Layers { channels: &[32, 128, 128, 512, 512], ..Layers::COMPLEX_CNN_MODEL_1 },
        }
    }

    /// Whether it takes faces of other sides than 48 pixels too: five halvings leave one pixel of 32 to 63.
    pub const fn takes_any_side(self) -> bool {
        self.layers().channels.len() == 5
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;
    use countenance::network::{EmotionNet, EmotionNetConfig};

    #[test]
    fn they_have_as_many_parameters_as_reported() {
        let expected = [
            (Architecture::ComplexCnnModel1, 1_839_876),
            (Architecture::Baseline, 684_036),
            (Architecture::ComplexCnnModel2, 3_408_196),
        ];
        for (architecture, parameters) in expected {
            let config = EmotionNetConfig { layers: architecture.layers(), ..EmotionNetConfig::default() };
            let tensors = EmotionNet::new(&config, &Device::flex()).tensors();
            let count: usize = tensors.iter().map(|tensor| tensor.values.len()).sum();
            assert_eq!(count, parameters, "{architecture:?}");
        }
    }
}
