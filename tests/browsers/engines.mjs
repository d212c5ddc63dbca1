// The browsers that the page and the package are tested in, one an engine: where each is found, which of Debian's
// packages bring it, and how it is started.

import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { QUIET_FLAGS } from "../../scripts/chromium.mjs";
import { fail, installFromDebian } from "../../scripts/environment.mjs";

/**
 * What the driver starts: `program` is the browser itself for Marionette, and its driver for WebDriver, which starts a
 * browser of these `capabilities`.
 *
 * @typedef {object} Engine
 * @property {string} name
 * @property {string[]} programs names or paths, of which the first that is there is started
 * @property {string[]} packages
 * @property {"webdriver" | "marionette"} protocol
 * @property {boolean} [needsDisplay]
 * @property {boolean} [takesFolders] whether WebDriver can choose a folder in it
 * @property {string} downloads the folder in which it leaves them, below the home folder
 * @property {(folder: string) => object} [capabilities] of a browser that keeps its profile in the folder
 */

/** @type {Engine} */
const chromium = {
  name: "Chromium",
  programs: ["chromedriver"],
  packages: ["chromium", "chromium-driver"],
  protocol: "webdriver",
  takesFolders: true,
  downloads: "Downloads",
  capabilities: (folder) => ({
    browserName: "chrome",
    "goog:chromeOptions": {
      // The driver finds the browser that belongs to it.
      ...(process.env.CHROMIUM && { binary: process.env.CHROMIUM }),
      args: ["--headless=new", ...QUIET_FLAGS, `--user-data-dir=${join(folder, "profile")}`],
    },
  }),
};

/** @type {Engine} */
const firefox = {
  name: "Firefox",
  programs: ["firefox-esr", "firefox", "/Applications/Firefox.app/Contents/MacOS/firefox"],
  packages: ["firefox-esr"],
  protocol: "marionette",
  downloads: "Downloads",
};

/** @type {Engine} */
const webkit = {
  name: "WebKitGTK",
  programs: ["WebKitWebDriver"],
  // The driver only recommends what plays WebM.
  packages: ["webkit2gtk-driver", "gstreamer1.0-plugins-good", "xvfb"],
  protocol: "webdriver",
  needsDisplay: true,
  downloads: "",
  capabilities: () => ({}),
};

/** @type {Engine} It shows its windows, and lets itself be driven after `safaridriver --enable`. */
const safari = {
  name: "Safari",
  programs: ["safaridriver"],
  packages: [],
  protocol: "webdriver",
  downloads: "Downloads",
  capabilities: () => ({ browserName: "safari" }),
};

/** BROWSERS=Firefox,WebKitGTK takes those alone. */
const wanted = process.env.BROWSERS?.split(",");
const engines = [chromium, firefox, process.platform === "darwin" ? safari : webkit].filter(
  ({ name }) => wanted?.includes(name) ?? true,
);

/** The engines whose browsers are there, each with the `program` to start, and the names of those that are missing. */
export function findEngines() {
  const found = engines.map((engine) => ({ ...engine, program: engine.programs.map(locate).find(Boolean) }));
  const isThere = ({ program, needsDisplay }) => program && !(needsDisplay && !process.env.DISPLAY && !locate("Xvfb"));
  return {
    present: found.filter(isThere),
    missing: found.filter((engine) => !isThere(engine)),
  };
}

/** Installs the missing browsers where that can be done, and says which stay untested; under CI none may. */
export function ensureEngines() {
  const wanted = findEngines().missing.flatMap(({ packages }) => packages);
  if (wanted.length > 0) installFromDebian(wanted);
  for (const { name, programs } of findEngines().missing) {
    const message = `${name} is not tested: there is no ${programs.join(" or ")}.`;
    if (process.env.CI === "true") fail(message);
    console.log(message);
  }
}

/** The path of a program given by path or by name. */
function locate(program) {
  const folders = program.includes("/") ? [""] : (process.env.PATH ?? "").split(delimiter);
  return folders.map((folder) => join(folder, program)).find((path) => existsSync(path));
}
