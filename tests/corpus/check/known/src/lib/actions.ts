import { db } from "./db";

export async function hideFacet(key: string) {
  await db.facetDefinition.update({ where: { key }, data: { hidden: true } });
}

export async function listFacets() {
  return db.facetDefinition.findMany({ orderBy: { position: "asc" } });
}

export async function removeUnusedTags() {
  const unused = await db.tag.findMany({ where: { mods: { none: {} } } });
  for (const tag of unused) {
    await db.tag.delete({ where: { id: tag.id } });
  }
  return unused.length;
}
