//! `label`

use std::path::PathBuf;
use std::slice::from_ref;

use anyhow::Result;
use clap::Args;
use clap::builder::RangedU64ValueParser;
use countenance_training::judge::metrics::{Answer, accuracy, loss};
use countenance_training::network::model::JointNet;
use countenance_training::network::store::Source;
use countenance_training::run::teacher::{Teacher, Views, ask};

use super::options::{Backend, Lesson};

/// Asks trained networks about the pictures that a recipe trains on, for `train --teacher`, and judges their joint
/// answers on the development part.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(super) lesson: Lesson,
    /// A network to ask: a model.safetensors, or the folder of a model or run. May be given several times.
    #[arg(long, required = true)]
    pub(super) from: Vec<PathBuf>,
    /// Views of each picture: itself, its mirror image, and then as the recipe's augmentation moves it.
    #[arg(long, default_value_t = 2, value_parser = RangedU64ValueParser::<usize>::new().range(1..))]
    pub(super) views: usize,
    /// Seed of the views.
    #[arg(long, default_value_t = 1)]
    pub(super) seed: u64,
    /// The file of answers, .safetensors.
    #[arg(long)]
    pub(super) out: PathBuf,
    /// The backend to compute on.
    #[arg(long, value_enum, default_value_t = Backend::Flex)]
    pub(super) backend: Backend,
}

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    let (recipe, training, development) = arguments.lesson.load()?;
    let device = arguments.backend.device();
    let sources = arguments.from.iter().map(|path| Source::read(path)).collect::<Result<Vec<_>>>()?;
    let nets = sources
        .iter()
        .map(|source| JointNet::load(&recipe.network(), &device, &source.tensors))
        .collect::<Result<Vec<_>>>()?;
    let views = Views { count: arguments.views, augmentation: &recipe.augmentation, seed: arguments.seed };
    let judge = |name: &str, nets: &[JointNet], views: &Views<'_>| {
        let answers = ask(nets, &development, views, &device);
        let answers: Vec<Answer> = development
            .iter()
            .zip(answers)
            .filter_map(|(sample, answer)| Some(Answer { label: sample.emotion()?, probabilities: answer.four }))
            .collect();
        println!("{name}: accuracy {:.4}, loss {:.4} on the development part", accuracy(&answers), loss(&answers));
    };
    let plain = Views { count: 1, ..views };
    for (path, net) in arguments.from.iter().zip(&nets) {
        judge(&path.display().to_string(), from_ref(net), &plain);
    }
    judge("all together", &nets, &plain);
    judge(&format!("all together, {} views", arguments.views), &nets, &views);
    Teacher::consult(&sources, &nets, &training, &views, &device).write(&arguments.out)
}
