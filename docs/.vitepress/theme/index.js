import DefaultTheme from "vitepress/theme-without-fonts";
import LiveElement from "./live-element.vue";
import "./style.css";

// All pages lie in one folder, and the site may be in any.
if (!import.meta.env.SSR) globalThis.docsBase = new URL(".", location.href).pathname;

export default {
  extends: DefaultTheme,
  enhanceApp({ app, siteData }) {
    app.component("LiveElement", LiveElement);
    if (!import.meta.env.SSR) siteData.value.base = globalThis.docsBase;
  },
};
