// Tables and paragraphs as the benchmarks write them.

/** A table of rows of cells, the first the heading. @param {string[][]} rows */
export function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(" | ")} |`;
  const rule = `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`;
  return [line(rows[0]), rule, ...rows.slice(1).map(line)].join("\n");
}

/** The text in lines of at most 120 characters, those after the first with an indent. @param {string} text */
export function paragraph(text, indent = "") {
  const lines = text.replace(new RegExp(`(.{1,${120 - indent.length}})(?: |$)`, "g"), "$1\n").trimEnd();
  return lines.replaceAll("\n", `\n${indent}`);
}
