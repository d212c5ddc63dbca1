// The page in every engine: what a visitor does with it, from the first visit to an hour without a network.

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { pathToFileURL } from "node:url";
import { root } from "../../scripts/environment.mjs";
import { serve } from "../../scripts/serve.mjs";
import { defineMovingPicture } from "./moving-picture.mjs";
import { FILES, STATUS, shownFaces, visit } from "./page.mjs";
import { inEachBrowser } from "./suite.mjs";

/** The middle of astronaut.png's face, in its pixels (tests/fixtures/README.md has the source). */
const ASTRONAUT_AT = [225, 120];

const folder = mkdtempSync(join(tmpdir(), "countenance-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** A file of tests/fixtures. */
function fixture(name) {
  return join(root, "tests/fixtures", name);
}

/** Keeps the bytes as a file, and gives its path. */
function made(name, bytes) {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

async function assertReadsAstronaut(browser) {
  await browser.setFiles(FILES, fixture("astronaut.png"));
  assert.match(await browser.waitForText(STATUS, /face/), /^1 face: Happy 9\d%\.$/);
  const [{ emotion, probability, box }, ...others] = await shownFaces(browser);
  assert.deepEqual(others, []);
  assert.equal(emotion, "happy");
  assert.ok(Math.abs(probability - 0.973) < 0.01, `probability ${probability}`);
  assertMiddle(box, ASTRONAUT_AT);
}

function assertMiddle([x, y, width, height], [wantedX, wantedY]) {
  const distance = Math.hypot(x + width / 2 - wantedX, y + height / 2 - wantedY);
  assert.ok(distance < 20, `box ${[x, y, width, height]}`);
}

/** Draws pictures side by side, each 512 pixels high, and gives the bytes of the file. */
async function drawnSideBySide(browser, names, type) {
  const pictures = names.map((name) => readFileSync(fixture(name), "base64"));
  const base64 = await browser.evaluate(
    async (pictures, type) => {
      const canvas = document.createElement("canvas");
      canvas.width = 512 * pictures.length;
      canvas.height = 512;
      const context = canvas.getContext("2d");
      for (const [index, base64] of pictures.entries()) {
        const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
        const picture = await createImageBitmap(new Blob([bytes]));
        context.drawImage(picture, 512 * index, 0, (512 * picture.width) / picture.height, 512);
      }
      return canvas.toDataURL(type).split(",")[1];
    },
    pictures,
    type,
  );
  return Buffer.from(base64, "base64");
}

/** Has the camera show a picture, moving a little as a camera's does. */
async function showToCamera(browser, name) {
  await defineMovingPicture(browser);
  await browser.evaluate(
    async (base64) => {
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      const canvas = window.movingPicture(await createImageBitmap(new Blob([bytes])));
      MediaDevices.prototype.getUserMedia = async () => {
        window.stream = canvas.captureStream(25);
        return window.stream;
      };
    },
    readFileSync(fixture(name), "base64"),
  );
}

const single = join(folder, "countenance.html");
const built = spawnSync("node", [join(root, "scripts/build-single.mjs"), single], { encoding: "utf8" });
assert.equal(built.status, 0, built.stderr);

inEachBrowser((test) => {
  test("first visit", async (browser, t) => {
    await visit(browser, t);
    const [title] = await browser.texts(".invitation h2");
    assert.equal(title, "What does this face show?");
    assert.equal(
      await browser.evaluate(() => document.querySelector("[data-testid=camera-start]").checkVisibility()),
      true,
    );
    assert.match((await browser.texts(".models"))[0], /emotion-\d+ .*face-detect-\d+/);
    assert.deepEqual(await browser.problems(), []);
  });

  test("picture", async (browser, t) => {
    await visit(browser, t);
    await assertReadsAstronaut(browser);
    // The box on the screen lies where the face is in the picture.
    const [box] = await shownFaces(browser);
    const [still, drawn] = await browser.evaluate(() =>
      [".still", ".box"].map((selector) => document.querySelector(selector).getBoundingClientRect().toJSON()),
    );
    assert.ok(Math.abs(drawn.x - still.x - (box.box[0] * still.width) / 512) < 2, `drawn at ${drawn.x}`);
    assert.deepEqual(await browser.problems(), []);
  });

  test("file that is not a picture", async (browser, t) => {
    await visit(browser, t);
    await browser.setFiles(FILES, made("notes.jpg", "no picture"));
    assert.match(await browser.waitForText(STATUS, /notes/), /^“notes\.jpg” can't be read as a picture\./);
    assert.deepEqual(await shownFaces(browser), []);
    await assertReadsAstronaut(browser);
  });

  test("picture that is cut off", async (browser, t) => {
    await visit(browser, t);
    const files = {
      "cut.png": readFileSync(fixture("astronaut.png")),
      "progressive.jpg": readFileSync(fixture("jpeg/progressive-420.jpg")),
      "first-image.gif": readFileSync(fixture("animations/frames.gif")).subarray(0, 66),
    };
    for (const type of ["jpeg", "webp"]) {
      // Safari and WebKitGTK write no WebP.
      const drawn = await drawnSideBySide(browser, ["astronaut.png"], `image/${type}`);
      if (drawn.includes("JFIF") || drawn.includes("WEBP")) files[`cut.${type}`] = drawn;
    }
    for (const [name, bytes] of Object.entries(files)) {
      for (const share of [0.02, 0.5, 0.9]) {
        const file = `${share}-${name}`;
        await browser.setFiles(FILES, made(file, bytes.subarray(0, bytes.length * share)));
        const said = await browser.waitFor(
          (selector, file) => {
            const { dataset, textContent } = document.querySelector(selector);
            return (textContent.includes(file) || dataset.kind === "result") && textContent.trim();
          },
          STATUS,
          file,
        );
        assert.match(said, /damaged, cut off/, file);
        assert.deepEqual(await shownFaces(browser), []);
      }
    }
    await assertReadsAstronaut(browser);
  });

  test("group", async (browser, t) => {
    await visit(browser, t);
    const names = ["astronaut.png", "grace_hopper.png", "astronaut.png"];
    await browser.setFiles(FILES, made("group.png", await drawnSideBySide(browser, names, "image/png")));
    assert.match(await browser.waitForText(STATUS, /face/), /^3 faces/);
    const faces = await shownFaces(browser);
    assert.deepEqual(
      faces.map(({ emotion }) => emotion),
      ["happy", "neutral", "happy"],
    );
    assertMiddle(faces[0].box, ASTRONAUT_AT);
    assertMiddle(faces[2].box, [ASTRONAUT_AT[0] + 1024, ASTRONAUT_AT[1]]);
  });

  test("sample, strip and zoom", async (browser, t) => {
    await visit(browser, t);
    await browser.waitForText(STATUS, /Ready/);
    await browser.click("[data-testid=sample]:last-of-type");
    assert.match(await browser.waitForText("[data-testid=verdict]", /faces/), /^6 faces: /);
    await browser.click("[data-testid=face]:nth-child(3) button");
    const [chosen, whole] = await browser.evaluate(() => [
      [".box[aria-current] .badge", ".chip[aria-current] .badge", ".detail .badge"].map(
        (selector) => document.querySelector(selector).textContent,
      ),
      document.querySelector(".still").getBoundingClientRect().width,
    ]);
    assert.deepEqual(chosen, ["3", "3", "3"]);
    await browser.evaluate(() => document.querySelector("[data-action=zoom-in]").click());
    await browser.waitFor((whole) => document.querySelector(".still").clientWidth > 1.4 * whole, whole);
    assert.deepEqual(await browser.problems(), []);
  });

  test("card", async (browser, t) => {
    await visit(browser, t);
    await assertReadsAstronaut(browser);
    const png = await browser.download("[data-testid=save-card]");
    assert.equal(png.subarray(1, 4).toString(), "PNG");
    assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [1000, 1302]);
    assert.deepEqual(await browser.problems(), []);
  });

  test("folder", async (browser, t) => {
    await visit(browser, t);
    const pictures = join(folder, `pictures of ${browser.name}`);
    mkdirSync(pictures);
    for (const name of ["astronaut.png", "grace_hopper.png", "README.md"]) cpSync(fixture(name), join(pictures, name));
    await browser.setFolder("[data-testid=folder-input]", pictures);
    await browser.waitForText(".batch .count", /^2 pictures read/);
    await browser.waitForText("[data-testid=batch-row]:nth-child(2)", /%/);
    const rows = await browser.texts("[data-testid=batch-row]");
    assert.equal(rows.length, 2, "the text is not a picture");
    assert.match(
      rows.find((row) => row.includes("astronaut.png")),
      /Happy\s*97%/,
    );
    assert.match(
      rows.find((row) => row.includes("grace_hopper.png")),
      /Neutral\s*8\d%/,
    );
  });

  test("export", async (browser, t) => {
    await visit(browser, t);
    await browser.setFiles(FILES, fixture("astronaut.png"), fixture("grace_hopper.png"));
    await browser.waitForText(".batch .count", /^2 pictures read/);
    const csv = String(await browser.download("[data-action=batch-csv]"));
    assert.match(csv, /^astronaut\.png,1,.*happy,0\.97/m);
    assert.match(csv, /^grace_hopper\.png,1,.*neutral,/m);
    const { rows } = JSON.parse(await browser.download("[data-action=batch-json]"));
    assert.deepEqual(
      rows.map(({ file, emotion }) => [file, emotion]),
      [
        ["astronaut.png", "happy"],
        ["grace_hopper.png", "neutral"],
      ],
    );
  });

  test("video file", async (browser, t) => {
    const { url } = await visit(browser, t);
    // Firefox announces a moment of a video before there is a picture of it: not every time, so it is tried often.
    const times = browser.name === "Firefox" ? 20 : 3;
    for (let time = 1; time <= times; time += 1) {
      await browser.open(url);
      await browser.waitForText(STATUS, /Ready/);
      await browser.setFiles(FILES, fixture("faces.webm"));
      const said = await browser.waitForText(STATUS, /frames? read|“faces\.webm”/);
      assert.match(said, /^1[234] frames read, with [12] faces?\.$/, `the time ${time}`);
      const { rows } = JSON.parse(await browser.download("[data-action=timeline-json]"));
      assert.equal(rows.length, Number.parseInt(said, 10), "the face is there in every frame");
      assert.equal(rows[0].emotion, "happy");
      assert.equal(rows.at(-1).emotion, "neutral");
    }
    assert.deepEqual(await browser.problems(), []);
  });

  test("“Why?”", async (browser, t) => {
    await visit(browser, t);
    await assertReadsAstronaut(browser);
    await browser.click("[data-action=why]");
    await browser.waitForText(".explanation p", /^Warm parts spoke for Happy, .* factor of [1-9]\d*\.\d\./);
    // The first drawing is the grey face alone, the second has colour on it.
    const coloured = await browser.evaluate(() =>
      Array.from(document.querySelectorAll(".explanation canvas"), (canvas) => {
        const { data } = canvas.getContext("2d").getImageData(0, 0, 48, 48);
        return data.some((value, index) => index % 4 === 0 && Math.abs(value - data[index + 2]) > 20);
      }),
    );
    assert.deepEqual(coloured, [false, true]);
  });

  test("settings", async (browser, t) => {
    await visit(browser, t);
    await browser.setFiles(FILES, fixture("grace_hopper.png"));
    await browser.waitForText(STATUS, /1 face: Neutral/);
    const set = (selector, value) =>
      browser.evaluate(
        (selector, value) => {
          const control = document.querySelector(selector);
          control.value = value;
          for (const event of ["input", "change"]) control.dispatchEvent(new Event(event, { bubbles: true }));
        },
        selector,
        value,
      );
    await set("#threshold", "0.95");
    await browser.waitFor(() => document.querySelector("[data-testid=face]")?.dataset.emotion === "uncertain");
    await set("#threshold", "0.5");
    await browser.waitFor(() => document.querySelector("[data-testid=face]")?.dataset.emotion === "neutral");
    await set("#expressions", "8");
    await browser.waitFor(() => document.querySelectorAll(".bars li").length === 8);
  });

  test("camera", async (browser, t) => {
    await visit(browser, t);
    await showToCamera(browser, "astronaut_half.png");
    await browser.click("[data-testid=camera-start]");
    await browser.waitForText(STATUS, /1 face: Happy/);
    const [{ emotion, box }] = await shownFaces(browser);
    assert.equal(emotion, "happy");
    assertMiddle(box, [80 + (ASTRONAUT_AT[0] * 480) / 512, (ASTRONAUT_AT[1] * 480) / 512]);
    await browser.waitForText(".timing", /^[\d,]+ ms · \d+ fps$/);
    await browser.click("[data-testid=camera-stop]");
    await browser.waitForText(STATUS, /camera is off/);
    const isOff = () =>
      browser.evaluate(() => window.stream.getTracks().every(({ readyState }) => readyState === "ended"));
    assert.equal(await isOff(), true);
    assert.deepEqual(await browser.problems(), []);
  });

  test("self-check", async (browser, t) => {
    await visit(browser, t);
    await browser.click("[data-action=about]");
    await browser.click("[data-action=self-check]");
    const verdict = await browser.waitForText("[data-testid=check-verdict]", /match|differ|could not/);
    assert.match(verdict, /^All \d+ reference answers match\.$/);
    const [report] = await browser.texts("[data-testid=check-report]");
    const differences = [...report.matchAll(/^ {2}(\d\S+e[+-]\d+) {2}/gm)].map(([, value]) => Number(value));
    const largest = Math.max(...differences);
    assert.ok(differences.length >= 8 && largest <= 1e-4, report);
    console.log(`${browser.name}: a golden answer differs by ${largest} at most.`);
  });

  test("privacy", async (browser, t) => {
    const { url, requests } = await visit(browser, t);
    await assertReadsAstronaut(browser);
    await browser.setFiles(FILES, fixture("astronaut.png"), fixture("grace_hopper.png"));
    await browser.waitForText(".batch .count", /^2 pictures read/);
    await browser.download("[data-action=batch-csv]");
    assert.ok(requests.length > 5, "the log is alive");
    const odd = requests.filter(({ method, path, status }) => method !== "GET" || status !== 200 || path.includes("?"));
    assert.deepEqual(odd, []);

    // The policy binds the page, and a worker made from a blob as the page's own is.
    const { strangers, address } = await listenOutside(t);
    const policy = /(?<=http-equiv="Content-Security-Policy" content=")[^"]*/;
    const [asShipped] = readFileSync(join(root, "www/index.html"), "utf8").match(policy);
    const attempts = { bound: asShipped.replace("require-trusted-types-for 'script'; ", ""), free: "img-src 'self'" };
    for (const [name, content] of Object.entries(attempts)) {
      const meta = `<meta http-equiv="Content-Security-Policy" content="${content}">`;
      mkdirSync(join(folder, name), { recursive: true });
      made(`${name}/index.html`, `<!doctype html>${meta}<title>${name}</title>`);
      const server = await serve({ root: join(folder, name), headers: { "/*": {} } });
      t.after(() => server.close());
      await browser.open(`http://localhost:${server.address().port}/`);
      await browser.evaluate(sendFromPageAndWorker, address);
      const expected = name === "bound" ? [] : ["POST /from-page", "POST /from-worker"];
      assert.deepEqual(strangers.sort(), expected, `the policy of ${url}`);
    }
  });

  test("offline", async (browser, t) => {
    const { url, goOffline } = await visit(browser, t);
    await browser.waitFor(async () => {
      const registration = await navigator.serviceWorker.getRegistration();
      return registration?.active?.state === "activated";
    });
    goOffline();
    await browser.open(url);
    await browser.waitForText(STATUS, /Ready/);
    await assertReadsAstronaut(browser);
    await browser.click("[data-action=about]");
    await browser.click("[data-action=self-check]");
    await browser.waitForText("[data-testid=check-verdict]", /^All \d+ reference answers match\.$/);
    assert.deepEqual(await browser.problems(), []);
  });

  test("single file", async (browser) => {
    await browser.open(pathToFileURL(single).href);
    await browser.waitForText(STATUS, /Ready/);
    await showToCamera(browser, "astronaut_half.png");
    await browser.click("[data-testid=camera-start]");
    await browser.waitForText(STATUS, /1 face: Happy/);
    await browser.click("[data-testid=camera-stop]");
    await assertReadsAstronaut(browser);
    await browser.click("[data-action=why]");
    await browser.waitForText(".explanation p", /^Warm parts spoke for Happy/);
    assert.deepEqual(await browser.problems(), []);
  });
});

/** A server that notes who comes, and lets pages of every origin in. */
async function listenOutside(t) {
  const strangers = [];
  const server = createServer(({ method, url }, response) => {
    strangers.push(`${method} ${url}`);
    response.writeHead(204, { "Access-Control-Allow-Origin": "*" }).end();
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  return { strangers, address: `http://127.0.0.1:${server.address().port}` };
}

/** Runs in the page: sends something to the address from the page and from a worker, and waits for what comes of it. */
async function sendFromPageAndWorker(address) {
  const send = `fetch("${address}/from-worker", { method: "POST", body: "pixels" })`;
  const script = `${send}.then(() => postMessage("sent"), () => postMessage("blocked"))`;
  const worker = new Worker(URL.createObjectURL(new Blob([script], { type: "text/javascript" })));
  await new Promise((resolve) => {
    worker.onmessage = resolve;
    worker.onerror = resolve;
  });
  await fetch(`${address}/from-page`, { method: "POST", body: "pixels" }).catch(() => {});
}
