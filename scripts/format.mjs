// Formats everything: npm run format

import { installPackages, requireRust, run } from "./environment.mjs";

requireRust();
installPackages();
run("cargo", ["fmt", "--all"]);
run("npx", ["biome", "check", "--write", "."]);
