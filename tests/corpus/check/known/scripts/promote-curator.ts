import { db } from "../src/lib/db"

type Args = { email: string; slugs: string[] }

export async function promote({ email, slugs }: Args) {
  return db.user.update({
    where: { email },
    data: {
      role: "curator",
      mods: { connect: slugs.map((slug) => ({ slug })) },
    },
    select: { id: true, role: true },
  })
}

const [email, ...slugs] = process.argv.slice(2)

promote({ email, slugs })
  .then((user) => console.log(user))
  .finally(() => db.$disconnect())
