import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { projectRoot } from '#libs/config';
import { EmbeddedPostgres, LOGINS, type LoginPasswords, prepareDatabase } from '#libs/database';
import { newId } from '#libs/kernel';

/** The logins' passwords in tests: their own names, as nothing here is secret. */
export const TEST_PASSWORDS = Object.fromEntries(
  LOGINS.map((login) => [login, `password-of-${login}`]),
) as LoginPasswords;

const TEMPLATE = 'headgate_template';
const ADMIN_URL = 'HEADGATE_TEST_ADMIN_URL';

export interface TestPostgres {
  adminUrl: string;
  stop(): Promise<void>;
}

/** One real Postgres for all test files, with a migrated database to copy. */
export async function startTestPostgres(): Promise<TestPostgres> {
  const directory = join(tmpdir(), `headgate-test-${newId()}`, 'postgres');
  const postgres = new EmbeddedPostgres({ directory, isDurable: false });
  const adminUrl = await postgres.start();
  const stop = async () => {
    await postgres.stop();
    await rm(join(directory, '..'), { recursive: true, force: true });
  };
  try {
    await admin(adminUrl, `create database ${TEMPLATE}`);
    await prepareDatabase(
      databaseUrl(adminUrl, TEMPLATE),
      TEST_PASSWORDS,
      join(projectRoot(), 'prisma', 'migrations'),
      async () => undefined,
    );
  } catch (cause) {
    await stop();
    throw cause;
  }
  process.env[ADMIN_URL] = adminUrl;
  return { adminUrl, stop };
}

/** A migrated database of one's own: its administrator's URL. */
export async function createTestDatabase(template = TEMPLATE): Promise<string> {
  const adminUrl = process.env[ADMIN_URL];
  if (adminUrl === undefined) throw new Error('the test Postgres is started by the global setup');
  const name = `test_${newId().replaceAll('-', '')}`;
  await admin(adminUrl, `create database ${name} template ${template}`);
  return databaseUrl(adminUrl, name);
}

export async function createEmptyDatabase(): Promise<string> {
  return createTestDatabase('template0');
}

function databaseUrl(adminUrl: string, name: string): string {
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  return url.href;
}

async function admin(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
