import { AppDataSource } from "../src/lib/typeorm/data-source";
import { ModEntity, ReviewEntity } from "../src/lib/typeorm/entities";

async function main() {
  const ds = await AppDataSource.initialize();

  const worst = await ds.getRepository(ReviewEntity).find({
    order: { stars: "ASC" },
    take: 10,
  });
  for (const review of worst) console.log(review.stars, review.body ?? "");

  const published = await ds
    .createQueryBuilder(ModEntity, "m")
    .where("m.status = :status", { status: "PUBLISHED" })
    .getCount();
  console.log(`${published} mods are public`);

  await ds.destroy();
}

void main();
