// Drives a browser by WebDriver, the same way whichever it is: over HTTP through the browser's own driver, and for
// Firefox over Marionette, the socket inside Firefox to which geckodriver translates.

import { Buffer } from "node:buffer";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

/** Long enough for the busiest machine; nothing here measures speed. */
const PATIENCE_MS = 60_000;
const POLL_MS = 30;
/** How much of what a program printed a failure shows. */
const MOST_OUTPUT = 2_000;

/** Marionette's name of each command used here, and where it stands in WebDriver's HTTP interface. */
const PATHS = {
  Navigate: "url",
  FindElement: "element",
  ElementClick: "element/{id}/click",
  ElementSendKeys: "element/{id}/value",
  ExecuteAsyncScript: "execute/async",
  SetTimeouts: "timeouts",
};

/** Stands for the id of Marionette's first message, which answers no command. */
const GREETING = 0;

/** The key under which WebDriver hands out an element's id. */
const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";

/** A browser with one window and a profile of its own. */
export class Browser {
  /** @type {(command: string, params: object) => Promise<any>} */ #send;
  #quit;
  #programs;
  #folder;
  #downloads;
  #takesFolders;

  constructor({ name, takesFolders, downloads }, { send, quit, version }, programs, folder) {
    this.name = name;
    this.version = version;
    this.#send = send;
    this.#quit = quit;
    this.#programs = programs;
    this.#folder = folder;
    this.#downloads = join(folder, downloads);
    this.#takesFolders = takesFolders;
  }

  /** @param {import('./engines.mjs').Engine & { program: string }} engine */
  static async start(engine) {
    const folder = mkdtempSync(join(tmpdir(), "countenance-browser-"));
    const programs = [];
    const run = (program, args, env) => {
      programs.push(new Program(program, args, { HOME: folder, ...env }));
      return programs.at(-1);
    };
    try {
      const session = await protocols[engine.protocol](engine, folder, run);
      await session.send("SetTimeouts", { script: PATIENCE_MS, pageLoad: PATIENCE_MS });
      return new Browser(engine, session, programs, folder);
    } catch (error) {
      await end(programs, folder);
      const printed = programs.map(({ output }) => output).join("\n");
      throw new Error(`${engine.name} could not be started: ${error.message}\n${printed}`, { cause: error });
    }
  }

  /** Opens an address. What goes wrong in the page from then on is kept for `problems`. */
  async open(url) {
    await this.#send("Navigate", { url });
    await this.evaluate(listenForProblems);
  }

  /** The errors that nothing in the page has caught. */
  problems() {
    return this.evaluate(() => window.problems);
  }

  /** Runs a function in the page and gives what it answers or promises; arguments and answer are copied as JSON. */
  async evaluate(script, ...args) {
    const wrapped = `
      const [...args] = arguments;
      const done = args.pop();
      Promise.resolve().then(() => (${script})(...args)).then(
        (value) => done({ value }),
        (error) => done({ error: error + "\\n" + error?.stack }),
      );`;
    const { value, error } = await this.#send("ExecuteAsyncScript", { script: wrapped, args });
    if (error) throw await this.#failure(error);
    return value;
  }

  /** Waits until the function answers with something true in the page, and gives that. */
  async waitFor(script, ...args) {
    const until = Date.now() + PATIENCE_MS;
    for (;;) {
      const value = await this.evaluate(script, ...args);
      if (value) return value;
      if (Date.now() > until) throw await this.#failure(`Waited in vain for ${script} (${args.join()})`);
      await pause(POLL_MS);
    }
  }

  /** Waits until an element's text matches, and gives the text. */
  waitForText(selector, pattern) {
    return this.waitFor(matchingText, selector, pattern.source, pattern.flags);
  }

  /** The text of every element that the selector finds. */
  texts(selector) {
    return this.evaluate(
      (selector) => Array.from(document.querySelectorAll(selector), ({ textContent }) => textContent.trim()),
      selector,
    );
  }

  async click(selector) {
    await this.#send("ElementClick", { id: await this.#find(selector) });
  }

  /** Chooses files, by their paths, as a person does in the dialog of a file input. */
  async setFiles(selector, ...paths) {
    await this.#send("ElementSendKeys", { id: await this.#find(selector), text: paths.join("\n") });
  }

