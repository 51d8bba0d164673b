import { mkdir, writeFile } from "node:fs/promises";

const tokens = { "--oak": "#b58a5a", "--walnut": "#5c4033", "--linen": "#efe6d8" };

await mkdir("src/styles/generated", { recursive: true });
await writeFile(
  "src/styles/generated/tokens.css",
  `:root {\n${Object.entries(tokens).map(([k, v]) => `  ${k}: ${v};`).join("\n")}\n}\n`,
);
