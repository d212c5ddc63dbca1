// The order of faces and the places of their markers, over made groups of up to a hundred faces.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inReadingOrder, numbered, placeMarkers } from "../../www/app/places.js";

/** Numbers from 0 to 1, the same in every run. */
function* dice(seed) {
  let state = seed;
  for (;;) {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    yield state / 2 ** 32;
  }
}

/** A group that stands in rows, each place off by up to `jitter` of a face. */
function group({ rows, columns, width, height, jitter = 0, seed = 1 }) {
  const random = dice(seed);
  const next = () => random.next().value;
  const pitch = { x: width / columns, y: height / rows };
  const side = Math.min(pitch.x, pitch.y) * 0.6;
  const faces = [];
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const size = side * (0.85 + 0.3 * next());
      faces.push({
        id: faces.length + 1,
        box: {
          x: (column + 0.5) * pitch.x - size / 2 + (next() - 0.5) * jitter * side,
          y: (row + 0.5) * pitch.y - size * 0.6 + (next() - 0.5) * jitter * side,
          width: size,
          height: size * 1.25,
        },
      });
    }
  }
  return faces;
}

/** Faces anywhere, of any size, which may lie over each other. */
function crowd({ count, width, height, seed }) {
  const random = dice(seed);
  const next = () => random.next().value;
  return Array.from({ length: count }, (_, index) => {
    const side = 10 + next() * Math.min(width, height) * 0.2;
    return {
      id: index + 1,
      box: { x: next() * (width - side), y: next() * (height - side), width: side, height: side },
    };
  });
}

function shuffled(faces, seed) {
  const random = dice(seed);
  return faces
    .map((face) => [random.next().value, face])
    .sort(([a], [b]) => a - b)
    .map(([, face]) => face);
}

const SIZES = {
  words: { width: 90, height: 22 },
  number: { width: 38, height: 22 },
  glyph: { width: 14, height: 14 },
};

const rectangle = ({ x, y, form }) => ({ x, y, ...SIZES[form] });
const middle = ({ x, y, width, height }) => ({ x: x + width / 2, y: y + height / 2 });

function assertFree(faces, area, places) {
  const boxes = faces.map(({ box }) => box);
  for (const [index, place] of places.entries()) {
    if (!place) continue;
    const marker = rectangle(place);
    assert.ok(marker.x >= 0 && marker.x + marker.width <= area.width + 1e-9, `${index} leaves the picture`);
    assert.ok(marker.y >= 0 && marker.y + marker.height <= area.height + 1e-9, `${index} leaves the picture`);
    for (const [other, box] of boxes.entries()) {
      const { x, y } = middle(box);
      const covers = x >= marker.x && x <= marker.x + marker.width && y >= marker.y && y <= marker.y + marker.height;
      assert.ok(other === index || !covers, `the marker of ${index} covers the middle of ${other}`);
    }
  }
}

const placed = (faces, area) =>
  placeMarkers(
    faces.map(({ box }) => box),
    area,
    faces.map(() => SIZES),
  );

test("faces are numbered in rows from the top, each from the left, whatever order they come in", () => {
  for (const [rows, columns] of [
    [1, 1],
    [1, 7],
    [3, 10],
    [6, 10],
    [10, 10],
  ]) {
    for (let seed = 1; seed <= 20; seed += 1) {
      const faces = group({ rows, columns, width: 1600, height: 1000, jitter: 0.3, seed });
      const found = shuffled(faces, seed);
      assert.deepEqual(
        inReadingOrder(found).map(({ id }) => id),
        faces.map(({ id }) => id),
        `${rows} rows, seed ${seed}`,
      );
      const again = numbered(found);
      assert.deepEqual(
        again.map(({ id }) => id),
        faces.map(({ id }) => id),
      );
      assert.deepEqual(
        again.map(({ box }) => box),
        faces.map(({ box }) => box),
      );
    }
  }
  assert.deepEqual(inReadingOrder([]), []);
});

