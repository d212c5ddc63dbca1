/**
 * The language that the visitor chose here before, or the first that the browser asks for. It is known before anything is
 * painted, so the English words of index.html are shown at once where they will stay, and otherwise wait for words.js.
 */

let wanted = navigator.language;
try {
  wanted = localStorage.getItem("language") ?? wanted;
} catch {
  // Storage is blocked.
}
document.documentElement.lang = wanted;
