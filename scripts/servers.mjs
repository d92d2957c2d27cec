/** `npm run kafka:start` and its kin: a server for development in this terminal, what ends it, what sets it up. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ENV, NODE_MAJOR, prepare, ROOT } from './lib.mjs';

await prepare();
const [what = ''] = process.argv.slice(2);
// kafkajs sets timers of which Node 24 warns
process.removeAllListeners('warning');
const main = join(ROOT, 'dist', 'scripts', 'servers', `${what}.js`);
if (NODE_MAJOR >= 24) {
  process.setSourceMapsEnabled(true);
  await import(pathToFileURL(main).href);
} else {
  // the pipe between us tells it when we are killed
  const child = spawn('node', ['--no-warnings', '--enable-source-maps', main], {
    env: ENV,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  child.once('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
}
