// The page to try the API on. It asks as any client would, and takes the options from the API's own description.

/** @param {string} id */
const byId = (id) => /** @type {any} */ (document.getElementById(id));
const form = byId("form");
const file = byId("file");
const answers = byId("answers");

const api = await (await fetch("openapi.json")).json();
const post = api.paths["/v1/analyze"].post;
byId("lock").hidden = !post.security;
byId("options").append(...post.parameters.filter(({ name }) => name !== "liveSize").map(optionField));
showState();
showCommand();

form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("input", showCommand);
file.addEventListener("change", () => analyze(file.files));
addEventListener("paste", ({ clipboardData }) => analyze(clipboardData?.files ?? []));
for (const kind of ["dragover", "dragleave", "drop"]) {
  addEventListener(kind, (event) => {
    event.preventDefault();
    byId("drop").classList.toggle("over", kind === "dragover");
    if (kind === "drop") analyze(event.dataTransfer.files);
  });
}

function optionField({ name, schema, description }) {
  const { minimum, maximum, default: usual, enum: choices } = schema;
  const input = element("input", { name, autocomplete: "off", placeholder: usual === "" ? "none" : `${usual}` });
  if (choices) input.setAttribute("list", `of-${name}`);
  if (minimum !== undefined) input.inputMode = Number.isInteger(usual) ? "numeric" : "decimal";
  const range = minimum === undefined ? "" : ` ${minimum} to ${maximum}.`;
  const list = choices ? [element("datalist", { id: `of-${name}` }, ...choices.map((value) => new Option(value)))] : [];
  return element("label", {}, name, input, ...list, element("small", {}, `${description}${range}`));
}

/** The options that were filled in, as a query. */
function query() {
  const filled = [...byId("options").querySelectorAll("input")].filter(({ value }) => value.trim());
  const text = new URLSearchParams(filled.map(({ name, value }) => [name, value.trim()])).toString();
  return text && `?${text}`;
}

function showCommand() {
  const key = byId("lock").hidden ? "" : ' -H "Authorization: Bearer $KEY"';
  byId("command").textContent = `curl${key} -F image=@face.jpg '${new URL(`v1/analyze${query()}`, location.href)}'`;
}

async function showState() {
  const response = await fetch("ready");
  const { status, message } = await response.json();
  byId("state").textContent = response.ok ? status : message;
}

/** Sends each picture by itself, so that each is shown as soon as it is answered. */
async function analyze(files) {
  answers.replaceChildren();
  for (const picture of files) {
    const body = new FormData();
    body.append("image", picture);
    const key = byId("key").value;
    const started = performance.now();
    let answer;
    try {
      const headers = key ? { Authorization: `Bearer ${key}` } : {};
      answer = await (await fetch(`v1/analyze${query()}`, { method: "POST", body, headers })).json();
    } catch (error) {
      answer = { code: "unreachable", message: `${error}` };
    }
    answers.append(await article(picture, answer, performance.now() - started));
  }
  file.value = "";
}

async function article(picture, answer, took) {
  const title = element("h2", {}, picture.name || "Pasted picture");
  const json = element(
    "details",
    {},
    element("summary", {}, "JSON"),
    element("pre", {}, JSON.stringify(answer, null, 2)),
  );
  if (!answer.faces) {
    const failure = element("p", { className: "failure", role: "alert" }, `${answer.code}: ${answer.message}`);
    return element("article", {}, element("div", {}, title, failure), json);
  }
  const { width, height, faces, milliseconds, model } = answer;
  const image = element("img", { alt: "", src: URL.createObjectURL(picture) });
  await image.decode().catch(() => {});
  URL.revokeObjectURL(image.src);
  const boxes = drawing("svg", { viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
  boxes.append(...faces.flatMap(mark));
  const times = `${width} × ${height}, ${milliseconds.toFixed(1)} ms of ${took.toFixed(0)} ms, ${model}`;
  const list = element("ol", {}, ...faces.map(faceItem));
  const found = faces.length > 0 ? list : element("p", {}, "No face.");
  const text = element("div", {}, title, element("p", { className: "soft" }, times), found);
  return element("article", {}, element("figure", {}, image, boxes), text, json);
}

/** A face's box, with its number in the corner. */
function mark({ id, box }) {
  const size = box.width / 4;
  const number = drawing("text", { x: box.x + size / 4, y: box.y + size, "font-size": size });
  number.append(id);
  return [drawing("rect", { ...box, rx: box.width / 12 }), number];
}

function faceItem({ id, emotion, probabilities, other, reasons }) {
  const bars = Object.entries({ ...probabilities, other }).sort(([, a], [, b]) => b - a);
  const why = reasons.length > 0 ? [element("small", {}, ` ${reasons.join(", ")}`)] : [];
  return element(
    "li",
    {},
    element("strong", {}, `${id} ${emotion}`),
    ...why,
    ...bars.map(([name, value]) => bar(name, value)),
  );
}

function bar(name, value) {
  const share = `${(100 * value).toFixed(1)}%`;
  return element(
    "div",
    { className: "bar" },
    element("span", {}, name),
    element("meter", { value }),
    element("span", {}, share),
  );
}

function element(tag, properties, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  if (properties.role) made.setAttribute("role", properties.role);
  made.append(...children);
  return made;
}

function drawing(tag, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}
