/**
 * A group of buttons with one stop for the Tab key; the arrow keys go from one to the next.
 *
 * @module
 */

/**
 * @param {HTMLElement} group
 * @param {(step: number) => void} onStep called with how far to go; infinitely far for the first or last
 */
export function onArrows(group, onStep) {
  group.addEventListener("keydown", (event) => {
    const onward = getComputedStyle(group).direction === "rtl" ? -1 : 1;
    const step = /** @type {Record<string, number>} */ ({
      ArrowRight: onward,
      ArrowDown: 1,
      ArrowLeft: -onward,
      ArrowUp: -1,
      Home: Number.NEGATIVE_INFINITY,
      End: Number.POSITIVE_INFINITY,
    })[event.key];
    if (step === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    onStep(step);
  });
}
