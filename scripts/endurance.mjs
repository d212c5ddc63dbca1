// Runs the live view for a long time: npm run endurance   (ENDURANCE_MINUTES from the environment, 30 by default)

import { findChromium } from "./chromium.mjs";
import { installPackages, run } from "./environment.mjs";

installPackages();
const { ENDURANCE_MINUTES = "30" } = process.env;
run("node", ["--test", "tests/e2e/endurance.test.mjs"], { CHROMIUM: findChromium(), ENDURANCE_MINUTES });
