// Each framework by its own plugin. The components beside this file are those of the documentation.
import { svelte } from "@sveltejs/vite-plugin-svelte";
import react from "@vitejs/plugin-react";
import vue from "@vitejs/plugin-vue";

/** Svelte's compiler calls it. */
function onwarn({ message }) {
  throw new Error(message);
}

export default {
  base: "./",
  plugins: [react(), vue(), svelte({ onwarn })],
  build: { rolldownOptions: { input: ["react.html", "live-view.html", "vue.html", "svelte.html"] } },
};
