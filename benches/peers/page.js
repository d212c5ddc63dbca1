// What run.mjs drives: starts one product, and has it look at a picture or follow a face through frames.

const LIVE = { width: 640, height: 480 };
/** A live picture drifts over this many frames and back again, two pixels a frame. */
const FRAMES = 8;
const FRAME_MS = 1000 / 30;

let session;
let frame = 0;
/** Canvases by the picture's address: one of the picture itself, or those of the frames. */
const canvases = {};

/** How far the picture has drifted in a frame. */
const shiftOf = (i) => 2 * Math.min(i, FRAMES - i);

/** Draws the picture and its frames, before anything is timed. */
async function open(url, live) {
  const image = Object.assign(new Image(), { src: url });
  await image.decode();
  const draw = ({ width, height }, shift) => {
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(image, shift, 0, width, height);
    return canvas;
  };
  session?.forget();
  canvases[url] = live
    ? Array.from({ length: FRAMES }, (_, i) => draw(LIVE, shiftOf(i)))
    : [draw({ width: image.naturalWidth, height: image.naturalHeight }, 0)];
}

/** Loads and starts a product. */
async function start(bundle, options) {
  const product = await import(bundle);
  session = await product.start(options);
}

/** Starts a product and gives the milliseconds on the clock until its first answer. */
async function startWithPicture(bundle, options, url) {
  const began = performance.now();
  await start(bundle, options);
  await session.analyze(canvases[url][0]);
  return performance.now() - began;
}

/** Has the product look at the picture so many times; gives the last answer and the milliseconds on the clock. */
async function analyze(url, calls) {
  const began = performance.now();
  let faces;
  for (let call = 0; call < calls; call++) faces = await session.analyze(canvases[url][0]);
  return { faces, ms: performance.now() - began, shift: 0 };
}

/**
 * Has the product follow the picture's faces through so many frames; gives the last answer, how far the faces had drifted
 * by then, and the milliseconds on the clock. `expected` is how many faces there are.
 */
async function follow(url, calls, expected) {
  const began = performance.now();
  let faces;
  for (let call = 0; call < calls; call++, frame++) {
    faces = await session.follow(canvases[url][call % FRAMES], { milliseconds: frame * FRAME_MS, expected });
  }
  return { faces, ms: performance.now() - began, shift: shiftOf((calls - 1) % FRAMES) };
}

window.bench = { open, start, startWithPicture, analyze, follow };
