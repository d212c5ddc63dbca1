const picture = await (await fetch("/astronaut.png")).blob();
await navigator.serviceWorker.register("service-worker.js", { type: "module" });
const { active } = await navigator.serviceWorker.ready;
const { port1, port2 } = new MessageChannel();
port1.onmessage = ({ data }) => {
  document.body.dataset.faces = JSON.stringify(data);
};
active.postMessage(picture, [port2]);
