import { MoreThan } from "typeorm";
import { AppDataSource } from "@/lib/typeorm/data-source";
import { ReviewEntity } from "@/lib/typeorm/entities";

await AppDataSource.initialize();

const reviews = AppDataSource.getRepository(ReviewEntity);
const tooMany = await reviews.find({ where: { stars: MoreThan(5) } });

for (const review of tooMany) {
  review.stars = 5;
  review.body = review.body?.trim() ?? null;
}

await reviews.save(tooMany, { chunk: 100 });
console.log(`${tooMany.length} reviews had more than five stars`);

await AppDataSource.destroy();
