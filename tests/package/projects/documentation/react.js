import { createElement } from "react";
import { createRoot } from "react-dom/client";
import { Picture } from "./Picture.jsx";

createRoot(document.body).render(createElement(Picture));
