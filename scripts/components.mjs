// What the wasm module is made of: every crate and model compiled in, its licence and its origin. Writes
// third-party-licenses.txt and sbom.cdx.json (CycloneDX) beside the module, the same for the same Cargo.lock.
//
// cargo-about collects licence texts too, but `npm start` on a fresh machine would first have to compile it and the
// hundreds of crates that it depends on.

import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sha256 } from "./checksums.mjs";
import { cargoHome, outputOf, root } from "./environment.mjs";

const LICENCE_FILE = /^(licen[cs]e|copying|unlicense|notice)/i;

/**
 * The crates compiled into the default module, in the order of their names.
 * @returns {{name: string, version: string, license: string, repository: string, checksum: string, texts: string[]}[]}
 */
export function crates() {
  // `cargo metadata` would fetch the sources of the whole workspace, Burn and all.
  const tree = outputOf("cargo", [
    ...["tree", "--locked", "--package", "countenance", "--target", "wasm32-unknown-unknown"],
    ...["--edges", "normal,no-proc-macro", "--prefix", "none", "--no-dedupe", "--format", "{p}|{l}|{r}"],
  ]);
  const checksums = lockedChecksums();
  const parts = [...new Set(tree.trim().split("\n"))].map((line) => {
    const [crate, license, repository] = line.split("|");
    const [name, version] = crate.split(" v");
    // Old crates separate alternatives by a slash, which SPDX does not know.
    return { name, version: version.split(" ")[0], license: license.replaceAll("/", " OR "), repository };
  });
  return parts
    .filter(({ name }) => name !== "countenance")
    .map((part) => {
      const crate = `${part.name} ${part.version}`;
      const checksum = checksums.get(crate);
      if (!checksum) throw new Error(`Cargo.lock has no checksum of ${crate}, so its origin is unknown.`);
      return { ...part, checksum, texts: licenceTexts(crate, sourceFolder(part)) };
    })
    .sort((a, b) => (a.name < b.name || (a.name === b.name && a.version < b.version) ? -1 : 1));
}

/**
 * The texts of the licence files in a crate's folder. Throws where there is none: the crate would be missing from the
 * licences that the package ships.
 * @param {string} crate its name and version
 * @param {string} folder
 */
export function licenceTexts(crate, folder) {
  const files = readdirSync(folder).filter((file) => LICENCE_FILE.test(file));
  if (files.length === 0) throw new Error(`${crate} has no licence file in ${folder}, so the package can't ship it.`);
  return files.sort().map((file) => readFileSync(join(folder, file), "utf8").trim());
}

/** Where cargo has unpacked a crate. */
function sourceFolder({ name, version }) {
  const registries = join(cargoHome, "registry", "src");
  const folders = readdirSync(registries).map((registry) => join(registries, registry, `${name}-${version}`));
  const folder = folders.find((path) => existsSync(path));
  if (!folder) throw new Error(`${name} ${version} is not below ${registries}.`);
  return folder;
}

/**
 * The models compiled in.
 * @param {string[]} ids as in models/<id>/
 */
function models(ids) {
  return ids.map((id) => {
    const folder = join(root, "models", id);
    const licence = join(folder, "LICENSE");
    return {
      name: id,
      checksum: sha256(join(folder, "weights.cnw")),
      text: existsSync(licence) ? readFileSync(licence, "utf8").trim() : undefined,
    };
  });
}

/**
 * Writes both files into the folder.
 * @param {string} folder
 * @param {{emotion: {id: string}, detector: {id: string}}} info what the module says of its models
 */
export function writeComponents(folder, info) {
  const parts = crates();
  const weights = models([info.emotion.id, info.detector.id]);
  writeFileSync(join(folder, "third-party-licenses.txt"), licences(parts, weights));
  writeFileSync(join(folder, "sbom.cdx.json"), `${JSON.stringify(bill(parts, weights), null, 1)}\n`);
}

/** Each licence text once, below the names of all parts that it covers. */
function licences(parts, weights) {
  const holders = new Map();
  for (const { name, version, license, texts } of parts) {
    for (const text of texts) {
      const key = text.replace(/\s+/g, " ");
      const entry = holders.get(key) ?? { text, names: [] };
      entry.names.push(`${name} ${version} (${license})`);
      holders.set(key, entry);
    }
  }
  for (const { name, text } of weights) if (text) holders.set(text, { text, names: [`model ${name}`] });
  const rule = "=".repeat(80);
  const sections = [...holders.values()].map(({ text, names }) => `${rule}\n${names.join("\n")}\n${rule}\n\n${text}\n`);
  const head = "countenance's WebAssembly module holds the following works of others, under these licences.\n";
  return [head, ...sections].join("\n");
}

/** The CycloneDX 1.6 bill of materials, without times and random numbers so that it repeats. */
function bill(parts, weights) {
  const { version, license } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const purl = (name, of) => `pkg:cargo/${name}@${of}`;
  return {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      component: {
        type: "library",
        "bom-ref": "countenance",
        name: "countenance",
        version,
        licenses: [{ expression: license }],
      },
    },
    components: [
      ...parts.map(({ name, version, license, repository, checksum }) => ({
        type: "library",
        "bom-ref": purl(name, version),
        name,
        version,
        purl: purl(name, version),
        licenses: [{ expression: license }],
        hashes: [{ alg: "SHA-256", content: checksum }],
        ...(repository && { externalReferences: [{ type: "vcs", url: repository }] }),
      })),
      ...weights.map(({ name, checksum }) => ({
        type: "machine-learning-model",
        "bom-ref": `model/${name}`,
        name,
        hashes: [{ alg: "SHA-256", content: checksum }],
      })),
    ],
  };
}

/** What Cargo.lock pins every registry crate to, by name and version. */
function lockedChecksums() {
  const lock = readFileSync(join(root, "Cargo.lock"), "utf8");
  const entry = /name = "(.+)"\nversion = "(.+)"\nsource = ".+"\nchecksum = "(.+)"/g;
  return new Map([...lock.matchAll(entry)].map(([, name, version, checksum]) => [`${name} ${version}`, checksum]));
}
