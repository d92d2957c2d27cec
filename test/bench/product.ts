import { join } from 'node:path';
import pg from 'pg';
import { EmbeddedBus } from '#libs/bus';
import { COMPONENTS } from '#libs/components';
import { EgressAllow } from '#libs/config';
import { ensureKeysFile, readKeysFile } from '#libs/crypto';
import { EmbeddedPostgres } from '#libs/database';
import { createLogger } from '#libs/telemetry';
import { frontDoorOf, makeTenant, TEST_PASSWORDS } from '#libs/testing';
import { nativeRunner } from '../../apps/executor/src/executor.public.ts';
import { Standalone } from '../../apps/standalone/src/standalone.ts';
import { countStatements, noCounters, taken, timeHandOffs } from './counted.ts';
import type { FromProduct, ToProduct } from './messages.ts';

/** The product as it ships, in a process of its own, with counters. Told by messages what to prepare and to report. */
const [directory = '', egressAllow = ''] = process.argv.slice(2);
const counters = noCounters();
const { publish } = EmbeddedBus.prototype;
EmbeddedBus.prototype.publish = function (messages) {
  counters.messages += messages.length;
  return publish.call(this, messages);
};
countStatements(counters);
timeHandOffs(counters);
const keysFile = join(directory, 'keys.json');
ensureKeysFile(keysFile);
const keys = readKeysFile(keysFile);
const postgres = new EmbeddedPostgres({ directory: join(directory, 'postgres'), isDurable: true });
const databaseUrl = await postgres.start();
const standalone = await Standalone.start({
  host: '127.0.0.1',
  port: 0,
  databaseUrl,
  passwords: TEST_PASSWORDS,
  keys,
  blobDirectory: join(directory, 'blobs'),
  egressAllow: EgressAllow.parse(egressAllow),
  maxRunners: 8,
  prewarmedRunners: 2,
  components: COMPONENTS,
  runner: nativeRunner(),
  log: createLogger('bench', 'error'),
});
const admin = new pg.Pool({ connectionString: databaseUrl, max: 1 });
const say = (message: FromProduct) => process.send?.(message);

process.on('message', (message: ToProduct) => void obey(message));
process.on('disconnect', () => void end());
say({ kind: 'ready', url: standalone.url, databaseUrl });

async function obey(message: ToProduct): Promise<void> {
  if (message.kind === 'end') return end();
  if (message.kind === 'counters') return void say({ kind: 'counters', counters: taken(counters) });
  const tenant = await makeTenant(frontDoorOf(standalone), admin, `bench-${Date.now()}`);
  for (const { name, value, allowedHosts } of message.variables) {
    const place = { name, environmentId: tenant.environmentId, value };
    await tenant.api.post(
      `/v1/projects/${tenant.projectId}/variables`,
      allowedHosts ? { ...place, secret: true, allowedHosts } : place,
    );
  }
  const deployed = await tenant.deploy(message.name, message.definition);
  say({ kind: 'deployed', token: deployed.token });
}

async function end(): Promise<void> {
  await standalone.stop();
  await admin.end();
  await postgres.stop();
  process.exit(0);
}
