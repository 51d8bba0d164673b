import { readFileSync } from "node:fs";
import { In } from "typeorm";
import { dataSource } from "../src/data-source";
import { User } from "../src/entities/User";

const listed = readFileSync(process.argv[2] ?? "data/banned.txt", "utf8")
  .split("\n")
  .map((line) => line.trim().toLowerCase())
  .filter(Boolean);

await dataSource.initialize();
const people = dataSource.getRepository(User);

const found = await people.find({ where: { email: In(listed) } });
const fresh = found.filter((person) => person.bannedAt === null);

for (const person of fresh) {
  person.bannedAt = new Date();
  person.name = null;
}

await people.save(fresh, { chunk: 100 });
console.log(`${fresh.length} of ${listed.length} address(es) banned`);

await dataSource.destroy();
