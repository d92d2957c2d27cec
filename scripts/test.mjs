/** `npm test` and `npm run test:long`: installs what it lacks, runs the suite, closes with a count of everything. */
import { capture, ENV, prepare } from './lib.mjs';

const [first, ...rest] = process.argv.slice(2);
const isLong = first === '--long';
const args = isLong ? rest : [first, ...rest].filter((argument) => argument !== undefined);

await prepare();
const env = {
  ...ENV,
  NODE_OPTIONS: '--experimental-vm-modules --no-warnings -C headgate-source',
  HEADGATE_TEST_LONG: isLong ? '1' : '',
};
const { code } = await capture('jest', ['--config', 'jest.config.js', ...args], { env, inherit: true });
process.exit(code);
