// Vite's dependency optimiser would move the package's scripts away from their worker and their wasm file.
export default { optimizeDeps: { exclude: ["countenance"] } };
