//! Distillation: what trained networks answer to the training pictures, kept in a file, as targets for another network.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use burn::tensor::Device;
use burn::tensor::activation::softmax;
use countenance::{CHIP_SIDE, Emotion, Emotion8, FaceChip};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::data::augment::{Augmentation, plain};
use crate::data::dataset::Sample;
use crate::network::model::{JointNet, faces, rows};
use crate::network::store::Source;

/// Pictures answered at once.
const BATCH: usize = 128;

/// Probabilities at temperature 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SoftAnswer {
    /// Over the four expressions, in the order of `Emotion::ALL`.
    pub four: [f32; Emotion::COUNT],
    /// Over all eight, in the order of [`Emotion8::ALL`].
    pub eight: [f32; Emotion8::COUNT],
}

/// How each picture is shown to the networks whose answers are averaged.
#[derive(Debug, Clone, Copy)]
pub struct Views<'a> {
    /// How many: the picture as it is, its mirror image, and then as the augmentation moves it.
    pub count: usize,
    /// Only its movements are used: light and damage stay as they are.
    pub augmentation: &'a Augmentation,
    /// Decides the movements.
    pub seed: u64,
}

impl Views<'_> {
    /// The given view of each picture.
    fn show(&self, view: usize, samples: &[Sample]) -> Vec<Vec<f32>> {
        let moved = match view {
            0 => return samples.iter().map(|sample| plain(&sample.chip, CHIP_SIDE)).collect(),
            1 => Augmentation { flip: 1.0, ..Augmentation::NONE },
            _ => self.augmentation.movements(),
        };
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(view as u64);
        samples.iter().map(|sample| moved.apply(&sample.chip, CHIP_SIDE, &mut rng)).collect()
    }
}

/// The networks' answers to each sample, averaged over the networks and views.
pub fn ask(nets: &[JointNet], samples: &[Sample], views: &Views<'_>, device: &Device) -> Vec<SoftAnswer> {
    let nothing = SoftAnswer { four: [0.0; Emotion::COUNT], eight: [0.0; Emotion8::COUNT] };
    let mut answers = vec![nothing; samples.len()];
    let share = 1.0 / (nets.len() * views.count) as f32;
    for view in 0..views.count {
        let pictures = views.show(view, samples);
        for (pictures, answers) in pictures.chunks(BATCH).zip(answers.chunks_mut(BATCH)) {
            let input = faces(pictures.concat(), pictures.len(), CHIP_SIDE, device);
            for net in nets {
                let logits = net.forward(input.clone());
                let (four, eight) = (rows(softmax(logits.four, 1)), rows(softmax(logits.eight, 1)));
                for ((answer, four), eight) in answers.iter_mut().zip(four).zip(eight) {
                    add(&mut answer.four, four, share);
                    add(&mut answer.eight, eight, share);
                }
            }
        }
    }
    answers
}

fn add<const N: usize>(sum: &mut [f32; N], values: [f32; N], share: f32) {
    for (sum, value) in sum.iter_mut().zip(values) {
        *sum += value * share;
    }
}

/// Where a teacher's answers come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// SHA-256 of each network's `model.safetensors`.
    pub models: Vec<String>,
    /// What networks of another kind are, and what they learned from, in words for the card; absent where all are of
    /// this kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// Pictures answered.
    pub pictures: usize,
    /// Views of each.
    pub views: usize,
    /// What decided the views.
    pub seed: u64,
}

/// Answers by picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Teacher {
    /// Where they come from.
    pub provenance: Provenance,
    answers: HashMap<u64, SoftAnswer>,
}

impl Teacher {
    /// The teacher that gives these answers to these samples.
    pub fn new(provenance: Provenance, samples: &[Sample], answers: Vec<SoftAnswer>) -> Self {
        let answers = samples.iter().map(|sample| key(&sample.chip)).zip(answers).collect();
        Self { provenance, answers }
    }

    /// The joint answers of networks, each with the file it was loaded from, to the samples.
    pub fn consult(
        sources: &[Source],
        nets: &[JointNet],
        samples: &[Sample],
        views: &Views<'_>,
        device: &Device,
    ) -> Self {
        let provenance = Provenance {
            models: sources.iter().map(|source| source.sha256.clone()).collect(),
            origin: None,
            pictures: samples.len(),
            views: views.count,
            seed: views.seed,
        };
        Self::new(provenance, samples, ask(nets, samples, views, device))
    }

    /// The answer to a picture, if it was among those asked.
    pub fn answer(&self, chip: &FaceChip) -> Option<&SoftAnswer> {
        self.answers.get(&key(chip))
    }

    /// Checks that it answers all of these.
    ///
    /// # Errors
    /// Names a sample that it does not answer.
    pub fn check(&self, samples: &[Sample]) -> Result<()> {
        match samples.iter().find(|sample| self.answer(&sample.chip).is_none()) {
            None => Ok(()),
            Some(sample) => bail!(
                "the teacher was not asked about {}: run `label` with the same recipe, data and lists",
                sample.source
            ),
        }
    }

