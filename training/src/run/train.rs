//! The training loop: epochs, checkpoints, history.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use burn::module::{Module, ParamGroup};
use burn::optim::{AdamWConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Tensor, TensorData};
use countenance::{Emotion, Emotion8};
use indicatif::{ProgressBar, ProgressStyle};
use serde::{Deserialize, Serialize};

use crate::data::dataset::Sample;
use crate::judge::answers;
use crate::judge::metrics::{Answer, accuracy, loss, softmax};
use crate::network::model::{JointLogits, JointNet, average, faces, rows};
use crate::network::store::{Source, mix};
use crate::run::batches::{self, Batch};
use crate::run::recipe::Recipe;
use crate::run::teacher::{Provenance, Teacher};

/// What a run needs besides its data.
#[derive(Debug, Clone)]
pub struct Run {
    /// How to train.
    pub recipe: Recipe,
    /// Seed of every random draw.
    pub seed: u64,
    /// Where checkpoints and history go; a run found here is resumed.
    pub folder: PathBuf,
    /// Stops after this many epochs, if the recipe has more; the run can be resumed.
    pub stop_after: Option<usize>,
    /// The weights to begin with, where they are not drawn anew.
    pub from: Option<Source>,
    /// Whose answers the targets are mixed with, where the recipe says so.
    pub teacher: Option<Teacher>,
}

/// One epoch of the history.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// Counted from 1.
    pub epoch: usize,
    /// Side of the pictures.
    pub side: usize,
    /// Training loss as minimised (targets with votes, both heads).
    pub objective: f64,
    /// Cross-entropy with the labels on the augmented training pictures of the four expressions, during the epoch.
    pub training_loss: f64,
    /// Accuracy on the same.
    pub training_accuracy: f64,
    /// Cross-entropy with the labels on the development part, of the averaged weights.
    pub development_loss: f64,
    /// Accuracy on the same.
    pub development_accuracy: f64,
    /// Wall time.
    pub seconds: f64,
}

/// What a checkpoint holds besides weights and optimiser.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The seed it was begun with.
    pub seed: u64,
    /// The recipe it was begun with.
    pub recipe: Recipe,
    /// SHA-256 of the weights it was begun with, where they were not drawn anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Whose answers it learns from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub teacher: Option<Provenance>,
    /// Steps done.
    pub steps: usize,
    /// Epochs done.
    pub history: Vec<Epoch>,
}

struct Learner {
    net: JointNet,
    averaged: JointNet,
    optimizer: ModuleOptimizer,
    state: State,
}

/// Trains, or resumes the run in the folder; returns the averaged weights on the device without autodiff.
///
/// A run that is killed and started again gives the same weights as an uninterrupted one, as far as the backend is
/// deterministic.
///
/// # Errors
/// Where the folder cannot be written, or holds a run with another recipe, seed, teacher or beginning; where the recipe
/// wants a teacher or a beginning and there is none, or a teacher that was not asked about all training pictures.
pub fn train(run: &Run, training: &[Sample], development: &[Sample], device: &Device) -> Result<(JointNet, State)> {
    let recipe = &run.recipe;
    let steps_per_epoch = batches::per_epoch(training.len(), recipe);
    ensure!(steps_per_epoch > 0, "{} training pictures do not fill a batch of {}", training.len(), recipe.batch);
    ensure!(
        (recipe.target.teacher > 0.0) == run.teacher.is_some(),
        "a recipe with target.teacher above 0 and a teacher's answers belong together: give both or neither"
    );
    ensure!(
        recipe.beginning == 0.0 || run.from.is_some(),
        "a recipe with beginning above 0 needs weights to begin with"
    );
    if let Some(teacher) = &run.teacher {
        teacher.check(training)?;
    }
    fs::create_dir_all(&run.folder).with_context(|| format!("cannot make the folder {}", run.folder.display()))?;
    let training_device = device.clone().autodiff();
    let mut learner = Learner::new(run, &training_device)?;
    let end = run.stop_after.unwrap_or(usize::MAX).min(recipe.epochs());
    for epoch in learner.state.history.len()..end {
        learner.epoch(run, epoch, training, development, device)?;
        learner.save(&run.folder)?;
    }
    let net = match &run.from {
        Some(beginning) if recipe.beginning > 0.0 => {
            let tensors = mix(&beginning.tensors, &learner.averaged.tensors(), recipe.beginning)?;
            JointNet::load(&recipe.network(), device, &tensors)?
        }
        _ => learner.averaged,
    };
    Ok((net, learner.state))
}

