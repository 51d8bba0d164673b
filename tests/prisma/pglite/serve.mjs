// A PGlite database behind a socket that takes one connection at a time. Standard output: the port, then for each line of SQL on standard
// input a line with the rows of its last statement. A line is heeded when nobody is connected.
import { PGlite } from '@electric-sql/pglite';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';
import { createInterface } from 'node:readline';

const db = await PGlite.create();
const server = new PGLiteSocketServer({ db, host: '127.0.0.1', port: 0 });
await server.start();
console.log(server.getServerConn().split(':').pop());
for await (const sql of createInterface({ input: process.stdin })) {
  while (server.getStats().activeConnections > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const results = await db.exec(sql);
  console.log(JSON.stringify(results.at(-1)?.rows ?? []));
}
process.exit();
