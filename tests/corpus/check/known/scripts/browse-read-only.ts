import { createServer } from "node:http";
import { PrismaClient } from "@prisma/client";

const WRITES = new Set(["create", "createMany", "update", "updateMany", "upsert", "delete", "deleteMany"]);

const readOnly = new PrismaClient().$extends({
  name: "read-only",
  query: {
    $allModels: {
      async $allOperations({ model, operation, args, query }) {
        if (WRITES.has(operation)) throw new Error(`${model}.${operation} is not allowed here`);
        return query(args);
      },
    },
  },
});

createServer(async (req, res) => {
  const take = Number(new URL(req.url ?? "/", "http://x").searchParams.get("take") ?? 20);
  const mods = await readOnly.mod.findMany({ take, orderBy: { downloads: "desc" } });
  res.setHeader("content-type", "application/json");
  res.end(JSON.stringify(mods));
}).listen(4020);