  /** Chooses a folder, or all its files where WebDriver can't choose one. */
  async setFolder(selector, folder) {
    if (this.#takesFolders) return this.setFiles(selector, folder);
    await this.evaluate((selector) => document.querySelector(selector).setAttribute("multiple", ""), selector);
    return this.setFiles(selector, ...readdirSync(folder).map((name) => join(folder, name)));
  }

  /** The bytes of the file that the page gives when the element is clicked. */
  async download(selector) {
    const before = filesIn(this.#downloads);
    await this.click(selector);
    const until = Date.now() + PATIENCE_MS;
    let bytes = Buffer.alloc(0);
    for (;;) {
      const names = filesIn(this.#downloads).filter((name) => !before.includes(name));
      const isUnderWay = names.some((name) => /^\.|\.(part|crdownload|wkdownload)$/.test(name));
      if (names.length > 0 && !isUnderWay) {
        const path = join(this.#downloads, names[0]);
        const known = bytes.length;
        bytes = readFileSync(path);
        // WebKit writes to the file itself: it is whole when it no longer grows.
        if (bytes.length > 0 && bytes.length === known) {
          rmSync(path); // so that the next of its name is new
          return bytes;
        }
      }
      if (Date.now() > until) throw await this.#failure(`${selector} gave no file`);
      await pause(POLL_MS);
    }
  }

  async close() {
    await this.#quit().catch(() => {}); // it may have crashed
    await end(this.#programs, this.#folder);
  }

  async #find(selector) {
    const element = await this.#send("FindElement", { using: "css selector", value: selector });
    return element[ELEMENT];
  }

  /** The error with all that helps to understand it. */
  async #failure(message) {
    const shown = await this.#send("ExecuteAsyncScript", {
      script: `arguments[0]((${describePage})())`,
      args: [],
    }).catch((error) => `nothing any more: ${error.message}`);
    const printed = this.#programs.map(({ output }) => output).join("\n");
    return new Error(`${message}\n\n${this.name} shows\n${shown}\n\nand has printed\n${printed}`);
  }
}

/** How a browser of each protocol is started, and how commands are sent to it. */
const protocols = {
  async webdriver({ program, capabilities, needsDisplay }, folder, run) {
    const env = needsDisplay && !process.env.DISPLAY ? { DISPLAY: await startDisplay(run) } : {};
    const port = await freePort();
    const base = `http://127.0.0.1:${port}/session`;
    await run(program, [`--port=${port}`], env).answersAt(`http://127.0.0.1:${port}/status`);
    const session = await post(base, { capabilities: { alwaysMatch: capabilities(folder) } });
    const send = (command, { id, ...params }) =>
      post(`${base}/${session.sessionId}/${PATHS[command].replace("{id}", id)}`, params);
    const quit = () => fetch(`${base}/${session.sessionId}`, { method: "DELETE" });
    const { browserVersion, "goog:processID": processId } = session.capabilities;
    if (processId) groups.add(processId); // Chromium leaves the group of its driver
    return { send, quit, version: browserVersion };
  },
  async marionette({ program }, folder, run) {
    const profile = join(folder, "profile");
    mkdirSync(profile);
    writeFileSync(join(profile, "user.js"), 'user_pref("marionette.port", 0);\n'); // any that is free
    const firefox = run(program, ["--headless", "--marionette", "--no-remote", "--profile", profile]);
    const request = await connectToMarionette(Number(await firefox.says(/Listening on port (\d+)/)));
    const { capabilities } = await request("WebDriver:NewSession", {});
    const send = (command, params) => request(`WebDriver:${command}`, params);
    const quit = () => request("Marionette:Quit", { flags: ["eForceQuit"] });
    return { send, quit, version: capabilities.browserVersion };
  },
};

/** Sends a command to a driver, and gives its answer. */
async function post(url, params) {
  const response = await fetch(url, { method: "POST", body: JSON.stringify(params) });
  const { value } = await response.json();
  if (!response.ok) throw new Error(`${value.error}: ${value.message}`);
  return value;
}

/**
 * Connects to a Firefox, and gives a function that sends it a command.
 *
 * A message is JSON with its length in bytes and a colon before it: `[0, id, command, params]` to Firefox, and
 * `[1, id, error, result]` back.
 */
async function connectToMarionette(port) {
  const socket = connect(port, "127.0.0.1");
  const pending = new Map();
  let received = Buffer.alloc(0);
  let lastId = GREETING;
  const answerTo = (id) => new Promise((resolve, reject) => pending.set(id, { resolve, reject }));
  const receive = ([, id, error, result]) => {
    const { resolve, reject } = pending.get(id);
    pending.delete(id);
    if (error) return reject(new Error(`${error.error}: ${error.message}`));
    return resolve(result?.value === undefined ? result : result.value);
  };
  socket.on("data", (data) => {
    received = Buffer.concat([received, data]);
    for (;;) {
      const start = received.indexOf(":") + 1;
      const end = start + Number(received.toString("latin1", 0, start - 1));
      if (start === 0 || received.length < end) return;
      const message = JSON.parse(received.toString("utf8", start, end));
      received = received.subarray(end);
      receive(Array.isArray(message) ? message : [1, GREETING, null, message]);
    }
  });
  const lose = () => {
    const error = new Error("Firefox has closed the connection");
    for (const { reject } of pending.values()) reject(error);
  };
  socket.on("error", lose);
  socket.on("close", lose);
  await answerTo(GREETING);
  return (command, params) => {
    lastId += 1;
    const text = JSON.stringify([0, lastId, command, params]);
    socket.write(`${Buffer.byteLength(text)}:${text}`);
    return answerTo(lastId);
  };
}

/** Starts a virtual screen and gives its name. */
async function startDisplay(run) {
  const screen = run("Xvfb", ["-displayfd", "1", "-screen", "0", "1280x1024x24", "-nolisten", "tcp"]);
  return `:${await screen.says(/^(\d+)$/m)}`;
}

/** A port that is free, for programs that can't choose one. */
async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The process groups that run, by their ids, so that none outlives the tests, however these end. */
const groups = new Set();
process.on("exit", () => groups.forEach(killGroup));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(1));

