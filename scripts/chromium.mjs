// Finds a Chromium for tests and benchmarks, and installs Debian's where there is none.

import { existsSync } from "node:fs";
import { fail, installFromDebian } from "./environment.mjs";

const PLACES = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
];

/** Keep Chromium from anything that it does on its own account. */
export const QUIET_FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
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
