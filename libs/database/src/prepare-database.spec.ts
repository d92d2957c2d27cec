import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AppStartError, newId } from '#libs/kernel';
import {
  catalogueFaults,
  loginFaults,
  MigrationFolder,
  SqlDatabase,
  sqlStateOf,
  TEST_PASSWORDS,
  until,
} from '#libs/testing';
import { EmbeddedPostgres } from './embedded/embedded-postgres.ts';
import { takeLead } from './leader-lock.ts';
import { LOGINS, loginUrl } from './logins.ts';
import { readMigrations } from './migrate.ts';
import { createClient } from './pool.ts';
import { prepareDatabase } from './prepare-database.ts';

/** On a server of its own: logins belong to the whole server. */
describe('preparing a database', () => {
  let directory: string;
  let postgres: EmbeddedPostgres;
  let server: SqlDatabase;
  let serverUrl: string;
  let folder: MigrationFolder;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'headgate-prepare-'));
    postgres = new EmbeddedPostgres({ directory: join(directory, 'postgres'), isDurable: false });
    serverUrl = await postgres.start();
    server = SqlDatabase.of(serverUrl);
    folder = MigrationFolder.ofProduct();
  });
  afterAll(async () => {
    folder.remove();
    await server.dispose();
    await postgres.stop();
    await rm(directory, { recursive: true, force: true });
  });

  const urlOf = (database: string, user?: string) => {
    const url = new URL(serverUrl);
    url.pathname = `/${database}`;
    if (user !== undefined) {
      url.username = user;
      url.password = 'password';
    }
    return url.href;
  };
  const nameOf = () => `db_${newId().replaceAll('-', '')}`;
  const prepare = async (url: string, passwords = TEST_PASSWORDS) => {
    const applied: string[] = [];
    await prepareDatabase(
      url,
      passwords,
      folder.path,
      async () => undefined,
      (name) => applied.push(name),
    );
    return applied;
  };
  const look = async <Result>(url: string, work: (database: SqlDatabase) => Promise<Result>) => {
    const database = SqlDatabase.of(url);
    const result = await work(database);
    await database.dispose();
    return result;
  };
  const signIn = async (url: string) => {
    const client = createClient({ url, name: 'test' });
    // what is refused also ends the connection
    client.on('error', () => undefined);
    await client.connect();
    await client.end();
  };

  it('needs no superuser, only one who may create roles and owns the database', async () => {
    await server.rows(`create role manager login createrole password 'password'`);
    const name = nameOf();
    await server.rows(`create database ${name} owner manager`);
    const url = urlOf(name, 'manager');
    expect(await prepare(url)).toEqual(readMigrations(folder.path).map((migration) => migration.name));
    expect(await prepare(url)).toEqual([]);
    const faults = await look(urlOf(name), (database) =>
      database.trying('select', async (client) => [
        ...(await catalogueFaults(client)),
        ...(await loginFaults(client)),
      ]),
    );
    expect(faults).toEqual([]);
  });

  it('lets many start at once', async () => {
    const name = nameOf();
    await server.rows(`create database ${name}`);
    const applied = await Promise.all([prepare(urlOf(name)), prepare(urlOf(name)), prepare(urlOf(name))]);
    expect(applied.flat()).toEqual(readMigrations(folder.path).map((migration) => migration.name));
  });

  it('is alone at it until its start has ended', async () => {
    const name = nameOf();
    await server.rows(`create database ${name}`);
    const order: string[] = [];
    const second = Promise.withResolvers<unknown>();
    await prepareDatabase(urlOf(name), TEST_PASSWORDS, folder.path, async () => {
      second.resolve(prepare(urlOf(name)).then(() => order.push('second')));
      await until('another one waits', async () => {
        const waiting = await server.rows(
          `select from pg_stat_activity where datname = '${name}' and wait_event = 'advisory'`,
        );
        return waiting.length > 0;
      });
      order.push('first');
    });
    await second.promise;
    expect(order).toEqual(['first', 'second']);
  });

  it('gives each login its password, and another where it has changed', async () => {
    const name = nameOf();
    await server.rows(`create database ${name}`);
    await prepare(urlOf(name));
    const changed = { ...TEST_PASSWORDS, hg_auth: `it's "another" \\ one` };
    const url = (passwords: typeof TEST_PASSWORDS) => loginUrl(urlOf(name), 'hg_auth', passwords);
    for (const login of LOGINS) await signIn(loginUrl(urlOf(name), login, TEST_PASSWORDS));
    await prepare(urlOf(name), changed);
    await signIn(url(changed));
    expect(await sqlStateOf(signIn(url(TEST_PASSWORDS)))).toBe('28P01');
    await prepare(urlOf(name));
  });

  it('lets no statement that the server could log hold a password', async () => {
    const rows = await server.rows<{ stored: string }>(
      `select rolpassword as stored from pg_authid where rolname like 'hg\\_%'`,
    );
    expect(rows).toHaveLength(LOGINS.length);
    for (const { stored } of rows) expect(stored).toMatch(/^SCRAM-SHA-256\$4096:/);
  });

  const refused = async (url: string) => {
    try {
      await prepare(url);
      return 'it was prepared';
    } catch (cause) {
      expect(cause).toBeInstanceOf(AppStartError);
      return (cause as AppStartError).message;
    }
  };

  it('says in a sentence that its user may not create roles', async () => {
    await server.rows(`create role plain login password 'password'`);
    const name = nameOf();
    await server.rows(`create database ${name} owner plain`);
    expect(await refused(urlOf(name, 'plain'))).toMatch(
      /^The logins could not be created \(.+\): the user of DATABASE_URL needs CREATEROLE and must own the database\.$/,
    );
  });

  it('says in a sentence that its user does not own the database', async () => {
    await server.rows(`create role stranger login createrole password 'password'`);
    await server.rows(
      'grant hg_owner, hg_gateway, hg_auth, hg_conductor, hg_recorder to stranger with admin option',
    );
    const name = nameOf();
    await server.rows(`create database ${name}`);
    const message = await refused(urlOf(name, 'stranger'));
    expect(message).toContain('must own the database');
    expect(
      await look(urlOf(name), (database) => database.rows(`select from pg_class where relname = 'run'`)),
    ).toEqual([]);
  });

  it('says in a sentence that there is no server, or not this user', async () => {
    const gone = new URL(serverUrl);
    gone.searchParams.set('host', join(directory, 'nowhere'));
    expect(await refused(gone.href)).toMatch(/^The database cannot be reached: .+\.$/);
    expect(await refused(urlOf('postgres', 'nobody'))).toMatch(/^The database cannot be reached: .+\.$/);
  });

  it('refuses one whose runs another conducts, and changes nothing', async () => {
    const name = nameOf();
    await server.rows(`create database ${name}`);
    await prepare(urlOf(name));
    const leader = createClient({ url: urlOf(name), name: 'conductor' });
    await leader.connect();
    expect(await takeLead(leader, undefined)).toBe(1);
    const others = Object.fromEntries(LOGINS.map((login) => [login, 'of another installation']));
    await expect(prepare(urlOf(name), { ...TEST_PASSWORDS, ...others })).rejects.toThrow(
      'Another Headgate conducts the runs of this database: stop it, or use another DATABASE_URL.',
    );
    for (const login of LOGINS) await signIn(loginUrl(urlOf(name), login, TEST_PASSWORDS));
    await leader.end();
    expect(await prepare(urlOf(name))).toEqual([]);
  });

  it('refuses a server older than 15', async () => {
    const name = nameOf();
    await server.rows(`create database ${name}`);
    // the server says what it is by this function, and this database by another of the same name
    await look(urlOf(name), (database) =>
      database.rows(
        `create function public.current_setting(setting text) returns text language sql immutable
         return case setting when 'server_version_num' then '140012' else '14.12' end`,
      ),
    );
    await server.rows(`alter database ${name} set search_path = public, pg_catalog`);
    expect(await refused(urlOf(name))).toBe('The database is Postgres 14.12; Headgate needs 15 or newer.');
  });
});
