import express, { Router } from "express";
import { prisma } from "../src/lib/prisma";

const router = Router();

router.get("/mods", async (_req, res) => {
  res.json(await prisma.mod.findMany({ where: { status: "PUBLISHED" }, take: 100 }));
});

router.get("/mods/:slug", async (req, res) => {
  const mod = await prisma.mod.findUnique({ where: { slug: req.params.slug } });
  if (!mod) return void res.sendStatus(404);
  res.json(mod);
});

router.delete("/mods/:slug", (_req, res) => {
  res.status(405).json({ error: "DELETE is not for this server" });
});

router.put("/mods/:slug", (_req, res) => {
  res.status(405).json({ error: "UPDATE is not for this server" });
});

express().use("/api", router).listen(4010, () => console.log("http://localhost:4010/api"));
