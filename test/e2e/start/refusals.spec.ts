import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { EmbeddedPostgres } from '#libs/database';
import { ApiClient, SqlDatabase, StubModel } from '#libs/testing';
import { hostPath, Installation, type StartOptions } from './installation.ts';

describe('a start that cannot be', () => {
  let installation: Installation;
  beforeEach(async () => {
    installation = await Installation.create();
  });
  afterEach(() => installation.dispose(), 60_000);

  const refused = async (options?: StartOptions) => {
    const attempt = installation.launch(options);
    const code = await attempt.exited;
    expect(code).toBe(1);
    return attempt.said;
  };

  it('says that its port is taken, in one sentence', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(installation.port, '127.0.0.1', resolve));
    const said = (await refused())
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('database: '));
    await new Promise((resolve) => holder.close(resolve));
    expect(said).toEqual([expect.stringMatching(new RegExp(`${installation.port}.*HEADGATE_PORT`))]);
    expect(installation.processes()).toEqual([]);
  }, 60_000);

  it('says who has its data directory, in one sentence, and leaves them alone', async () => {
    const other = await installation.start();
    expect(await refused({ env: { HEADGATE_PORT: '1' } })).toBe(
      `Another Headgate (process ${other.child.pid}) uses the data directory ${installation.data}: stop it, or set HEADGATE_DATA_DIR.\n`,
    );
    const { status } = await new ApiClient(other.url).get('/readyz');
    expect(status).toBe(200);
  }, 60_000);

  it('says in one sentence that its keys file is damaged', async () => {
    const keys = join(installation.directory, 'keys.json');
    writeFileSync(keys, '{}');
    const said = await refused({ env: { HEADGATE_KEYS_FILE: keys } });
    expect(said).toMatch(new RegExp(`^The keys file ${keys} is damaged .*\\.$`, 'm'));
  });

  it('says in one sentence that its keys are not those of its database', async () => {
    await (await installation.start()).interrupt();
    const keys = join(installation.data, 'keys.json');
    const kept = readFileSync(keys);
    rmSync(keys);
    expect(await refused()).toBe(
      'The keys file does not belong to this database, none of whose secrets it opens: put back the one that they were sealed with, or name it by HEADGATE_KEYS_FILE.\n',
    );
    writeFileSync(keys, kept);
    await installation.start();
  }, 60_000);

  it('on Windows itself names what there is instead', async () => {
    const said = await refused({ pretence: `Object.defineProperty(process,'platform',{value:'win32'})` });
    expect(said).toBe(
      'Headgate does not run on Windows itself: use WSL, or a machine with Linux or macOS.\n',
    );
  });

  it('names every fault of its environment', async () => {
    const env = {
      HEADGATE_PORT: 'http',
      DATABASE_URL: 'mysql://localhost',
      HEADGATE_EGRESS_ALLOW: '10.0.0.0/99',
    };
    const said = await refused({ env });
    for (const name of Object.keys(env)) expect(said).toMatch(new RegExp(`^ {2}${name}: `, 'm'));
  });

  it('says that its database cannot be reached', async () => {
    const said = await refused({
      env: { DATABASE_URL: 'postgresql://nobody:secret-of-nobody@127.0.0.1:1/none' },
    });
    expect(said).toMatch(/^The database cannot be reached: .*ECONNREFUSED.*\.\n$/);
    expect(said).not.toContain('secret-of-nobody');
  });
});

