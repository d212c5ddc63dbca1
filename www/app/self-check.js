/**
 * The self-check: compares what this browser computes with the model's golden answers, and reports speed and environment
 * for a bug report.
 *
 * @module
 */

import { find } from "./html.js";
import { offerPanel } from "./panels.js";
import { write } from "./words.js";
import { modelFile, moduleFile } from "./worker-source.js";

/** @typedef {import('../lib/index.js').EmotionAnalyzer} EmotionAnalyzer */

/**
 * @typedef {object} Golden
 * @property {number} tolerance how much a probability may differ
 * @property {{ name: string, grey: string, probabilities: Record<string, number> }[]} cases faces of 48 x 48 grey bytes
 *   as hexadecimal digits, and what the model answers
 */

/** @typedef {{ name: string, difference: number, ms: number }} Result */

export class SelfCheck {
  #verdict = find("[data-testid=check-verdict]");
  #report = find("[data-testid=check-report]");

  /** @param {() => Promise<EmotionAnalyzer>} analyzer */
  constructor(analyzer) {
    offerPanel("self-check", () => this.#run(analyzer));
    find("[data-action=self-check-copy]").addEventListener("click", async () => {
      await navigator.clipboard.writeText(this.#report.textContent ?? "");
      write(this.#verdict, "check.copied");
    });
  }

  /** @param {() => Promise<EmotionAnalyzer>} analyzer */
  async #run(analyzer) {
    write(this.#verdict, "check.running");
    this.#report.textContent = "";
    try {
      const loaded = await analyzer();
      /** @type {Golden} */
      const { tolerance, cases } = await modelFile("golden.json");
      const results = [];
      for (const each of cases) results.push(await check(loaded, each));
      const hash = await moduleHash();
      const failed = results.filter(({ difference }) => !(difference <= tolerance)).length;
      const count = results.length;
      write(this.#verdict, failed ? "check.failed" : "check.passed", () => ({ failed, count }));
      this.#report.textContent = makeReport(loaded, hash, tolerance, results);
    } catch (error) {
      write(this.#verdict, "check.impossible", () => ({ message: String(error) }));
    }
  }
}

/**
 * @param {EmotionAnalyzer} analyzer
 * @param {Golden['cases'][number]} expected
 * @returns {Promise<Result>}
 */
async function check(analyzer, { name, grey, probabilities }) {
  const bytes = Uint8Array.from(grey.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));
  const started = performance.now();
  const answer = (await analyzer.classifyFace(bytes)).probabilities;
  const ms = performance.now() - started;
  const differences = Object.entries(answer).map(([emotion, value]) => Math.abs(value - probabilities[emotion]));
  return { name, difference: Math.max(...differences), ms };
}

/** The module's SHA-256: a build of the same sources gives the same (SECURITY.md). */
async function moduleHash() {
  if (!isSecureContext) return "unknown: only a secure context can compute it";
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await moduleFile()));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * The report, in English whatever the page's language: it is for the people who maintain the page.
 *
 * @param {EmotionAnalyzer} analyzer
 * @param {string} hash the module's
 * @param {number} tolerance
 * @param {Result[]} results
 */
function makeReport({ model, imports }, hash, tolerance, results) {
  const times = results.map(({ ms }) => ms).sort((a, b) => a - b);
  return [
    `emotion model   ${model.emotion.id}  sha256 ${model.emotion.sha256}`,
    `face detector   ${model.detector.id}  sha256 ${model.detector.sha256}`,
    `module          sha256 ${hash}`,
    `module imports  ${imports.length}`,
    `browser         ${navigator.userAgent}`,
    `device          ${navigator.hardwareConcurrency} logical processors, ${devicePixelRatio} device pixels per pixel`,
    `page            ${location.protocol} ${isSecureContext ? "secure context" : "not a secure context"}`,
    `one face        ${times[0]?.toFixed(1)} ms at best, ${times[times.length >> 1]?.toFixed(1)} ms median, including the way to the worker and back`,
    "",
    `differences from the golden probabilities (allowed: ${tolerance})`,
    ...results.map(({ name, difference }) => `  ${difference.toExponential(1)}  ${name}`),
  ].join("\n");
}
