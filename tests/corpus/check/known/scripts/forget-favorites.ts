import { db as store } from "@db";

const favs = store.favorite;
const forget = favs.deleteMany.bind(favs);

async function main() {
  const email = process.argv[2];
  const person = await store.user.findUnique({ where: { email } });
  if (!person) {
    console.error("nobody has that address");
    return;
  }
  const gone = await forget({ where: { userId: person.id } });
  console.log(`forgot ${gone.count} favorites of ${email}`);
}

await main();
await store.$disconnect();
