import DefaultTheme from "vitepress/theme-without-fonts";
import "./style.css";

// All pages lie in one folder, and the site may be in any.
if (!import.meta.env.SSR) globalThis.docsBase = new URL(".", location.href).pathname;

export default {
  extends: DefaultTheme,
  enhanceApp({ siteData }) {
    if (!import.meta.env.SSR) siteData.value.base = globalThis.docsBase;
  },
};
