// Draws figures as an SVG for the README and docs/, legible on light and dark pages.

const WIDTH = 720;
const MARGIN = 16;
const LABEL_WIDTH = 172;
const VALUE_WIDTH = 72;
const BAR = { height: 16, pitch: 26 };
const TITLE_HEIGHT = 34;
const PANEL_GAP = 18;
const FOOT_HEIGHT = 26;
/** A bar beyond this multiple of the next shorter one is cut, and marked as cut, so that it does not flatten the rest. */
const CUT_BEYOND = 2;
const STYLE = `
  text { font: 13px system-ui, "Segoe UI", Helvetica, Arial, sans-serif; fill: #3b4252 }
  .title { font-weight: 600; fill: #1f2430 }
  .foot { font-size: 11px; fill: #6b7280 }
  .ours { font-weight: 600 }
  rect { fill: #b8c0cc }
  rect.ours { fill: #0f8f7f }
  path { stroke: #ffffff; stroke-width: 3; fill: none }
  @media (prefers-color-scheme: dark) {
    text { fill: #c5ccd8 }
    .title { fill: #eceff4 }
    .foot { fill: #98a1b0 }
    rect { fill: #4b5565 }
    rect.ours { fill: #2fc4ae }
    path { stroke: #0d1117 }
  }`;

const escaped = (text) => text.replace(/[&<>"]/g, (character) => `&#${character.codePointAt(0)};`);

/** One group of bars: `{ title, bars: [{ label, value, text, ours }] }`, drawn from `top` down. */
function panel({ title, bars }, top) {
  const sorted = bars.toSorted((a, b) => a.value - b.value);
  const [longest, next = longest] = sorted.toReversed();
  const limit = longest.value > CUT_BEYOND * next.value ? next.value * 1.4 : longest.value;
  const space = WIDTH - 2 * MARGIN - LABEL_WIDTH - VALUE_WIDTH;
  const lines = sorted.map(({ label, value, text, ours }, i) => {
    const y = top + TITLE_HEIGHT + i * BAR.pitch;
    const x = MARGIN + LABEL_WIDTH;
    const length = Math.max(2, (space * Math.min(value, limit)) / limit).toFixed(1);
    const kind = ours ? ' class="ours"' : "";
    const middle = y + BAR.height / 2 + 4.5;
    const cut = value > limit ? `<path d="M${x + length * 0.9 - 4} ${y + BAR.height + 2}l8 -${BAR.height + 4}"/>` : "";
    return [
      `<text${kind} x="${x - 10}" y="${middle}" text-anchor="end">${escaped(label)}</text>`,
      `<rect${kind} x="${x}" y="${y}" width="${length}" height="${BAR.height}" rx="3"/>${cut}`,
      `<text${kind} x="${x + Number(length) + 8}" y="${middle}">${escaped(text)}</text>`,
    ].join("\n");
  });
  return [`<text class="title" x="${MARGIN}" y="${top + 18}">${escaped(title)}</text>`, ...lines].join("\n");
}

/** The engines' figures as an SVG's text. */
export function chart({ machine, engines, tasks, download }) {
  const bars = (byEngine, value, text) =>
    Object.entries(byEngine).map(([id, figure]) => ({
      label: engines[id].name,
      value: value(figure),
      text: text(value(figure)),
      ours: id === "countenance",
    }));
  const times = (task) =>
    bars(
      tasks[task],
      ({ cpuMs }) => cpuMs.median,
      (ms) => `${ms.toFixed(ms < 10 ? 2 : 1)} ms`,
    );
  const panels = [
    { title: "Classify one face (CPU time)", bars: times("classify") },
    { title: "Detect faces at 320x256 (CPU time)", bars: times("detect") },
    {
      title: "Download to classify a face, weights included (Brotli)",
      bars: bars(
        download,
        ({ brotli }) => brotli / 1e6,
        (megabytes) => `${megabytes.toFixed(2)} MB`,
      ),
    },
  ].filter(({ bars }) => bars.length > 1);
  const foot = `Same network, same weights, one thread, medians. ${machine.browser}, ${machine.processor}. Shorter is better.`;
  return drawChart({ title: "countenance beside other inference engines in the same browser", panels, foot });
}

/**
 * Groups of bars as an SVG's text.
 * @param {{ title: string, panels: object[], foot: string }} content the panels as `panel` takes them
 */
export function drawChart({ title, panels, foot }) {
  let height = MARGIN / 2;
  const drawn = panels.map((content) => {
    const top = height;
    height += TITLE_HEIGHT + content.bars.length * BAR.pitch + PANEL_GAP;
    return panel(content, top);
  });
  height += FOOT_HEIGHT;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<style>${STYLE}\n</style>`,
    ...drawn,
    `<text class="foot" x="${MARGIN}" y="${height - 12}">${escaped(foot)}</text>`,
    "</svg>",
  ].join("\n");
}