test("no face is lost or named twice in a crowd without rows", () => {
  for (let seed = 1; seed <= 50; seed += 1) {
    const faces = crowd({ count: 60, width: 1200, height: 800, seed });
    const order = inReadingOrder(faces).map(({ id }) => id);
    assert.deepEqual(
      [...order].sort((a, b) => a - b),
      faces.map(({ id }) => id),
    );
    assert.deepEqual(
      inReadingOrder(shuffled(faces, seed)).map(({ id }) => id),
      order,
      "the order they come in is nothing",
    );
  }
});

for (const [what, rows, columns, area, leastNumbered] of [
  ["29 faces on a desktop", 3, 10, { width: 1000, height: 600 }, 30],
  ["60 faces on a desktop", 6, 10, { width: 1000, height: 640 }, 60],
  ["100 faces on a desktop", 10, 10, { width: 1000, height: 700 }, 95],
  ["60 faces on a phone", 6, 10, { width: 340, height: 260 }, 0],
  ["100 faces on a phone", 10, 10, { width: 340, height: 300 }, 0],
]) {
  test(`${what}: every face has a marker, and none covers another face's middle`, () => {
    for (let seed = 1; seed <= 25; seed += 1) {
      const faces = group({ rows, columns, ...area, jitter: 0.3, seed });
      const places = placed(faces, area);
      assertFree(faces, area, places);
      assert.equal(places.filter(Boolean).length, faces.length);
      const said = places.filter(({ form }) => form !== "glyph").length;
      assert.ok(said >= leastNumbered, `${said} markers with a number`);
    }
  });
}

test("in a crowd of overlapping faces no marker covers another face's middle", () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const area = { width: 360, height: 300 };
    const faces = crowd({ count: 1 + (seed % 100), ...area, seed });
    assertFree(faces, area, placed(faces, area));
  }
});

test("one face is named in words beside it, or on it where it fills the picture", () => {
  const area = { width: 600, height: 500 };
  const [beside] = placed([{ box: { x: 200, y: 150, width: 150, height: 200 } }], area);
  assert.deepEqual(beside, { x: 230, y: 125, form: "words", spot: 0 });
  const [on] = placed([{ box: { x: 0, y: 0, width: 600, height: 500 } }], area);
  assert.equal(on.form, "words");
  assertFree([{ box: { x: 0, y: 0, width: 600, height: 500 } }], area, [on]);
});

test("a marker with words or a number touches no other face's features and no other marker", () => {
  const area = { width: 1000, height: 640 };
  for (let seed = 1; seed <= 25; seed += 1) {
    const faces = group({ rows: 6, columns: 10, ...area, jitter: 0.5, seed });
    const places = placed(faces, area);
    for (const [index, place] of places.entries()) {
      if (place?.form === "glyph") continue;
      const marker = rectangle(place);
      for (const [other, { box }] of faces.entries()) {
        if (other === index) continue;
        const features = {
          x: box.x + 0.15 * box.width,
          y: box.y + 0.15 * box.height,
          width: 0.7 * box.width,
          height: 0.7 * box.height,
        };
        assert.ok(!meets(marker, features), `${index} touches the face of ${other}`);
        if (places[other].form !== "glyph")
          assert.ok(!meets(marker, rectangle(places[other])), `${index} touches ${other}`);
      }
    }
  }
});

test("a marker keeps its side while a face moves a little", () => {
  const area = { width: 600, height: 400 };
  const at = (y) => [{ box: { x: 100, y, width: 80, height: 100 } }];
  const below = placeMarkers(
    at(0).map(({ box }) => box),
    area,
    [SIZES],
  );
  assert.equal(below[0].spot, 1, "above it there is no room");
  const [kept] = placeMarkers(
    at(40).map(({ box }) => box),
    area,
    [SIZES],
    [below[0].spot],
  );
  assert.equal(kept.spot, 1);
  const [fresh] = placeMarkers(
    at(40).map(({ box }) => box),
    area,
    [SIZES],
  );
  assert.equal(fresh.spot, 0, "the check can fail");
});

function meets(a, b) {
  return (
    a.x < b.x + b.width - 1e-9 &&
    b.x < a.x + a.width - 1e-9 &&
    a.y < b.y + b.height - 1e-9 &&
    b.y < a.y + a.height - 1e-9
  );
}