impl Learner {
    fn new(run: &Run, device: &Device) -> Result<Self> {
        let (recipe, seed) = (&run.recipe, run.seed);
        device.seed(seed);
        let net = match &run.from {
            Some(source) => JointNet::load(&recipe.network(), device, &source.tensors)?,
            None => JointNet::new(&recipe.network(), device),
        };
        let averaged = net.valid();
        let adam = AdamWConfig::new().with_epsilon(1e-8).with_weight_decay(0.0);
        let decayed = adam.clone().with_weight_decay(recipe.weight_decay as f32);
        let optimizer = adam.init().with_group(ParamGroup::from_predicate("weight"), decayed.build(), None);
        let state = State {
            seed,
            recipe: recipe.clone(),
            from: run.from.as_ref().map(|source| source.sha256.clone()),
            teacher: run.teacher.as_ref().map(|teacher| teacher.provenance.clone()),
            steps: 0,
            history: Vec::new(),
        };
        let learner = Self { net, averaged, optimizer, state };
        let checkpoint = checkpoint(&run.folder);
        if checkpoint.is_dir() { learner.resume(&checkpoint) } else { Ok(learner) }
    }

    fn resume(self, folder: &Path) -> Result<Self> {
        let damaged = || format!("the checkpoint {} is damaged", folder.display());
        let state: State = serde_json::from_slice(&fs::read(folder.join("state.json")).with_context(damaged)?)
            .with_context(damaged)?;
        ensure!(
            State { steps: 0, history: Vec::new(), ..state.clone() } == self.state,
            "{} holds a run with another recipe, seed, teacher or beginning: take another --out, or delete it",
            folder.display()
        );
        Ok(Self {
            net: self.net.try_load_file(folder.join("net.bpk")).with_context(damaged)?,
            averaged: self.averaged.try_load_file(folder.join("averaged.bpk")).with_context(damaged)?,
            optimizer: self.optimizer.load(folder.join("optimizer.bpk")).with_context(damaged)?,
            state,
        })
    }

    /// Writes a checkpoint beside the old one, then takes its place.
    fn save(&self, run_folder: &Path) -> Result<()> {
        let (new, current) = (run_folder.join("checkpoint-new"), checkpoint(run_folder));
        let failed = || format!("cannot write the checkpoint {}", current.display());
        if new.exists() {
            fs::remove_dir_all(&new).with_context(failed)?;
        }
        fs::create_dir_all(&new).with_context(failed)?;
        self.net.clone().save_file(new.join("net.bpk")).with_context(failed)?;
        self.averaged.clone().save_file(new.join("averaged.bpk")).with_context(failed)?;
        self.optimizer.save(new.join("optimizer.bpk")).with_context(failed)?;
        fs::write(new.join("state.json"), serde_json::to_vec_pretty(&self.state)?).with_context(failed)?;
        if current.exists() {
            fs::remove_dir_all(&current).with_context(failed)?;
        }
        fs::rename(&new, &current).with_context(failed)
    }

