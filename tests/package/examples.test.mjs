// Every example of the README and the documentation, as it stands there: written to a folder with the package installed,
// built where it needs building, and run.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { root, version } from "../../scripts/environment.mjs";
import { HEADERS } from "../../scripts/headers.mjs";
import { serve } from "../../scripts/serve.mjs";
import { fixture, launchBrowser, startBrowser } from "../e2e/page.mjs";
import { drawSideBySide, y4mClip } from "../e2e/pictures.mjs";
import { install, runIn, startIn, tarball } from "./project.mjs";

const SIZE = { width: 320, height: 240 };
const SCRIPTS = {
  countenance: "index.js",
  "countenance/pipeline": "pipeline.js",
  "countenance/integrity.json": "../pkg/integrity.json",
};

const folder = install("documentation");

/** The examples, by the file each is to be written to; commands; and what can't be run as it is. */
const examples = new Map();
const commands = new Set();
const strays = [];
for (const name of ["README.md", ...readdirSync(join(root, "docs")).map((file) => `docs/${file}`)]) {
  if (!name.endsWith(".md")) continue;
  const text = readFileSync(join(root, name), "utf8");
  const rest = text.replace(/^```([^\n]*)\n(.*?)^```$/gms, (_, info, code) => {
    const [, language, file] = /^(\w+)(?: (\S+))?$/.exec(info) ?? [];
    if (language === "python" && file) return ""; // python/tests/test_documents.py runs these
    if (file && !examples.has(file)) examples.set(file, code);
    else if (language === "sh") for (const line of code.trim().split("\n")) commands.add(line.replace(/ +#.*/, ""));
    else if (language !== "text" && !(language === "rust" && name === "README.md")) strays.push(`${name}: ${info}`);
    return "";
  });
  for (const [line] of rest.matchAll(/^ *(```|~~~).*|(?<=\n\n)( {4}|\t).*/gm)) strays.push(`${name}: ${line}`);
}

// The package on another origin, which lets every page in: it stands for the content delivery network of the examples.
const network = await serve({
  root: join(folder, "node_modules/countenance"),
  headers: { "/*": { "Access-Control-Allow-Origin": "*" } },
});
after(() => network.close());
const onNetwork = (code) =>
  code.replaceAll(`https://cdn.jsdelivr.net/npm/countenance@${version}`, `http://localhost:${network.address().port}`);
for (const [file, code] of examples) writeFileSync(join(folder, file), onNetwork(code));

/** Examples and commands that a test has run. */
const run = new Set();

const painter = await launchBrowser();
const scene = await drawSideBySide(painter, ["astronaut.png"], SIZE);
await painter.close();
const clip = join(folder, "clip.y4m");
writeFileSync(clip, y4mClip([scene], { ...SIZE, fps: 10, framesEach: 10 }));
const { open, strangers, url } = await startBrowser(
  ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream", `--use-file-for-fake-video-capture=${clip}`],
  folder,
);

function opened(file) {
  assert.ok(existsSync(join(folder, file)), file);
  run.add(file);
  return open({ address: url + file, isReady: () => {} }); // examples listen from the start
}

async function assertReads(page) {
  await page.locator("input").setInputFiles(fixture("astronaut.png"));
  await page.locator("output").filter({ hasText: "happy" }).waitFor();
  assert.deepEqual(page.problems, []);
}

test("quick start", async () => assertReads(await opened("quick-start.html")));

test("a script tag and an import, from another origin", async () => {
  await assertReads(await opened("cdn.html"));
  await assertReads(await opened("cdn-module.html"));
});

test("camera", async () => {
  const page = await opened("camera.html");
  await page.getByRole("button").click();
  await page
    .locator("output")
    .filter({ hasText: /^\d+: happy$/ })
    .waitFor();
  await page.locator("output[data-state=running]").waitFor();
  const mute = (muted) =>
    page.evaluate((value) => {
      const [track] = document.querySelector("video").srcObject.getVideoTracks();
      Object.defineProperty(track, "muted", { configurable: true, value });
    }, muted);
  await mute(true);
  await page.locator("output[data-state=stalled]").waitFor();
  await mute(false);
  await page.locator("output[data-state=running]").waitFor();
  await page.evaluate(() => document.querySelector("video").srcObject.getTracks()[0].stop());
  await page.locator("output").filter({ hasText: "camera-lost" }).waitFor();
  assert.deepEqual(page.problems, []);
});

test("many pictures, in a page and in Node", async () => {
  const page = await opened("many.html");
  const bad = { name: "notes.png", mimeType: "image/png", buffer: Buffer.from("no picture") };
  const good = { name: "face.png", mimeType: "image/png", buffer: readFileSync(fixture("astronaut.png")) };
  await page.locator("input").setInputFiles([good, bad, good]);
  await page.locator("li:nth-child(3)").filter({ hasText: "face.png" }).waitFor();
  const said = await page.locator("li").allTextContents();
  assert.deepEqual(said, ["face.png: happy", "notes.png: invalid-image", "face.png: happy"]);
  assert.deepEqual(page.problems, []);

  run.add("many.mjs");
  assert.equal(runIn(folder, "node", ["many.mjs", "public"]), "public/astronaut.png happy\n");
});

test("an app's test with scripted answers, and a camera that shows a canvas", async () => {
  run.add("app.test.mjs");
  runIn(folder, "node", ["app.test.mjs"]); // ends with an error where a test fails
  const given = `
    import { watch } from "countenance";
    const image = Object.assign(new Image(), { src: "public/astronaut.png" });
    await image.decode();`;
  const result = "await watch('camera').next().then(({ value }) => value.frame)";
  assert.deepEqual(await runInPage("fake-camera.js", given, result), { width: 300, height: 150 });
});

test("the element", async () => {
  const page = await opened("element.html");
  await page.getByRole("button", { name: "Start the camera" }).click();
  await page.locator("output").filter({ hasText: "is happy" }).first().waitFor();
  await page.getByRole("button", { name: "Stop" }).click();
  assert.deepEqual(page.problems, []);
});

test("recorded video", async () => {
  const page = await opened("video.html");
  await page.locator("input").setInputFiles(fixture("faces.webm"));
  const said = page.locator("pre").filter({ hasText: /frames/ });
  await said.waitFor();
  assert.match(
    await said.textContent(),
    /^1[23] frames, [12] faces, 1[23] rows\n0(\.2)? s: face 1 is happy\n(.*\n)*.* is neutral/,
  );
  assert.deepEqual(page.problems, []);
});

test("pictures: an answer, an error's code, and an end on request", async () => {
  const page = await opened("pictures.html");
  const bad = { name: "notes.png", mimeType: "image/png", buffer: Buffer.from("no picture") };
  const good = { name: "face.png", mimeType: "image/png", buffer: readFileSync(fixture("astronaut.png")) };
  await page.locator("input").setInputFiles([good, bad]);
  await page.getByText("face.png: happy").waitFor();
  await page.getByText("notes.png: invalid-image").waitFor();
  await page.locator("ul").evaluate((list) => {
    // Pressed from inside the page, so that a slow test can't come after the last picture.
    new MutationObserver(() => document.querySelector("button").click()).observe(list, { childList: true });
  });
  await page.locator("input").setInputFiles([good, good]);
  await page.getByText("face.png: AbortError").waitFor();
  assert.deepEqual(page.problems, []);
});

test("React, Vue and Svelte: built by Vite with the plugin of each, and mounted", async () => {
  runIn(folder, "npm", ["run", "build"]);
  for (const file of ["Picture.jsx", "Picture.vue", "Picture.svelte"]) run.add(file);
  for (const framework of ["react", "vue", "svelte"]) {
    const page = await open({ address: `${url}dist/${framework}.html`, isReady: () => {} });
    await page.locator("input").waitFor();
    await assertReads(page);
  }

  run.add("Live.tsx");
  const page = await open({ address: `${url}dist/live-view.html`, isReady: () => {} });
  await page.getByText("expressionStart happy").waitFor();
  const streams = await page.locator("video").evaluate(({ srcObject }) => srcObject.getTracks()[0].readyState);
  assert.equal(streams, "live");
  assert.equal(await page.locator("output").textContent(), "");
  assert.deepEqual(page.problems, []);
});

test("the webcam example of face-api.js, and its names", async () => {
  const page = await opened("webcam.html");
  await page.waitForFunction(() => {
    const { width, height } = document.querySelector("canvas");
    const { data } = document.querySelector("canvas").getContext("2d").getImageData(0, 0, width, height);
    return data.some((value) => value > 0);
  });
  assert.deepEqual(page.problems, []);

  run.add("face-api.mjs");
  const { toFaceApi } = await import(pathToFileURL(join(folder, "face-api.mjs")).href);
  const probabilities = {
    neutral: 0.1,
    happy: 0.2,
    surprise: 0.6,
    sad: 0,
    angry: 0,
    disgusted: 0,
    fearful: 0,
    contempt: 0.1,
  };
  const face = toFaceApi({ box: { x: 1 }, confidence: 0.9, eight: { probabilities } });
  const { expressions, detection } = face;
  const names = ["angry", "disgusted", "fearful", "happy", "neutral", "sad", "surprised"]; // all that face-api.js has
  assert.deepEqual(Object.keys(expressions).sort(), names);
  assert.deepEqual([expressions.surprised, detection], [0.6, { box: { x: 1 }, score: 0.9 }]);
});

/** Runs an example's script in a page, between what it takes for granted and what the test reads from it. */
async function runInPage(file, given, result) {
  run.add(file);
  const imports = Object.entries(SCRIPTS).map(([name, path]) => [name, `./node_modules/countenance/www/lib/${path}`]);
  writeFileSync(
    join(folder, `${file}.html`),
    `<!doctype html><title>${file}</title>
     <script type="importmap">${JSON.stringify({ imports: Object.fromEntries(imports) })}</script>
     <script type="module">${given}\n${examples.get(file)}\nglobalThis.result = ${result};</script>`,
  );
  const page = await open({ address: `${url}${file}.html`, isReady: () => {} });
  const failure = new Promise((_, reject) => page.on("pageerror", reject));
  const answer = page.waitForFunction(() => globalThis.result);
  return (await Promise.race([answer, failure])).jsonValue();
}

const BLOB = 'const blob = await (await fetch("public/astronaut.png")).blob();';

const VIDEO = `
  const video = Object.assign(document.createElement("video"), { muted: true });
  video.srcObject = await navigator.mediaDevices.getUserMedia({ video: true });
  await video.play();`;

test("the README's analyzer, on a picture and on a video", async () => {
  const result = "[faces, live].map((found) => found.map(({ emotion }) => emotion))";
  assert.deepEqual(await runInPage("analyzer.js", BLOB + VIDEO, result), [["happy"], ["happy"]]);
});

test("the README's live view", async () => {
  const given = `
    const canvas = document.createElement("canvas");
    const video = document.createElement("video");
    setInterval(() => {
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      if (data.some((value) => value > 0)) globalThis.result = "drawn";
    }, 100);`;
  assert.equal(await runInPage("live.js", given, "undefined"), "drawn");
});

test("the README's calibration", async () => {
  const given = `
    import { EmotionAnalyzer } from "countenance";
    const analyzer = await EmotionAnalyzer.create();
    const [face] = await analyzer.analyzeImage(blob);
    const recorded = Array(12).fill(face);`;
  const result = "[face, ...(await analyzer.analyzeImage(blob))].map(({ probabilities }) => probabilities.neutral)";
  const [before, after] = await runInPage("calibration.js", BLOB + given, result);
  assert.ok(after > before, `${after} > ${before}`);
});

test("a calibration recorded in the live view", async () => {
  const given = `
    import { EmotionAnalyzer } from "countenance";
    const analyzer = await EmotionAnalyzer.create();
    const progress = document.createElement("progress");`;
  const result = "[before, after, progress.value]";
  const [before, after, progress] = await runInPage("record.js", VIDEO + given, result);
  assert.ok(after > before, `${after} > ${before}`);
  assert.ok(progress > 0.5 && progress <= 1, String(progress));
});

test("the README's pipeline, in Node", () => {
  run.add("pipeline.mjs");
  const given = 'import { readFileSync } from "node:fs"; const jpegBytes = readFileSync("public/astronaut.png");';
  writeFileSync(join(folder, "pipeline.mjs"), `${given}${examples.get("pipeline.mjs")}console.log(faces[0].emotion);`);
  assert.equal(runIn(folder, "node", ["pipeline.mjs"]), "happy\n");
});

test("a box placed in an element", async () => {
  const given = `
    import { fitBox, fitFrame } from "countenance";
    const video = { clientWidth: 320, clientHeight: 240 };
    const frame = { width: 640, height: 480 };
    const faces = [{ box: { x: 0, y: 0, width: 64, height: 48 } }];`;
  assert.deepEqual(await runInPage("place.js", given, "[x, y, width, height]"), [288, 0, 32, 24]);
});

test("a module checked against its hash", async () => {
  const result = "(await analyzer.analyzeImage(blob)).map(({ emotion }) => emotion)";
  assert.deepEqual(await runInPage("integrity.js", BLOB, result), ["happy"]);
});

test("a strict policy, which binds the worker too", async () => {
  run.add("strict.js");
  const page = await opened("strict.html");
  await assertReads(page);
  strangers.length = 0;
  const said = await page
    .workers()[0]
    .evaluate(() => fetch("http://collector.test/", { mode: "no-cors" }).then(() => "sent", String));
  assert.match(said, /TypeError/);
  assert.deepEqual(strangers, []);
});

test("offline, from the third visit on", async () => {
  run.add("offline-worker.js");
  const page = await opened("offline.html");
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.waitForFunction(
    async () => (await navigator.serviceWorker.getRegistration())?.active?.state === "activated",
  );
  await page.reload();
  await assertReads(page);
  await page.context().setOffline(true);
  await page.reload();
  await assertReads(page);
});

test("a server answers pictures with faces, and anything else with a code", async () => {
  run.add("server.mjs");
  const address = await startIn(folder, "node", ["server.mjs"], /(http:\S+)/);
  const post = async (body) => {
    const response = await fetch(address, { method: "POST", body });
    return [response.status, await response.json()];
  };
  const [refused, { error }] = await post("no picture");
  assert.deepEqual([refused, error], [422, "invalid-image"]);
  assert.equal((await fetch(address)).status, 405);
  assert.equal((await post(new Uint8Array(21e6)))[0], 413);

  run.add("ask.mjs");
  cpSync(fixture("astronaut.png"), join(folder, "face.jpg"));
  writeFileSync(join(folder, "ask.mjs"), examples.get("ask.mjs").replace("http://localhost:3000", address));
  assert.match(runIn(folder, "node", ["ask.mjs"]), /emotion: 'happy'/);
});

test("thresholds are tried on your own pictures", () => {
  run.add("threshold.mjs");
  for (const [label, name] of [
    ["happy", "astronaut.png"],
    ["neutral", "grace_hopper.png"],
  ]) {
    mkdirSync(join(folder, "faces", label), { recursive: true });
    cpSync(fixture(name), join(folder, "faces", label, name));
  }
  const stdout = runIn(folder, "node", ["threshold.mjs", "faces"]);
  assert.match(stdout, /^0: 2 of 2 answered, 2 right$/m);
  assert.equal(stdout.trim().split("\n").length, 6);
});

test("hosts are set to send exactly the headers that the page is tested with", () => {
  const values = Object.values(HEADERS).flatMap(Object.values);
  for (const file of ["nginx.conf", ".htaccess", "Caddyfile"]) {
    run.add(file);
    const settings = examples.get(file);
    const quoted = Array.from(settings.matchAll(/"(.*?)"/g), ([, value]) => value);
    assert.deepEqual(new Set(quoted), new Set(values), file);
    for (const name of Object.values(HEADERS).flatMap(Object.keys)) assert.ok(settings.includes(`${name} `), name);
  }
});

test("npm install", async () => {
  run.add("npm install countenance");
  const empty = mkdtempSync(join(tmpdir(), "countenance-"));
  const bytes = readFileSync(tarball);
  const { name, version, ...manifest } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  // A registry of this one package.
  const registry = createServer((request, response) => {
    if (request.url !== `/${name}`) return response.end(bytes);
    const dist = {
      tarball: `http://${request.headers.host}/${name}.tgz`,
      integrity: `sha512-${createHash("sha512").update(bytes).digest("base64")}`,
    };
    const versions = { [version]: { name, version, ...manifest, dist } };
    return response.end(JSON.stringify({ name, "dist-tags": { latest: version }, versions }));
  });
  await new Promise((resolve) => registry.listen(0, "127.0.0.1", resolve));
  try {
    writeFileSync(join(empty, "package.json"), "{}");
    const npm = {
      npm_config_registry: `http://127.0.0.1:${registry.address().port}`,
      npm_config_cache: join(empty, "cache"),
      npm_config_audit: "false",
      npm_config_update_notifier: "false",
    };
    await promisify(execFile)("npm", ["install", name], { cwd: empty, env: { ...process.env, ...npm } });
    assert.ok(existsSync(join(empty, "node_modules", name, "www/pkg/countenance_bg.wasm")));
  } finally {
    registry.closeAllConnections();
    registry.close();
    rmSync(empty, { recursive: true, force: true });
  }
});

test("npm start: builds the module and serves the page", async () => {
  run.add("npm start");
  const address = await startIn(root, "npm", ["start"], /Countenance is at (\S+)/);
  for (const path of ["", "pkg/countenance_bg.wasm"]) assert.equal((await fetch(address + path)).status, 200, path);
});

test("no example was left out", () => {
  run.add("npm test"); // which runs this
  run.add("pip install ./python"); // whose wheel `npm test -- python` builds
  run.add("python python/examples/ray_pictures.py rows/ pictures/ --workers 8"); // in python/scale/test_ray.py
  run.add("cargo install --path cli"); // which installs what cli/tests call
  for (const command of commands)
    if (/\bcountenance (read|explain|bench|evaluate) /.test(`${command} `)) run.add(command); // in cli/tests/docs.rs
  for (const command of commands) if (/^countenance serve\b|\bcurl /.test(command)) run.add(command); // in cli/tests/serve.rs
  const left = [...examples.keys(), ...commands].filter((name) => !run.has(name));
  assert.deepEqual([left, strays], [[], []]);
  // The README's Rust is a test of the crate's documentation.
  assert.match(
    readFileSync(join(root, "src/lib.rs"), "utf8"),
    /#\[cfg\(doctest\)\]\n#\[doc = include_str!\("\.\.\/README\.md"\)\]/,
  );
});
