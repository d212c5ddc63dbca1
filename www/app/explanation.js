/**
 * Why a face got its answer: what the network saw, and which parts spoke for the answer.
 *
 * @module
 */

import { make } from "./html.js";
import { say, sayTenths } from "./words.js";

/** @typedef {import('../lib/index.js').FaceEmotion} FaceEmotion */
/** @typedef {import('../lib/index.js').FaceExplanation} FaceExplanation */

/**
 * @param {FaceExplanation} explanation
 * @param {FaceEmotion} face whose answer is explained, over as many expressions as it shows
 * @param {() => void} [goOn] continues the video that was paused for this explanation
 * @returns {{ element: HTMLElement, heat: HTMLCanvasElement }} the explanation, and the map alone to lay over the face
 */
export function makeExplanation({ chip, eight, ...four }, face, goOn) {
  const { heat, strength, emotion, runnerUp } = (face.eight && eight) ?? four;
  const side = Math.sqrt(chip.length);
  const seen = makeCanvas(side, (context) => drawChip(context, chip, side));
  const map = makeCanvas(side, (context) => {
    drawChip(context, chip, side);
    drawHeat(context, heat, side);
  });
  map.classList.add("smooth");
  const words = { emotion: say(emotion), other: say(runnerUp), factor: sayTenths(Math.exp(strength)) };
  const element = make(
    "div",
    "explanation",
    make("figure", "", seen, make("figcaption", "", say("why.seen"))),
    make("figure", "", map, make("figcaption", "", say("why.map"))),
    make("p", "", say("why.text", words)),
  );
  if (goOn) {
    const button = make("button", "button small", say("why.go-on"));
    button.type = "button";
    button.title = say("help.go-on");
    button.addEventListener("click", goOn);
    element.append(make("p", "halted", say("why.halted"), " ", button));
  }
  return { element, heat: makeCanvas(side, (context) => drawHeat(context, heat, side)) };
}

/**
 * @param {number} side
 * @param {(context: CanvasRenderingContext2D) => void} draw
 */
function makeCanvas(side, draw) {
  const canvas = make("canvas", "");
  canvas.width = side;
  canvas.height = side;
  canvas.setAttribute("aria-hidden", "true");
  const context = canvas.getContext("2d");
  if (context) draw(context);
  return canvas;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Uint8Array} chip
 * @param {number} side
 */
function drawChip(context, chip, side) {
  for (const [index, grey] of chip.entries()) {
    context.fillStyle = `rgb(${grey} ${grey} ${grey})`;
    context.fillRect(index % side, Math.floor(index / side), 1, 1);
  }
}

/**
 * Warm where the pixels spoke for the answer, cool where against it; the more, the denser.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Float32Array} heat
 * @param {number} side
 */
function drawHeat(context, heat, side) {
  for (const [index, value] of heat.entries()) {
    context.fillStyle = value > 0 ? "#ff8a1f" : "#2f7bff";
    context.globalAlpha = Math.abs(value) * 0.75;
    context.fillRect(index % side, Math.floor(index / side), 1, 1);
  }
}