    fn epoch(
        &mut self,
        run: &Run,
        epoch: usize,
        training: &[Sample],
        development: &[Sample],
        device: &Device,
    ) -> Result<()> {
        let recipe = &run.recipe;
        let begun = Instant::now();
        let training_device = device.clone().autodiff();
        // Noise and dropout start anew each epoch, so that a resumed run draws the same.
        training_device.seed(run.seed ^ ((epoch as u64 + 1) << 32));
        let count = batches::per_epoch(training.len(), recipe);
        let bar = progress_bar(count, epoch, recipe.epochs());
        let mut objective = 0.0;
        let mut answers = Vec::new();
        thread::scope(|scope| {
            let batches = batches::epoch(scope, training, recipe, run.teacher.as_ref(), run.seed, epoch);
            for (step, batch) in batches.iter().enumerate() {
                let moment = epoch as f64 + (step as f64 + 1.0) / count as f64;
                objective += self.step(recipe, batch, recipe.learning_rate(moment), &training_device, &mut answers);
                bar.inc(1);
                bar.set_message(format!("loss {:.3}", objective / (step as f64 + 1.0)));
            }
        });
        bar.finish_and_clear();
        let judged = answers::of_network(&self.averaged, development, recipe.side(epoch), device);
        let figures = Epoch {
            epoch: epoch + 1,
            side: recipe.side(epoch),
            objective: objective / count as f64,
            training_loss: loss(&answers),
            training_accuracy: accuracy(&answers),
            development_loss: loss(&judged),
            development_accuracy: accuracy(&judged),
            seconds: begun.elapsed().as_secs_f64(),
        };
        ensure!(figures.objective.is_finite(), "the loss is no longer finite: lower the learning rate");
        println!(
            "epoch {:>3}  side {}  training {:.3} / {:.3}  development {:.3} / {:.3}  {:.0} pictures/s",
            figures.epoch,
            figures.side,
            figures.training_loss,
            figures.training_accuracy,
            figures.development_loss,
            figures.development_accuracy,
            (count * recipe.batch) as f64 / figures.seconds,
        );
        self.state.history.push(figures);
        Ok(())
    }

    /// One step; gives the objective and appends the answers to the pictures of the four expressions.
    fn step(
        &mut self,
        recipe: &Recipe,
        batch: Batch,
        learning_rate: f64,
        device: &Device,
        answers: &mut Vec<Answer>,
    ) -> f64 {
        let count = batch.len();
        let labels = batch.labels.clone();
        let logits = self.net.forward_train(faces(batch.pictures, count, batch.side, device));
        let four = logits.four.clone();
        let objective = objective(logits, batch.four, batch.eight, &labels, recipe.target.eight_weight);
        let gradients = GradientsParams::from_grads(objective.backward(), &self.net);
        self.net = self.optimizer.step(learning_rate, self.net.clone(), gradients);
        self.state.steps += 1;
        // The average starts short, or it would hold on to the random weights it began with.
        let steps = self.state.steps as f64;
        let share = recipe.average.min(steps / (steps + 10.0));
        self.averaged = average(self.averaged.clone(), &self.net.valid(), share);
        let labelled = labels.into_iter().zip(rows(four));
        answers.extend(
            labelled.filter_map(|(label, logits)| Some(Answer { label: label?, probabilities: softmax(logits, 1.0) })),
        );
        f64::from(objective.into_scalar::<f32>())
    }
}

/// The mean cross-entropy of the first head over pictures of the four expressions, plus that of the second over all.
fn objective(
    logits: JointLogits,
    four: Vec<f32>,
    eight: Vec<f32>,
    labels: &[Option<Emotion>],
    eight_weight: f64,
) -> Tensor<1> {
    let count = labels.len();
    let labelled = labels.iter().flatten().count().max(1);
    let first = cross_entropy(logits.four, four, [count, Emotion::COUNT]).div_scalar(labelled as f64);
    if eight_weight == 0.0 {
        return first;
    }
    let second = cross_entropy(logits.eight, eight, [count, Emotion8::COUNT]).div_scalar(count as f64);
    first + second.mul_scalar(eight_weight)
}

/// Summed over the batch; rows of zeros add nothing.
fn cross_entropy(logits: Tensor<2>, targets: Vec<f32>, shape: [usize; 2]) -> Tensor<1> {
    let targets = Tensor::<2>::from_data(TensorData::new(targets, shape), &logits.device());
    (log_softmax(logits, 1) * targets).sum().neg()
}

fn checkpoint(run_folder: &Path) -> PathBuf {
    run_folder.join("checkpoint")
}

fn progress_bar(length: usize, epoch: usize, epochs: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix} {wide_bar} {pos}/{len} {eta} {msg}");
    let bar = ProgressBar::new(length as u64).with_prefix(format!("epoch {}/{epochs}", epoch + 1));
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
