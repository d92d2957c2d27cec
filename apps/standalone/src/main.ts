import { COMPONENTS } from '#libs/components';
import { readConfig } from '#libs/config';
import { ensureKeysFile, readKeysFile } from '#libs/crypto';
import { EmbeddedPostgres, outageSentence } from '#libs/database';
import { DEFAULTS } from '#libs/domain';
import { type Ending, mainProcess } from '#libs/kernel';
import { createLogger, endTracing } from '#libs/telemetry';
import { nativeRunner } from '../../executor/src/executor.public.ts';
import { DataDirectory } from './data-directory.ts';
import { demoModel } from './demo/demo-model.ts';
import { seedDemo } from './demo/seed-demo.ts';
import { welcome } from './demo/welcome.ts';
import { loginPasswords } from './login-passwords.ts';
import { StandaloneConfig } from './standalone.config.ts';
import { Standalone } from './standalone.ts';

async function begin(ending: Ending): Promise<void> {
  const config = readConfig(StandaloneConfig, process.env);
  ending.graceMs = config.HEADGATE_SHUTDOWN_GRACE_MS;
  ending.add(() => endTracing());
  const log = createLogger('headgate', config.HEADGATE_LOG_LEVEL);
  const directory = DataDirectory.take(config.HEADGATE_DATA_DIR);
  ending.add(() => directory.release());
  const keysFile = config.HEADGATE_KEYS_FILE ?? directory.file('keys.json');
  if (config.HEADGATE_KEYS_FILE === undefined) ensureKeysFile(keysFile);
  const keys = readKeysFile(keysFile);

  let databaseUrl = config.DATABASE_URL;
  if (databaseUrl === undefined) {
    const postgres = new EmbeddedPostgres({
      directory: directory.file('postgres'),
      isDurable: true,
      restarted: (reason) => log.error(reason),
    });
    ending.add(() => postgres.stop());
    databaseUrl = await postgres.start();
  }
  const standalone = await Standalone.start({
    host: config.HEADGATE_HOST,
    port: config.HEADGATE_PORT,
    databaseUrl,
    passwords: loginPasswords(directory.file('database-logins.json'), {
      hg_owner: config.HEADGATE_DB_PASSWORD_OWNER,
      hg_gateway: config.HEADGATE_DB_PASSWORD_GATEWAY,
      hg_auth: config.HEADGATE_DB_PASSWORD_AUTH,
      hg_conductor: config.HEADGATE_DB_PASSWORD_CONDUCTOR,
      hg_recorder: config.HEADGATE_DB_PASSWORD_RECORDER,
    }),
    keys,
    blobDirectory: directory.file('blobs'),
    egressAllow: config.HEADGATE_EGRESS_ALLOW,
    maxRunners: config.HEADGATE_MAX_RUNNERS,
    prewarmedRunners: config.HEADGATE_PREWARMED_RUNNERS,
    components: COMPONENTS,
    runner: nativeRunner(),
    log,
    migrated: (name) => process.stdout.write(`database: applied ${name}\n`),
  });
  ending.add(() => standalone.stop());
  const { HEADGATE_PROBE_HOST: host, HEADGATE_PROBE_PORT: port } = config;
  if (port !== undefined) {
    const probe = await standalone.listenForProbes(host, port);
    ending.add(() => probe.close());
  }
  const { model, note } = await demoModel(config);
  const { gateway, tenants, doors, url } = standalone;
  const demo = await seedDemo({ gateway, tenants, doors, pepper: keys.pepper, model });
  process.stdout.write(welcome(url, demo, demo && note !== undefined ? [note] : []));
}

mainProcess(DEFAULTS.shutdownGraceMs, begin, outageSentence);
