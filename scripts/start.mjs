/** `npm start`: brings up everything on a fresh machine. With a role's name: the process of that role. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ENV, fail, NODE_MAJOR, prepare, ROOT } from './lib.mjs';

if (NODE_MAJOR < 20) fail('Headgate needs Node 20 or newer to begin with.');
if (process.platform === 'win32')
  fail('Headgate does not run on Windows itself: use WSL, or a machine with Linux or macOS.');
await prepare();

const [role = 'standalone'] = process.argv.slice(2);
const main = join(ROOT, 'dist', 'apps', role, 'src', 'main.js');
const telemetry = join(ROOT, 'dist', 'libs', 'telemetry', 'src', 'start-telemetry.js');
if (NODE_MAJOR >= 24) {
  process.setSourceMapsEnabled(true);
  // in this process, as `--import` has it in one of its own
  await import(pathToFileURL(telemetry).href);
  await import(pathToFileURL(main).href);
} else {
  // the pipe between us tells it when we are killed
  const child = spawn('node', ['--enable-source-maps', '--import', pathToFileURL(telemetry).href, main], {
    env: ENV,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  child.once('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
}
