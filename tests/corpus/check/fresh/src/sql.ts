import postgres from "postgres";

export const sql = postgres(process.env.DATABASE_URL ?? "postgres://localhost/inkwell", {
  max: 2,
  onnotice: () => {},
});