function killGroup(id) {
  try {
    process.kill(-id, "SIGKILL");
  } catch {
    // It has ended already.
  }
}

/** A running program, in a process group with what it has started. */
class Program {
  output = "";
  #child;
  #onOutput = () => {};
  /** Resolves to the reason when the program has ended. */ #ended;

  constructor(program, args, env) {
    const child = spawn(program, args, { detached: true, env: { ...process.env, ...env } });
    this.#child = child;
    if (child.pid) groups.add(child.pid);
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (data) => {
        this.output = (this.output + data).slice(-MOST_OUTPUT);
        this.#onOutput();
      });
    this.#ended = new Promise((resolve) => {
      child.on("error", resolve);
      child.on("exit", (code, signal) => resolve(new Error(`${program} ended with ${code ?? signal}`)));
    });
  }

  /** Waits until the program prints what matches, and gives the first group. */
  says(pattern) {
    return this.#unlessEnded((resolve) => {
      this.#onOutput = () => {
        const match = pattern.exec(this.output);
        if (match) resolve(match[1]);
      };
      this.#onOutput();
    });
  }

  /** Waits until there is an answer at the address. */
  answersAt(url) {
    return this.#unlessEnded(async (resolve) => {
      while (this.#child.exitCode === null && !(await fetch(url).catch(() => null))) await pause(POLL_MS);
      resolve();
    });
  }

  async end() {
    killGroup(this.#child.pid);
    await this.#ended;
  }

  #unlessEnded(start) {
    return new Promise((resolve, reject) => {
      this.#ended.then(reject);
      start(resolve);
    });
  }
}

/** The names of the files in a folder; none where it is not there yet. */
function filesIn(folder) {
  return existsSync(folder) ? readdirSync(folder) : [];
}

/** Ends what a browser consists of, and removes its folder. */
async function end(programs, folder) {
  for (const program of programs.reverse()) await program.end();
  rmSync(folder, { recursive: true, force: true, maxRetries: 20 });
}

// What runs in the page. There `globalThis` is the page's own only where the browser has no sandbox for scripts.

function listenForProblems() {
  const problems = [];
  window.problems = problems;
  addEventListener("error", ({ message }) => problems.push(message));
  addEventListener("unhandledrejection", ({ reason }) => problems.push(String(reason)));
}

function matchingText(selector, source, flags) {
  const text = document.querySelector(selector)?.textContent.trim();
  return text !== undefined && new RegExp(source, flags).test(text) && text;
}

function describePage() {
  return [location.href, document.body.innerText, ...(window.problems ?? [])].join("\n");
}
