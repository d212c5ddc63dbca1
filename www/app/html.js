/**
 * Finding and making elements.
 *
 * @module
 */

/**
 * The first element that matches; it throws if there is none, since the page is broken then.
 *
 * @template {Element} [E=HTMLElement]
 * @param {string} selector
 * @param {ParentNode} [within]
 * @returns {E}
 */
export function find(selector, within = document) {
  const element = within.querySelector(selector);
  if (!element) throw new Error(`The page has no ${selector}`);
  return /** @type {E} */ (element);
}

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {string} className
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function make(tag, className, ...children) {
  const element = document.createElement(tag);
  element.className = className;
  element.append(...children);
  return element;
}

/**
 * Writes text. What is there is changed and not replaced: a new node would have the browser match selectors around it
 * again, in every live frame.
 *
 * @param {Element} element that holds nothing but text
 * @param {string} text
 */
export function setText(element, text) {
  const { firstChild } = element;
  if (!(firstChild instanceof Text) || firstChild.nextSibling || text === "") {
    if (element.textContent !== text) element.textContent = text;
  } else if (firstChild.data !== text) {
    firstChild.data = text;
  }
}

const SVG = "http://www.w3.org/2000/svg";

/**
 * The drawing for an expression, found by its name in the page's sprite; blank where there is none of that name.
 *
 * @param {string} name
 */
export function makeGlyph(name) {
  const glyph = document.createElementNS(SVG, "svg");
  glyph.setAttribute("class", "glyph");
  glyph.setAttribute("aria-hidden", "true");
  glyph.append(document.createElementNS(SVG, "use"));
  showGlyph(glyph, name);
  return glyph;
}

/** Has the drawn faces take on an expression. @param {string} emotion a class, "other" or "uncertain"; empty for none */
export function showMood(emotion) {
  if (document.body.dataset.mood === emotion) return;
  document.body.dataset.mood = emotion;
  for (const mood of document.querySelectorAll(".mood")) mood.setAttribute("href", `#face-${emotion}`);
}

/**
 * @param {SVGSVGElement} glyph
 * @param {string} name
 */
export function showGlyph(glyph, name) {
  const href = `#glyph-${name}`;
  const use = glyph.firstElementChild;
  if (use?.getAttribute("href") !== href) use?.setAttribute("href", href);
}
