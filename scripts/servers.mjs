/** `npm run kafka:start` and its kin: a server for development in this terminal, what ends it, what sets it up. */
import { launch, prepare } from './lib.mjs';

await prepare();
const [what = ''] = process.argv.slice(2);
await launch(`scripts/servers/${what}.js`);
