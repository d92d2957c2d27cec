/** Writes docs/openapi.json from the routes and their schemas; with --check, only says whether it is what is committed. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openApiText } from '../dist/apps/gateway/src/docs/generate-open-api.js';

const path = join(import.meta.dirname, '..', 'docs', 'openapi.json');
const text = await openApiText();
if (!process.argv.includes('--check')) {
  writeFileSync(path, text);
  process.exit(0);
}
let committed = '';
try {
  committed = readFileSync(path, 'utf8');
} catch {
  // there is none yet
}
if (committed === text) process.exit(0);
process.stderr.write(
  'docs/openapi.json is not what the routes say: look at the change, then run "npm run openapi" and commit it.\n',
);
process.exit(1);
