// The folder is given so that Next looks for no lockfile above it.
export default { turbopack: { root: import.meta.dirname } };