    /// Writes the answers as a safetensors file: `keys` `[n]`, `four` `[n, 4]`, `eight` `[n, 8]`, in the order of the
    /// keys.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let mut sorted: Vec<_> = self.answers.iter().collect();
        sorted.sort_unstable_by_key(|(key, _)| **key);
        let keys: Vec<u8> = sorted.iter().flat_map(|(key, _)| key.to_le_bytes()).collect();
        let four: Vec<u8> = sorted.iter().flat_map(|(_, answer)| answer.four).flat_map(f32::to_le_bytes).collect();
        let eight: Vec<u8> = sorted.iter().flat_map(|(_, answer)| answer.eight).flat_map(f32::to_le_bytes).collect();
        let count = sorted.len();
        let views = [
            ("keys", TensorView::new(Dtype::U64, vec![count], &keys)?),
            ("four", TensorView::new(Dtype::F32, vec![count, Emotion::COUNT], &four)?),
            ("eight", TensorView::new(Dtype::F32, vec![count, Emotion8::COUNT], &eight)?),
        ];
        let metadata = HashMap::from([("provenance".to_owned(), serde_json::to_string(&self.provenance)?)]);
        safetensors::serialize_to_file(views, Some(metadata), path)
            .with_context(|| format!("cannot write {}", path.display()))
    }

    /// Reads what [`Self::write`] wrote.
    ///
    /// # Errors
    /// Where the file is missing, or holds something else.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = fs::read(path).with_context(|| format!("cannot read the teacher {}", path.display()))?;
        Self::parse(&bytes)
            .with_context(|| format!("{} is damaged, or does not hold a teacher's answers", path.display()))
    }

    fn parse(bytes: &[u8]) -> Result<Self> {
        let metadata = SafeTensors::read_metadata(bytes)?.1.metadata().clone().unwrap_or_default();
        let provenance = serde_json::from_str(metadata.get("provenance").context("no provenance")?)?;
        let file = SafeTensors::deserialize(bytes)?;
        let (keys, four, eight) = (file.tensor("keys")?, file.tensor("four")?, file.tensor("eight")?);
        let count = keys.shape().iter().product();
        ensure!(
            keys.dtype() == Dtype::U64
                && four.shape() == [count, Emotion::COUNT]
                && eight.shape() == [count, Emotion8::COUNT],
            "its tensors have the wrong shape"
        );
        let floats = |view: &TensorView<'_>| -> Vec<f32> {
            view.data().as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
        };
        let (four, eight) = (floats(&four), floats(&eight));
        let answers = four.as_chunks().0.iter().zip(eight.as_chunks().0);
        let answers = keys
            .data()
            .as_chunks()
            .0
            .iter()
            .zip(answers)
            .map(|(key, (four, eight))| (u64::from_le_bytes(*key), SoftAnswer { four: *four, eight: *eight }))
            .collect();
        Ok(Self { provenance, answers })
    }
}

/// A picture is known by its pixels, so that answers cannot get to another one: the first bytes of their SHA-256.
pub fn key(chip: &FaceChip) -> u64 {
    let hash = Sha256::digest(chip.grey());
    hash.iter().take(size_of::<u64>()).fold(0, |key, byte| key << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use countenance::network::EmotionNetConfig;

    fn sample(grey: u8) -> Sample {
        Sample {
            source: format!("grey {grey}"),
            row: None,
            class: Emotion8::Sad,
            votes: None,
            chip: FaceChip::from_grey(std::array::from_fn(|index| grey.wrapping_add((index % 41) as u8))),
        }
    }

    #[test]
    fn answers_are_the_mean_over_networks_and_views() {
        let device = Device::flex();
        let nets = [1, 2].map(|seed| {
            device.seed(seed);
            JointNet::new(&EmotionNetConfig::default(), &device)
        });
        let samples = [sample(3), sample(90)];
        let augmentation = Augmentation { rotation: 20.0, noise: 1.0, ..Augmentation::NONE };
        let views = |count| Views { count, augmentation: &augmentation, seed: 4 };
        let both = ask(&nets, &samples, &views(3), &device);
        let [first, second] = [0, 1].map(|net| ask(&nets[net..=net], &samples, &views(3), &device));
        for ((both, first), second) in both.iter().zip(&first).zip(&second) {
            for (index, value) in both.eight.iter().enumerate() {
                assert!((value - (first.eight[index] + second.eight[index]) / 2.0).abs() < 1e-6);
            }
            assert!((both.four.iter().sum::<f32>() - 1.0).abs() < 1e-5);
            assert_ne!(first, second);
        }
        assert_ne!(ask(&nets, &samples, &views(1), &device), both);
        assert_eq!(ask(&nets, &samples, &views(3), &device), both);
    }

    #[test]
    fn what_was_written_is_read_and_belongs_to_its_pictures() {
        let samples = [sample(1), sample(2)];
        let answer = |four: f32| SoftAnswer { four: [four, 0.5, 0.25, 0.25 - four], eight: [four; Emotion8::COUNT] };
        let provenance = Provenance {
            models: vec!["ab".to_owned()],
            origin: Some("of stone".to_owned()),
            pictures: 2,
            views: 4,
            seed: 7,
        };
        let teacher = Teacher::new(provenance, &samples, vec![answer(0.0), answer(0.125)]);
        let path = std::env::temp_dir().join(format!("countenance-teacher-{}.safetensors", std::process::id()));
        teacher.write(&path).unwrap();
        let read = Teacher::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(read, teacher);
        assert_eq!(read.answer(&samples[1].chip), Some(&answer(0.125)));
        read.check(&samples).unwrap();
        assert!(format!("{:#}", read.check(&[sample(5)]).unwrap_err()).contains("grey 5"));
        assert!(
            format!("{:#}", Teacher::read(Path::new("Cargo.toml")).unwrap_err())
                .contains("does not hold a teacher's answers")
        );
    }
}
