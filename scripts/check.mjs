/** `npm run check`: all that a machine can say of the code without running the product, side by side. */
import { capture, prepare } from './lib.mjs';

const CHECKS = {
  types: ['tsc', ['-p', '.']],
  'lint and format': ['biome', ['ci', '--colors=off', '.']],
  'imports and circles': [
    'depcruise',
    ['apps', 'libs', 'test', '--config', '.dependency-cruiser.cjs', '--output-type', 'err'],
  ],
  'dead code': ['knip', ['--no-progress']],
  'schema drift': ['node', ['--no-warnings', 'scripts/drift.mjs']],
  'OpenAPI snapshot': ['node', ['--no-warnings', 'scripts/openapi.mjs', '--check']],
};

await prepare();
const waiting = Object.entries(CHECKS);
let failures = 0;

async function worker() {
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    const [name, [program, args]] = next;
    const startedMs = Date.now();
    const { code, output } = await capture(program, args);
    const seconds = ((Date.now() - startedMs) / 1000).toFixed(1);
    process.stdout.write(`${code === 0 ? '✓' : '✗'} ${name} (${seconds} s)\n`);
    if (code !== 0) {
      failures += 1;
      process.stdout.write(`${output.trimEnd()}\n`);
    }
  }
}

await Promise.all([worker(), worker()]);
if (failures > 0) process.exit(1);
