/// <reference types="node" />
// Restores the records of one table from the backup file beside this script: the .json file of the same name.
//
%FOUND%//
//   npx tsx <this script>              dry run: shows what would change, changes nothing
//   npx tsx <this script> --restore    restores the records, all or none
//   npx tsx <this script> --help       lists the other options
//
// Table, fields and values come from the .json file when this runs. What is long-winded is in dbsnap-restore.ts, one file for
// all backups in this folder: it checks the backup file, finds the database, and compares the table with the records.

import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const RUNTIME_SHA256 = %RUNTIME_SHA256%;

async function restore(): Promise<void> {
  const runtime = join(dirname(resolve(process.argv[1] ?? '')), 'dbsnap-restore.ts');
  if (!existsSync(runtime)) throw new Error('dbsnap-restore.ts is missing: keep it beside this script.');
  if (createHash('sha256').update(readFileSync(runtime)).digest('hex') !== RUNTIME_SHA256) {
    throw new Error('dbsnap-restore.ts is not the file that this script was made for. Export the backup again.');
  }
  const { openBackup } = await import('./dbsnap-restore.js');

  // The database URL: from the environment, else .env.local, .env or prisma/.env.
  const backup = await openBackup({
    project: %PROJECT%,
    urlVariable: %URL_VARIABLE%,
    urlFallback: %URL_FALLBACK%,
    sqliteFolders: [%SQLITE_FOLDERS%],
  });
  if (backup === undefined) return;

  // Prisma's client.
  const { PrismaClient, Prisma } = await backup.load(() => import(%CLIENT%), 'PrismaClient');
%ADAPTER%  const prisma = backup.connect(() => new PrismaClient(%CLIENT_OPTIONS%));

  try {
    await prisma.$transaction(async (transaction) => {
      // Records that differ from the table's rows.
      const { created, updated, unchanged } = await backup.compare(transaction);
      if (backup.isDryRun) {
        console.log(`[DRY RUN] Would restore records: ${created} created, ${updated} updated, ${unchanged} unchanged (by ${backup.method}). Use --restore to apply.`);
        return;
      }
      if (backup.method !== 'bulk') {
        await backup.forEachRecord(Prisma, ({ model, where, record, select }) =>
          model.upsert({ where, update: record, create: record, select }),
        );
      }
      // Writes in bulk what upsert is not made for, then fails unless every record is in the table exactly as in the file.
      await backup.finish();
    }, backup.transactionOptions);
    if (backup.isDryRun) return;
    console.log(backup.summary);
    console.log('Restore complete.');
  } catch (error) {
    throw backup.explain(error);
  } finally {
    // What failed was told already.
    await prisma.$disconnect().catch(() => undefined);
    await backup.close();
  }
}

restore().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
