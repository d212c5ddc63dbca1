/**
 * What a visitor can check for privacy: the policy in force, what the wasm module can call, and how many requests the page
 * has made since it was loaded.
 *
 * @module
 */

import { find, make } from "./html.js";
import { offerPanel } from "./panels.js";
import { write } from "./words.js";

/** @typedef {import('../lib/index.js').EmotionAnalyzer} EmotionAnalyzer */

export class PrivacyPanel {
  #requests = 0;
  #isWatching = false;

  constructor() {
    offerPanel("privacy", () => {
      this.#showRequests();
      this.#showConnection();
    });
    for (const change of ["online", "offline"]) addEventListener(change, () => this.#showConnection());
    const policy = find("meta[http-equiv=Content-Security-Policy]").getAttribute("content") ?? "";
    find(".policy").replaceChildren(...policy.split("; ").map((directive) => make("li", "", directive)));
  }

  /**
   * Counts requests from now on, since the page has all it needs, and lists the module's imports.
   *
   * @param {EmotionAnalyzer} analyzer
   */
  start(analyzer) {
    find(".imports").replaceChildren(...analyzer.imports.map((name) => make("li", "", plainName(name))));
    write(find("[data-count=imports]"), "privacy.imports", () => ({ count: analyzer.imports.length }));
    if (this.#isWatching) return;
    this.#isWatching = true;
    new PerformanceObserver((list) => {
      // A blob: address is memory of this page.
      this.#requests += list.getEntries().filter(({ name }) => !name.startsWith("blob:")).length;
      this.#showRequests();
    }).observe({ type: "resource" });
  }

  #showRequests() {
    const element = find("[data-count=requests]");
    element.dataset.value = String(this.#requests);
    write(element, "privacy.requests", () => ({ count: this.#requests }));
  }

  #showConnection() {
    write(find("[data-count=connection]"), navigator.onLine ? "privacy.online" : "privacy.offline");
  }
}

/**
 * An import's name without the affixes of the bindings generator.
 *
 * @param {string} name
 */
function plainName(name) {
  return name.replace(/^__(wbg|wbindgen)_/, "").replace(/_[0-9a-f]{16}$/, "");
}
