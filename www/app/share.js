/**
 * What a visitor leaves with: the card of a picture and its answers, saved, copied or shared.
 *
 * @module
 */

import { drawCard } from "./card.js";
import { download } from "./export.js";
import { find } from "./html.js";
import { offerPanel } from "./panels.js";
import { write } from "./words.js";

/** @typedef {import('../lib/index.js').FaceEmotion} FaceEmotion */

/**
 * @param {() => Promise<import('./card.js').Subject>} look gives what is shown
 * @param {() => FaceEmotion | undefined} chosen gives the face whose answer is shown in detail
 */
export function offerCard(look, chosen) {
  /** @type {HTMLSelectElement} */
  const cover = find("#cover");
  /** @type {HTMLSelectElement} */
  const whom = find("#whom");
  const preview = find(".card-preview");
  const said = find(".card [role=status]");
  const share = find("[data-action=card-share]");

  const draw = async () => {
    const subject = await look();
    const spared = whom.value === "others" ? chosen() : undefined;
    const kind = /** @type {import('./card.js').Cover} */ (cover.value);
    return drawCard(
      subject,
      kind,
      subject.faces.filter((face) => face !== spared),
    );
  };
  const file = async () => new File([await toPng(await draw())], "countenance.png", { type: "image/png" });
  const show = async () => {
    write(said, "");
    find(".whom").hidden = cover.value === "none";
    preview.replaceChildren(await draw());
  };
  const save = async () => download("countenance.png", await file());

  offerPanel("card", show);
  for (const select of [cover, whom]) select.addEventListener("change", show);
  for (const button of document.querySelectorAll("[data-action=snapshot], [data-action=card-save]")) {
    button.addEventListener("click", save);
  }
  find("[data-action=card-copy]").addEventListener("click", async () => {
    try {
      await navigator.clipboard.write([new ClipboardItem({ "image/png": file() })]);
      write(said, "card.copied");
    } catch {
      write(said, "card.not-copied");
    }
  });
  share.hidden = !navigator.canShare?.({ files: [new File([], "countenance.png", { type: "image/png" })] });
  share.addEventListener("click", async () => {
    try {
      await navigator.share({ files: [await file()] });
    } catch {
      // The visitor changed their mind.
    }
  });
}

/** @param {HTMLCanvasElement} canvas @returns {Promise<Blob>} */
function toPng(canvas) {
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("The card is too large"))), "image/png"),
  );
}
