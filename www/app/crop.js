/**
 * Draws the square around a face, as the strip of faces and the best moments show it.
 *
 * @module
 */

/**
 * Fills the canvas with it.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {CanvasImageSource} source that shows the face
 * @param {import('../lib/index.js').FaceEmotion['box']} box in the picture's pixels
 * @param {object} options
 * @param {number} options.share side of the square, as a share of the box's longer side
 * @param {number} [options.scale] pixels of the source for each of the picture's
 * @param {boolean} options.isMirrored
 */
export function drawCrop(canvas, source, { x, y, width, height }, { share, scale = 1, isMirrored }) {
  const context = canvas.getContext("2d");
  if (!context) return;
  const side = share * Math.max(width, height);
  const [left, top] = [x + (width - side) / 2, y + (height - side) / 2];
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, canvas.width, canvas.height);
  if (isMirrored) context.setTransform(-1, 0, 0, 1, canvas.width, 0);
  context.drawImage(
    source,
    ...[left * scale, top * scale, side * scale, side * scale],
    ...[0, 0, canvas.width, canvas.height],
  );
}
