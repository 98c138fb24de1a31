import { svelte } from "@sveltejs/vite-plugin-svelte";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

// Relative addresses only: the same files are served by a gateway at / and by the stage under
// /firm/<id>/. Nothing is inlined, so that a strict content security policy holds.
export default defineConfig({
  base: "./",
  plugins: [svelte()],
  build: {
    outDir: here("../static"),
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: { index: here("index.html"), stage: here("stage.html") } },
  },
});
