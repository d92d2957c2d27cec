/** `npm run bench:kafka`: the figures of `npm run bench` with four processes and a broker. They decide nothing. */
import { join } from 'node:path';
import { prepare, ROOT, run } from './lib.mjs';

await prepare();
await run('node', [
  '--no-warnings',
  '--enable-source-maps',
  join(ROOT, 'dist', 'test', 'bench', 'bench-kafka.js'),
]);
