// Static pages, rendered by Node while building; the folder is given so that Next looks for no lockfile above it.
export default { output: "export", turbopack: { root: import.meta.dirname } };
