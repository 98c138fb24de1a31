import { readdirSync } from "node:fs";
import { defineConfig } from "vite";

const tests = readdirSync("tests").filter((name) => name.endsWith(".test.ts"));

// The tests are translated once and run by Node's own test runner, on every Node that builds us.
export default defineConfig({
  build: {
    ssr: true,
    outDir: ".tests",
    rolldownOptions: { input: tests.map((name) => `tests/${name}`) },
  },
});
