// `<face-expression>` of the packed package, in every engine: a picture, the camera, and what it says of both.

import assert from "node:assert/strict";
import { after } from "node:test";
import { serve } from "../../scripts/serve.mjs";
import { install } from "../package/project.mjs";
import { defineMovingPicture } from "./moving-picture.mjs";
import { inEachBrowser } from "./suite.mjs";

const folder = install("static");
const server = await serve({ root: folder });
after(() => server.close());
const url = `http://localhost:${server.address().port}/blank.html`;

/** Opens a page with an element of these attributes, a camera that shows one face, and a log of events. */
async function openElement(browser, attributes) {
  await browser.open(url);
  await defineMovingPicture(browser);
  await browser.evaluate((attributes) => {
    const script = document.createElement("script");
    script.type = "module";
    script.textContent = `
      import { defineFaceExpression } from "./node_modules/countenance/www/lib/element.js";
      const picture = await createImageBitmap(await (await fetch("public/astronaut.png")).blob());
      const canvas = window.movingPicture(picture);
      const getUserMedia = async () => (window.stream = canvas.captureStream(25));
      Object.defineProperty(navigator, "mediaDevices", { configurable: true, value: { getUserMedia } });
      const element = document.createElement("face-expression");
      for (const [name, value] of ${JSON.stringify(Object.entries(attributes))}) element.setAttribute(name, value);
      const events = [];
      for (const type of ["faceenter", "expressionstart", "error"]) {
        element.addEventListener(type, ({ detail }) => events.push([type, detail.emotion ?? detail.code ?? detail.id]));
      }
      document.body.append(element);
      Object.assign(window, { element, events, wasDefined: customElements.get("face-expression") !== undefined });
      defineFaceExpression();
      defineFaceExpression();
      defineFaceExpression("my-face");`;
    document.head.append(script);
  }, attributes);
  await browser.waitFor(() => Boolean(window.element?.shadowRoot));
}

inEachBrowser((test) => {
  test("<face-expression>: a picture", async (browser) => {
    await openElement(browser, { src: "public/astronaut.png", alt: "An astronaut" });
    await browser.waitFor(() => window.element.state === "ready");
    const shown = await browser.evaluate(() => {
      const { element, wasDefined } = window;
      const { img, button } = Object.fromEntries(
        ["img", "button"].map((name) => [name, element.shadowRoot.querySelector(name)]),
      );
      const canvas = element.shadowRoot.querySelector("canvas");
      return {
        wasDefined,
        emotions: element.faces.map(({ emotion }) => emotion),
        alt: img.alt,
        isDrawn: canvas
          .getContext("2d")
          .getImageData(0, 0, canvas.width, canvas.height)
          .data.some((value) => value > 0),
        buttonIsShown: getComputedStyle(button).display !== "none",
        parts: Array.from(element.shadowRoot.children, (part) => part.getAttribute("part")),
        other: customElements.get("my-face") !== undefined,
      };
    });
    assert.deepEqual(shown, {
      wasDefined: false,
      emotions: ["happy"],
      alt: "An astronaut",
      isDrawn: true,
      buttonIsShown: false,
      parts: ["picture", "video", "canvas", "button", "status"],
      other: true,
    });
    await browser.waitFor(() => window.element.shadowRoot.querySelector("output").textContent === "happy");
    await browser.evaluate(() => Object.assign(window.element, { expressions: 8 }));
    await browser.waitFor(() => window.element.faces[0]?.eight !== undefined);
  });

  test("<face-expression>: the camera, started and stopped by its button", async (browser) => {
    await openElement(browser, { mirror: "" });
    await browser.evaluate(() => window.element.shadowRoot.querySelector("button").click());
    await browser.waitFor(() => window.events.some(([type]) => type === "expressionstart"));
    const shown = await browser.evaluate(() => {
      const { element, events } = window;
      const button = element.shadowRoot.querySelector("button");
      const state = element.getAttribute("state");
      const label = button.textContent;
      button.click();
      const isOff = window.stream.getTracks().every(({ readyState }) => readyState === "ended");
      return { state, label, isOff, after: [element.state, button.textContent, element.faces.length], events };
    });
    const { events, ...rest } = shown;
    // On a busy machine the camera may be so slow that the face counts as another one later.
    assert.deepEqual(events.slice(0, 2), [
      ["faceenter", 1],
      ["expressionstart", "happy"],
    ]);
    assert.deepEqual(rest, {
      state: "running",
      label: "Stop",
      isOff: true,
      after: ["idle", "Start the camera", 0],
    });
  });

  test("<face-expression>: leaving the page switches the camera off, and failures are said", async (browser) => {
    await openElement(browser, { autostart: "" });
    await browser.waitFor(() => window.element.faces.length > 0);
    const isOff = await browser.evaluate(() => {
      window.element.remove();
      return window.stream.getTracks().every(({ readyState }) => readyState === "ended");
    });
    assert.equal(isOff, true);

    await openElement(browser, { src: "public/nowhere.png" });
    await browser.waitFor(() => window.element.state === "failed");
    const said = await browser.evaluate(() => window.element.shadowRoot.querySelector("output").innerText);
    assert.match(said, /nowhere\.png could not be loaded as a picture/);

    await openElement(browser, {});
    await browser.evaluate(() => {
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("no", "NotAllowedError"));
      window.element.words = { fail: ({ code }) => `failed: ${code}`, start: "Go" };
      window.element.start();
    });
    await browser.waitFor(() => window.element.state === "failed");
    const shown = await browser.evaluate(() => ({
      events: window.events,
      text: window.element.shadowRoot.querySelector("output").innerText,
      label: window.element.shadowRoot.querySelector("button").textContent,
    }));
    assert.deepEqual(shown, { events: [["error", "camera-denied"]], text: "failed: camera-denied", label: "Go" });
    assert.deepEqual(await browser.problems(), []);
  });
});
