/** `npm start`: brings up everything on a fresh machine. With a role's name: the process of that role. */
import { fail, launch, NODE_MAJOR, prepare } from './lib.mjs';

if (NODE_MAJOR < 20) fail('Headgate needs Node 20 or newer to begin with.');
if (process.platform === 'win32')
  fail('Headgate does not run on Windows itself: use WSL, or a machine with Linux or macOS.');
await prepare();

const [role = 'standalone'] = process.argv.slice(2);
await launch(`apps/${role}/src/main.js`, 'libs/telemetry/src/start-telemetry.js');
