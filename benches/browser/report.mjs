// The figures as Markdown tables: all of them for the terminal, the main ones for the README.

import { table as markdown } from "../markdown.mjs";

const TASKS = {
  classify: "classify one 48x48 face",
  detect: "detect at 320x256",
  frame: "whole frame: 640x480 RGBA in, detect at 320, crop, classify, result out",
  stream: "the same, a drifting face tracked over a video",
};
const COLD_STARTS = {
  face: "module's bytes there -> first face classified",
  picture: "module's bytes there -> first 640x480 picture analysed",
};

const BURN = "Burn's backends are this module built with `--features`, without the `simd` feature of Burn itself.";

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(2)} MB`;
const milliseconds = (value) => (value < 100 ? value.toFixed(2) : value.toFixed(0));
/** A detection task's long side, for those of the curve. */
const longSide = (task) => /^detect-(\d+)$/.exec(task)?.[1];
const title = (task) => TASKS[task] ?? `detect in 640x480, scaled to ${longSide(task)}`;

/** The table. Ratios are our time (or size) divided by theirs. */
export function table({ machine, model, engines, agreement, tasks, coldStart, download }) {
  const rows = [["figure", "engine", "median", "quartiles", "ours / theirs"]];
  const add = (title, byEngine, cells) => {
    const ours = byEngine.countenance;
    for (const [id, value] of Object.entries(byEngine)) {
      const { main, quartiles } = cells(value);
      const share = ours && id !== "countenance" ? (cells(ours).value / cells(value).value).toFixed(2) : "";
      const name = [engines[id].name, engines[id].version].filter(Boolean).join(" ");
      rows.push([title, name, main, quartiles ?? "", share]);
    }
  };
  const time = (summary) => ({
    value: summary.median,
    main: `${milliseconds(summary.median)} ms`,
    quartiles: summary.quartiles.map(milliseconds).join(" - "),
  });
  for (const [task, byEngine] of Object.entries(tasks)) add(title(task), byEngine, ({ cpuMs }) => time(cpuMs));
  for (const [start, byEngine] of Object.entries(coldStart)) {
    add(`${COLD_STARTS[start]}, CPU`, byEngine, ({ cpuMs }) => time(cpuMs));
    add(`${COLD_STARTS[start]}, clock`, byEngine, ({ clockMs }) => time(clockMs));
  }
  add("download to classify a face, brotli -11", download, ({ brotli, bytes }) => ({
    value: brotli,
    main: megabytes(brotli),
    quartiles: `${megabytes(bytes)} raw`,
  }));

  const apart = Object.entries(agreement.classify).map(([id, difference]) => `${id} ${difference.toExponential(1)}`);
  return [
    `${machine.processor}; ${machine.browser}; one thread; weights ${model.emotion} (${model.sha256.slice(0, 12)})`,
    `Largest difference of a probability from ${agreement.reference}'s: ${apart.join(", ") || "nobody to compare with"}`,
    "",
    markdown(rows),
  ].join("\n");
}

/** The main figures, a column an engine, and the detector's curve. In brackets: our time (or size) divided by theirs. */
export function summary({ machine, engines, tasks, coldStart, download }) {
  const ids = Object.keys(engines);
  const row = (title, byEngine, value, text) => {
    const cell = (id) => {
      if (!byEngine[id]) return "";
      const share = value(byEngine.countenance) / value(byEngine[id]);
      return id === "countenance"
        ? `**${text(value(byEngine[id]))}**`
        : `${text(value(byEngine[id]))} (${share.toFixed(2)})`;
    };
    return [title, ...ids.map(cell)];
  };
  const time = (summary) => summary.cpuMs.median;
  const ms = (value) => `${milliseconds(value)} ms`;
  const named = Object.entries(tasks).filter(([task]) => TASKS[task]);
  const curve = Object.entries(tasks).filter(([task]) => longSide(task));
  return [
    markdown([
      ["", ...ids.map((id) => engines[id].name)],
      ...named.map(([task, byEngine]) => row(TASKS[task], byEngine, time, ms)),
      row(COLD_STARTS.face, coldStart.face, time, ms),
      row(COLD_STARTS.picture, coldStart.picture, time, ms),
      row("download to classify a face, Brotli", download, ({ brotli }) => brotli, megabytes),
    ]),
    "",
    markdown([
      ["faces looked for in 640x480, scaled to a long side of", ...curve.map(([task]) => `${longSide(task)}`)],
      ["CPU time", ...curve.map(([, { countenance }]) => ms(time(countenance)))],
    ]),
    "",
    `Medians of CPU time on an ${machine.processor}, ${machine.browser}, one thread, engines taking turns; the same`,
    "network and weights everywhere, and answers checked to agree. In brackets: our figure divided by theirs.",
    ...(ids.some((id) => id.startsWith("burn-")) ? [BURN] : []),
  ].join("\n");
}
