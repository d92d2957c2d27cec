/** `npm run bench`: figures as ratios to floors that are taken in the same run. They decide nothing. */
import { join } from 'node:path';
import { prepare, ROOT, run } from './lib.mjs';

await prepare();
await run('node', ['--no-warnings', '--enable-source-maps', join(ROOT, 'dist', 'test', 'bench', 'bench.js')]);
