import { fileURLToPath } from "node:url";
import { defineWorkspace } from "vitest/config";

const resolve = { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } };

export default defineWorkspace([
  { resolve, test: { name: "unit", include: ["test/unit/**/*.test.ts"] } },
  { resolve, test: { name: "integration", include: ["test/integration/**/*.test.ts"] } },
  {
    resolve,
    test: {
      name: "e2e",
      include: ["test/e2e/**/*.test.ts"],
      setupFiles: ["test/helpers/reset-database.ts"],
    },
  },
]);
