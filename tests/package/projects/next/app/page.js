"use client";

import { EmotionAnalyzer } from "countenance";
import { useEffect, useState } from "react";

export default function Page() {
  const [faces, setFaces] = useState();
  useEffect(() => {
    let analyzer;
    (async () => {
      analyzer = await EmotionAnalyzer.create();
      const picture = await (await fetch("/astronaut.png")).blob();
      setFaces(await analyzer.analyzeImage(picture));
    })();
    return () => analyzer?.close();
  }, []);
  return <main data-faces={faces && JSON.stringify(faces)}>Rendered on the server</main>;
}
