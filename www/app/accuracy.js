/**
 * How often the model errs: the figures in its folder (`metrics.json`), measured when it was made.
 *
 * @module
 */

import { find, make } from "./html.js";
import { offerPanel } from "./panels.js";
import { say, sayList, sayPercent, write } from "./words.js";
import { modelFile } from "./worker-source.js";

/** @typedef {import('../lib/index.js').EmotionAnalyzer} EmotionAnalyzer */

/**
 * @typedef {object} Metrics
 * @property {number} count labelled faces
 * @property {number} accuracy 0..1
 * @property {number} accuracy_at_80_percent_coverage 0..1
 * @property {{ mean_accuracy: number, worst: { name: string, accuracy: number }[] }} [robustness] on the same faces made
 *   worse in many ways
 * @property {number[][]} confusion_matrix faces by label (rows) and answer (columns), in the model's order of classes
 */

export class AccuracyPanel {
  #summary = find(".accuracy .summary");
  #table = find(".confusion");

  /** @param {() => Promise<EmotionAnalyzer>} analyzer */
  constructor(analyzer) {
    offerPanel("accuracy", async () => {
      try {
        const { model } = await analyzer();
        this.#show(await modelFile("metrics.json"), model.emotion.classes);
      } catch (error) {
        write(this.#summary, "accuracy.missing", () => ({ message: String(error) }));
      }
    });
  }

  /**
   * @param {Metrics} metrics
   * @param {string[]} classes
   */
  #show({ count, accuracy, accuracy_at_80_percent_coverage: covered, confusion_matrix: matrix, robustness }, classes) {
    const shares = () => ({ accuracy: sayPercent(accuracy), covered: sayPercent(covered) });
    write(this.#summary, "accuracy.summary", () => ({ count, ...shares() }));
    if (robustness) {
      const { mean_accuracy: mean, worst } = robustness;
      const list = () => sayList(worst.map((each) => `${say(`worse.${each.name}`)} ${sayPercent(each.accuracy)}`));
      write(find(".accuracy .robustness"), "accuracy.robustness", () => ({ mean: sayPercent(mean), list: list() }));
    }
    const names = classes.map((emotion) => say(emotion));
    const head = make("tr", "", ...[say("accuracy.labelled"), ...names].map((name) => makeHeader(name, "col")));
    const rows = matrix.map((counts, row) => {
      const total = counts.reduce((sum, each) => sum + each, 0);
      const cells = counts.map((each, column) => make("td", row === column ? "right" : "", sayPercent(each / total)));
      return make("tr", "", makeHeader(names[row], "row"), ...cells);
    });
    this.#table.replaceChildren(make("thead", "", head), make("tbody", "", ...rows));
  }
}

/**
 * @param {string} name
 * @param {"row" | "col"} scope
 */
function makeHeader(name, scope) {
  const header = make("th", "", name);
  header.scope = scope;
  return header;
}
