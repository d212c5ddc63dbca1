/**
 * A contact sheet of any number of tiles: only those in sight, and a few around them, are in the document.
 *
 * @module
 */

import { make } from "./html.js";

/** The least width of a tile, the room between two, and the height of the words below its picture, in pixels. */
const LEAST_WIDTH = 136;
const GAP = 10;
const WORDS_HEIGHT = 66;

/** The shape of a tile's picture. */
const RATIO = 4 / 3;

/** How many rows are kept ready above and below those in sight. */
const READY_ROWS = 2;

/**
 * Where the tiles lie, and which are needed.
 *
 * @param {{ count: number, width: number, height: number, top: number }} view tiles, the sheet's size, how far it is
 *   scrolled
 */
export function layOut({ count, width, height, top }) {
  const columns = Math.max(2, Math.floor((width + GAP) / (LEAST_WIDTH + GAP)));
  const tileWidth = (width - (columns - 1) * GAP) / columns;
  const rowHeight = Math.round(tileWidth / RATIO) + WORDS_HEIGHT + GAP;
  const [above, below] = [Math.floor(top / rowHeight), Math.ceil((top + height) / rowHeight)];
  return {
    columns,
    tileWidth,
    rowHeight,
    total: Math.max(0, Math.ceil(count / columns) * rowHeight - GAP),
    first: Math.min(count, Math.max(0, above - READY_ROWS) * columns),
    end: Math.min(count, (below + READY_ROWS) * columns),
  };
}

/**
 * @template {object} Item
 * @typedef {object} Tiles
 * @property {(item: Item) => Node[]} fill gives what a tile shows
 * @property {(tile: HTMLElement) => void} release called with a tile that leaves the document
 * @property {(item: Item) => void} onChoose
 */

/** @template {object} Item */
export class Sheet {
  #scroller;
  #tiles;
  #list = make("ul", "tiles");
  /** @type {Item[]} */ #items = [];
  /** @type {Map<Item, HTMLElement>} */ #shown = new Map();
  /** The tile that the Tab key reaches. @type {Item | undefined} */ #current;
  #isDue = false;

  /**
   * @param {HTMLElement} scroller
   * @param {Tiles<Item>} tiles
   */
  constructor(scroller, tiles) {
    this.#scroller = scroller;
    this.#tiles = tiles;
    scroller.append(this.#list);
    scroller.addEventListener("scroll", () => this.#renderSoon());
    new ResizeObserver(() => this.#renderSoon()).observe(scroller);
    this.#list.addEventListener("keydown", (event) => this.#onKey(event));
  }

  /** @param {Item[]} items in order */
  show(items) {
    this.#items = items;
    this.#renderSoon();
  }

  /** Fills tiles again. @param {Item[]} items those that have changed */
  renew(items) {
    for (const item of items) this.#drop(item);
    this.#renderSoon();
  }

  /** Marks a tile as the one that is looked at. @param {Item} item */
  choose(item) {
    for (const [each, tile] of this.#shown) mark(tile, each === item);
    this.#current = item;
  }

  #renderSoon() {
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      this.#render();
    });
  }

  get #layout() {
    const { clientHeight: height, scrollTop: top } = this.#scroller;
    return layOut({ count: this.#items.length, width: this.#list.clientWidth, height, top });
  }

  #render() {
    const items = this.#items;
    const { columns, tileWidth, rowHeight, total, first, end } = this.#layout;
    if (tileWidth <= 0) return; // hidden
    this.#list.style.height = `${total}px`;
    this.#list.style.setProperty("--tile-width", `${tileWidth}px`);
    const needed = new Map(items.slice(first, end).map((item, index) => [item, first + index]));
    // The focus would be lost with its tile.
    const focused = [...this.#shown].find(([, tile]) => tile.contains(document.activeElement))?.[0];
    if (focused && items.includes(focused)) needed.set(focused, items.indexOf(focused));
    for (const item of this.#shown.keys()) if (!needed.has(item)) this.#drop(item);
    for (const [place, [item, index]] of [...needed].sort(([, a], [, b]) => a - b).entries()) {
      const tile = this.#shown.get(item) ?? this.#add(item);
      // In their order, for the Tab key and for screen readers; a tile that is moved loses the focus.
      const next = this.#list.children[place];
      if (tile !== next) this.#list.insertBefore(tile, next ?? null);
      tile.ariaSetSize = String(items.length);
      tile.ariaPosInSet = String(index + 1);
      tile.style.setProperty("--x", `${(index % columns) * (tileWidth + GAP)}px`);
      tile.style.setProperty("--y", `${Math.floor(index / columns) * rowHeight}px`);
    }
    const reached = this.#current && needed.has(this.#current) ? this.#current : items[first];
    for (const [item, tile] of this.#shown) {
      /** @type {HTMLElement} */ (tile.firstElementChild).tabIndex = item === reached ? 0 : -1;
    }
  }

  /** @param {Item} item */
  #add(item) {
    const button = make("button", "", ...this.#tiles.fill(item));
    button.type = "button";
    button.addEventListener("click", () => this.#tiles.onChoose(item));
    const tile = make("li", "tile", button);
    tile.dataset.testid = "batch-row";
    mark(tile, item === this.#current);
    this.#shown.set(item, tile);
    return tile;
  }

  /** @param {Item} item */
  #drop(item) {
    const tile = this.#shown.get(item);
    if (!tile) return;
    this.#tiles.release(tile);
    tile.remove();
    this.#shown.delete(item);
  }

  /** The arrow keys go from tile to tile, also to those that are not in the document yet. @param {KeyboardEvent} event */
  #onKey(event) {
    const items = this.#items;
    const at = items.findIndex((item) => this.#shown.get(item)?.contains(document.activeElement));
    const { columns, rowHeight } = this.#layout;
    const onward = getComputedStyle(this.#list).direction === "rtl" ? -1 : 1;
    /** @type {Record<string, number>} */
    const steps = {
      ArrowRight: onward,
      ArrowLeft: -onward,
      ArrowDown: columns,
      ArrowUp: -columns,
      Home: -at,
      End: items.length - 1 - at,
    };
    const to = items[at + steps[event.key]];
    if (at < 0 || !to) return;
    event.preventDefault();
    const row = Math.floor(items.indexOf(to) / columns) * rowHeight;
    const { scrollTop, clientHeight } = this.#scroller;
    if (row < scrollTop) this.#scroller.scrollTop = row;
    else if (row + rowHeight > scrollTop + clientHeight) this.#scroller.scrollTop = row + rowHeight - clientHeight;
    this.#current = to;
    this.#render();
    /** @type {HTMLElement | undefined} */ (this.#shown.get(to)?.firstElementChild)?.focus({ preventScroll: true });
  }
}

/**
 * @param {HTMLElement} tile
 * @param {boolean} isCurrent
 */
function mark(tile, isCurrent) {
  if (isCurrent) tile.firstElementChild?.setAttribute("aria-current", "true");
  else tile.firstElementChild?.removeAttribute("aria-current");
}
