import { createElement, StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Live } from "./Live.tsx";

const onEvent = ({ type, emotion }) => document.body.insertAdjacentText("beforeend", `${type} ${emotion} `);
const root = document.body.appendChild(document.createElement("main"));
createRoot(root).render(createElement(StrictMode, null, createElement(Live, { onEvent })));
