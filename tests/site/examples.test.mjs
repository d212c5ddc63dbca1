// Every example of the documentation, as it stands there: written to a folder with the package installed, then built
// where it needs building, and run.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { build } from "esbuild";
import { root } from "../../scripts/environment.mjs";
import { fixture, launchBrowser, startBrowser } from "../e2e/page.mjs";
import { drawSideBySide, y4mClip } from "../e2e/pictures.mjs";

const require = createRequire(join(root, "docs/package.json"));
const SIZE = { width: 320, height: 240 };

const folder = mkdtempSync(join(tmpdir(), "countenance-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const installed = join(folder, "node_modules/countenance");
for (const part of ["package.json", "www/lib", "www/pkg"])
  cpSync(join(root, part), join(installed, part), { recursive: true });

/** The examples, by the file each is to be written to. */
const examples = new Map();
const unnamed = [];
for (const name of readdirSync(join(root, "docs")).filter((each) => each.endsWith(".md"))) {
  const text = readFileSync(join(root, "docs", name), "utf8");
  for (const [, language, file, code] of text.matchAll(/^```(\w+)(?: (\S+))?\n(.*?)^```$/gms)) {
    if (file) examples.set(file, code);
    else if (language !== "sh") unnamed.push(`${name}: ${language}`);
  }
}
for (const [file, code] of examples) writeFileSync(join(folder, file), code);

const painter = await launchBrowser();
const scene = await drawSideBySide(painter, ["astronaut.png"], SIZE);
await painter.close();
const clip = join(folder, "clip.y4m");
writeFileSync(clip, y4mClip([scene], { ...SIZE, fps: 10, framesEach: 10 }));
const { open, strangers, url } = await startBrowser(
  ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream", `--use-file-for-fake-video-capture=${clip}`],
  folder,
);

/** Examples that a test below has run. */
const run = new Set();

function opened(file) {
  run.add(file);
  return open({ address: url + file, isReady: () => {} }); // examples listen from the start
}

async function assertReads(page) {
  await page.locator("input").setInputFiles(fixture("astronaut.png"));
  await page.locator("output").filter({ hasText: "happy" }).waitFor();
  assert.deepEqual(page.problems, []);
}

test("quick start", async () => assertReads(await opened("quick-start.html")));

test("camera", async () => {
  const page = await opened("camera.html");
  await page.getByRole("button").click();
  await page
    .locator("output")
    .filter({ hasText: /^\d+: happy$/ })
    .waitFor();
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

const mounts = {
  react: {
    file: "Picture.jsx",
    code: `import { createElement } from "react";
      import { createRoot } from "react-dom/client";
      import { Picture } from "./Picture.jsx";
      createRoot(document.body).render(createElement(Picture));`,
  },
  vue: {
    file: "Picture.vue",
    code: 'import { createApp } from "vue"; import Picture from "./Picture.vue"; createApp(Picture).mount(document.body);',
    plugin: ({ onLoad }) =>
      onLoad({ filter: /\.vue$/ }, ({ path }) => {
        const { compileScript, parse } = require("@vue/compiler-sfc");
        const { descriptor, errors } = parse(readFileSync(path, "utf8"));
        assert.deepEqual(errors, []);
        return { contents: compileScript(descriptor, { id: "picture", inlineTemplate: true }).content };
      }),
  },
  svelte: {
    file: "Picture.svelte",
    code: 'import { mount } from "svelte"; import Picture from "./Picture.svelte"; mount(Picture, { target: document.body });',
    plugin: ({ onLoad }) =>
      onLoad({ filter: /\.svelte$/ }, ({ path }) => {
        const { compile } = require("svelte/compiler");
        const { js, warnings } = compile(readFileSync(path, "utf8"), { filename: path, generate: "client" });
        assert.deepEqual(warnings, []);
        return { contents: js.code };
      }),
  },
};

for (const [framework, { file, code, plugin }] of Object.entries(mounts)) {
  test(`${framework}: built and mounted`, async () => {
    run.add(file);
    const { warnings } = await build({
      stdin: { contents: code, resolveDir: folder },
      outfile: join(folder, `${framework}.js`),
      bundle: true,
      format: "esm",
      external: ["countenance"],
      jsx: "automatic",
      define: { "process.env.NODE_ENV": '"production"' },
      nodePaths: [join(root, "docs/node_modules")],
      conditions: ["browser"],
      plugins: plugin ? [{ name: framework, setup: plugin }] : [],
    });
    assert.deepEqual(warnings, []);
    const map = { imports: { countenance: "./node_modules/countenance/www/lib/index.js" } };
    writeFileSync(
      join(folder, `${framework}.html`),
      `<!doctype html><title>${framework}</title><body><script type="importmap">${JSON.stringify(map)}</script>
       <script type="module" src="${framework}.js"></script></body>`,
    );
    await assertReads(await opened(`${framework}.html`));
  });
}

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
  const server = spawn("node", ["server.mjs"], { cwd: folder, env: { ...process.env, PORT: "0" } });
  try {
    const address = await new Promise((resolve, reject) => {
      server.stdout.once("data", (data) => resolve(String(data).trim()));
      server.once("exit", (code) => reject(new Error(`the server ended with ${code}`)));
    });
    const post = async (body) => {
      const response = await fetch(address, { method: "POST", body });
      return [response.status, await response.json()];
    };
    const [status, [face]] = await post(readFileSync(fixture("astronaut.png")));
    assert.deepEqual([status, face.emotion], [200, "happy"]);
    const [refused, { error }] = await post("no picture");
    assert.deepEqual([refused, error], [422, "invalid-image"]);
    assert.equal((await fetch(address)).status, 405);
    assert.equal((await post(new Uint8Array(21e6)))[0], 413);
  } finally {
    server.kill();
  }
});

test("thresholds are tried on pictures of one's own", () => {
  run.add("threshold.mjs");
  for (const [label, name] of [
    ["happy", "astronaut.png"],
    ["neutral", "grace_hopper.png"],
  ]) {
    mkdirSync(join(folder, "faces", label), { recursive: true });
    cpSync(fixture(name), join(folder, "faces", label, name));
  }
  const { stdout, stderr } = spawnSync("node", ["threshold.mjs", "faces"], { cwd: folder, encoding: "utf8" });
  assert.equal(stderr, "");
  assert.match(stdout, /^0: 2 of 2 answered, 2 right$/m);
  assert.equal(stdout.trim().split("\n").length, 6);
});

test("no example was left out", () => {
  const left = [...examples.keys()].filter((file) => !run.has(file));
  assert.deepEqual([left, unnamed], [[], []]);
});
