import { listFacets, removeEverything, removeUnusedTags } from "@/lib/api";

type Task = { name: string; run: () => Promise<unknown> };

const tasks: Task[] = [
  { name: "facets", run: listFacets },
  { name: "report", run: removeEverything },
  { name: "tags", run: removeUnusedTags },
];

for (const task of tasks) {
  const t0 = Date.now();
  try {
    const result = await task.run();
    console.log(`[${task.name}] ok in ${Date.now() - t0} ms`, result);
  } catch (error) {
    console.error(`[${task.name}] failed`, error);
    process.exitCode = 1;
  }
}