describe('a start elsewhere than by default', () => {
  let installation: Installation;
  beforeEach(async () => {
    installation = await Installation.create();
  });
  afterEach(() => installation.dispose(), 60_000);

  const hello = async (url: string, key: string) => {
    const { body } = await new ApiClient(url, key).post(
      '/v1/deployments/hello/runs',
      { input: 'you' },
      { prefer: 'wait=10' },
    );
    return body;
  };

  describe('in a Postgres that is there', () => {
    let postgres: EmbeddedPostgres;
    let databaseUrl: string;
    beforeAll(async () => {
      const { directory } = await Installation.create();
      postgres = new EmbeddedPostgres({ directory: join(directory, 'postgres'), isDurable: false });
      databaseUrl = await postgres.start();
    }, 60_000);
    afterAll(() => postgres.stop());

    it('starts none of its own', async () => {
      const { url, key } = await installation.start({ env: { DATABASE_URL: databaseUrl } });
      expect(await hello(url, key)).toMatchObject({ output: { text: 'Hello, you!' } });
      expect(installation.processes().filter(({ text }) => /postgres -D/.test(text))).toEqual([]);
    }, 60_000);

    it('is refused where another installation has that database, and leaves it as it was', async () => {
      // one that knows the keys of nobody else
      const server = SqlDatabase.of(databaseUrl);
      await server.rows('create database shared');
      await server.dispose();
      const shared = new URL(databaseUrl);
      shared.pathname = '/shared';
      const env = { DATABASE_URL: shared.href };
      const { url, key } = await installation.start({ env });
      await hello(url, key);
      const before = await setByStart(shared.href);
      const second = await Installation.create();
      const attempt = second.launch({ env });
      expect(await attempt.exited).toBe(1);
      expect(attempt.said).toBe(
        'Another Headgate conducts the runs of this database: stop it, or use another DATABASE_URL.\n',
      );
      await second.dispose();
      expect(await setByStart(shared.href)).toEqual(before);
      expect(await hello(url, key)).toMatchObject({ output: { text: 'Hello, you!' } });
    }, 60_000);
  });

  it('leaves out the demo with a model at a private address, and says why and what allows it', async () => {
    const model = await new StubModel().start();
    const env = { OPENAI_API_KEY: 'sk-of-the-stub', OPENAI_BASE_URL: model.baseUrl };
    const { host } = new URL(model.baseUrl);
    const { output, commands } = await installation.start({ env });
    expect(output).toMatch(
      new RegExp(
        `^The demo that talks to a model is left out: .*HEADGATE_EGRESS_ALLOW=${host} allows it\\.$`,
        'm',
      ),
    );
    expect(commands).toHaveLength(2);
    expect(output).not.toContain('sk-of-the-stub');
    await model.stop();
  }, 60_000);

  const older = olderNode();
  (older ? it : it.skip)(
    'works with the Node of the host, where that is older',
    async () => {
      const { url, key } = await installation.start({ node: older ?? '' });
      expect(await hello(url, key)).toMatchObject({ output: { text: 'Hello, you!' } });
    },
    60_000,
  );

  const plain = plainUser();
  (plain ? it : it.skip)(
    'works for a user who is not root',
    async () => {
      spawnSync('chown', [`${plain?.uid}:${plain?.gid}`, installation.directory]);
      const { url, key } = await installation.start({ ...(plain && { user: plain }) });
      expect(await hello(url, key)).toMatchObject({ output: { text: 'Hello, you!' } });
    },
    60_000,
  );
});

/** What a start sets anew: the passwords of the logins, and where a recorder begins. */
async function setByStart(databaseUrl: string): Promise<object[]> {
  const database = SqlDatabase.of(databaseUrl);
  const rows = await database.rows(
    `select rolname as name, rolpassword as value from pg_authid where rolname like 'hg\\_%'
     union all select 'positions', (count(*) > 0)::text from recorder_position order by name`,
  );
  await database.dispose();
  return rows;
}

/** The host's Node, where it is one that starts the product's own. */
function olderNode(): string | undefined {
  const options = { encoding: 'utf8' as const, env: { PATH: hostPath() } };
  const { stdout } = spawnSync(
    'node',
    ['-p', 'process.versions.node.split(".")[0] + " " + process.execPath'],
    options,
  );
  const [major = '', path] = (stdout ?? '').trim().split(' ');
  return Number(major) >= 20 && Number(major) < 24 ? path : undefined;
}

/** Where we are root, somebody who is not, and may read the project. */
function plainUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const user = { uid: 65_534, gid: 65_534 };
  const { status } = spawnSync(process.execPath, ['--version'], user);
  return status === 0 ? user : undefined;
}
