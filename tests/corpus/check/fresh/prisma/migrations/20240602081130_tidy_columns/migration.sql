/*
  Warnings:

  - You are about to drop the column `password_hint` on the `users` table. All the data in the column will be lost.
  - You are about to alter the column `price_cents` on the `products` table. The data in that column could be lost.

*/
-- AlterTable
ALTER TABLE "products" ALTER COLUMN "price_cents" SET DATA TYPE INTEGER USING round("price_cents")::integer;

-- AlterTable
ALTER TABLE "users" DROP COLUMN "password_hint",
ADD COLUMN     "last_seen_at" TIMESTAMP(3);

-- CreateIndex
CREATE INDEX "users_last_seen_at_idx" ON "users"("last_seen_at");
