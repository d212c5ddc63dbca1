// How much faster many pictures are read by several threads than by one: node benches/images.mjs [threads] [pictures]
//
// In turns, so that what else the machine does weighs on both; the median counts.

import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { analyzeImages } from "../www/lib/node.js";

const ROUNDS = 3;
const [threads = availableParallelism(), pictures = 20] = process.argv.slice(2).map(Number);
const picture = fileURLToPath(new URL("../tests/fixtures/astronaut.png", import.meta.url));

/** Pictures in a second, from the first answer on, so that starting the threads does not count. */
async function throughput(concurrency) {
  let begin;
  for await (const { index, error } of analyzeImages(Array(pictures).fill(picture), { concurrency })) {
    if (error) throw error;
    if (index === 0) begin = performance.now();
  }
  return (1000 * (pictures - 1)) / (performance.now() - begin);
}

const rounds = [];
for (let round = 0; round < ROUNDS; round += 1) rounds.push([await throughput(1), await throughput(threads)]);
const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];
const [one, many] = [0, 1].map((column) => median(rounds.map((round) => round[column])));
const gain = median(rounds.map(([alone, together]) => together / alone));
console.log(
  `One thread: ${one.toFixed(1)} pictures a second. ${threads} threads: ${many.toFixed(1)}, ${gain.toFixed(2)} times.`,
);
