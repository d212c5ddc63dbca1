// The figures as the groups of bars of docs/peers.svg.

import { products } from "./products.mjs";

/** @param {object} figures benches/peers/figures.json */
export function panels({ machine, live, starts }) {
  const bars = (byProduct, value, text) =>
    Object.entries(byProduct).map(([id, figure]) => ({
      label: products[id].name,
      value: value(figure),
      text: text(value(figure)),
      ours: id === "countenance",
    }));
  /** Without those whose times are the stand-in's for a graphics card. */
  const times = (byProduct) => {
    const onProcessor = Object.entries(byProduct).filter(([id]) => !products[id].graphics);
    return bars(Object.fromEntries(onProcessor), ({ cpu }) => cpu, ms);
  };
  const ms = (value) => `${value.toFixed(value < 10 ? 1 : 0)} ms`;
  const megabytes = (value) => `${value.toFixed(2)} MB`;
  return {
    title: "countenance beside other products in the same browser",
    panels: [
      {
        title: "A live frame of 640x480 with one face (CPU time)",
        bars: times(Object.values(live)[0]),
      },
      { title: "From an empty page to the first answer (CPU time)", bars: times(starts) },
      { title: "Download, models included (Brotli)", bars: bars(starts, ({ brotli }) => brotli / 1e6, megabytes) },
    ],
    foot: `One thread, medians; MediaPipe's times need a graphics card. ${machine.browser}, ${machine.processor}. Shorter is better.`,
  };
}
