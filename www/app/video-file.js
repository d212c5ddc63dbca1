/**
 * A video's frames, as the library reads them.
 *
 * @module
 */

export { readVideo } from "../lib/video-file.js";
