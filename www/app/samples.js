/**
 * The sample pictures on the first screen, which came with the page. Pointing at one has the drawn face take on its
 * answer; choosing it reads it as any picture.
 *
 * @module
 */

import { find, make, makeGlyph, showMood } from "./html.js";

/** @type {NodeListOf<HTMLButtonElement>} */
const samples = document.querySelectorAll("[data-testid=sample]");

/** Waits until all samples are there, so that the page asks for nothing later. */
export function samplesArrived() {
  return Promise.allSettled([...samples].map((sample) => imageOf(sample).decode()));
}

/**
 * @param {(file: File) => void} onChoose
 * @param {(file: File) => Promise<string | undefined>} answer the most frequent expression in the picture, to show ahead
 */
export function offerSamples(onChoose, answer) {
  for (const sample of samples) {
    /** @type {Promise<File> | undefined} */
    let file;
    const picture = () => {
      file ??= fileOf(imageOf(sample));
      return file;
    };
    sample.addEventListener("click", async () => onChoose(await picture()));
    for (const event of ["pointerenter", "focus"]) {
      sample.addEventListener(event, async () => {
        const emotion = sample.dataset.emotion ?? (await answer(await picture()));
        if (!emotion || document.body.dataset.view !== "empty") return;
        if (!sample.dataset.emotion) sample.append(makeGlyph(emotion));
        sample.dataset.emotion = emotion;
        showMood(emotion);
      });
    }
  }
}

/** @param {Element} sample @returns {HTMLImageElement} */
function imageOf(sample) {
  return find("img", sample);
}

/**
 * The picture as a file. It is not fetched again: the page makes no request after it was loaded.
 *
 * @param {HTMLImageElement} image
 * @returns {Promise<File>}
 */
async function fileOf(image) {
  await image.decode();
  const canvas = make("canvas", "");
  canvas.width = image.naturalWidth;
  canvas.height = image.naturalHeight;
  canvas.getContext("2d")?.drawImage(image, 0, 0);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve));
  return new File([blob], "sample.png", { type: "image/png" });
}
