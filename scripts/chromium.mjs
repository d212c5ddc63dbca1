// Finds a Chromium for the end-to-end tests, and installs Debian's where there is none.

import { existsSync } from "node:fs";
import { fail, installFromDebian } from "./environment.mjs";

const PLACES = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
];

/** The path of a Chromium or Chrome: $CHROMIUM, a usual place, or freshly installed from Debian's packages. */
export function findChromium() {
  if (process.env.CHROMIUM) {
    if (!existsSync(process.env.CHROMIUM)) fail(`CHROMIUM is ${process.env.CHROMIUM}, which does not exist.`);
    return process.env.CHROMIUM;
  }
  const found = PLACES.find((path) => existsSync(path));
  if (found) return found;
  if (installFromDebian(["chromium"])) return PLACES[0];
  return fail("No Chromium was found. Install Chromium or Chrome, or set CHROMIUM to the path of its program.");
}
