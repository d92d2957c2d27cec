import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { AppStartError } from '#libs/kernel';
import { createLogger } from '#libs/telemetry';
import { SqlDatabase, until } from '#libs/testing';
import { Leadership } from './leadership.ts';
import type { LeaderSession } from './session.ts';

describe("the leader's session", () => {
  let database: SqlDatabase;
  let session: LeaderSession;
  let reconnected: number;
  let leadership: Leadership;
  const open: Leadership[] = [];
  const make = () => {
    const made = new Leadership({
      url: database.url('hg_conductor'),
      begin: 'refuse',
      led: (next) => {
        session = next;
      },
      reconnected: () => {
        reconnected += 1;
      },
      lost: () => undefined,
      log: createLogger('test', 'silent'),
    });
    open.push(made);
    return made;
  };
  beforeEach(async () => {
    reconnected = 0;
    database = await SqlDatabase.create();
    leadership = make();
    const first = await leadership.start();
    if (!first) throw new Error('another leads');
    session = first;
  });
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close();
    await database.dispose();
  });

  const pid = async () =>
    (await session.query<{ pid: number }>({ text: 'select pg_backend_pid() as pid' }))[0]?.pid;
  const cutOff = async () => {
    await database.rows(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and application_name = 'headgate-conductor'`,
    );
  };

  it('answers each statement in its turn, over one connection', async () => {
    const slow = session.query({ text: `select 'slow' as is, pg_backend_pid() as pid from pg_sleep(0.1)` });
    const quick = session.query({ text: `select 'quick' as is, pg_backend_pid() as pid` });
    const order: string[] = [];
    await Promise.all([slow.then(() => order.push('slow')), quick.then(() => order.push('quick'))]);
    expect(order).toEqual(['slow', 'quick']);
    const [[first], [second]] = await Promise.all([slow, quick]);
    expect((first as { pid: number }).pid).toBe((second as { pid: number }).pid);
  });

  it('lets no statement begin before the last one has ended', async () => {
    const client = session['client'];
    if (!client) throw new Error('no connection');
    const asked: string[] = [];
    const query = client.query.bind(client);
    client.query = ((statement: { text: string }) => {
      asked.push(statement.text);
      return query(statement);
    }) as typeof client.query;
    const first = session.query({ text: 'select pg_sleep(0.05)' });
    const second = session.query({ text: 'select 1' });
    await first;
    expect(asked).toEqual(['select pg_sleep(0.05)']);
    await second;
    expect(asked).toHaveLength(2);
  });

  it('goes on after a statement that is refused', async () => {
    await expect(session.query({ text: 'select 1 / 0' })).rejects.toMatchObject({ code: '22012' });
    expect(await session.query({ text: 'select 1 as one' })).toEqual([{ one: 1 }]);
    expect(reconnected).toBe(0);
  });

  it('is held by one: a second conductor is told so and does not start', async () => {
    await expect(make().start()).rejects.toThrow(AppStartError);
    await expect(make().start()).rejects.toThrow('Another Headgate conducts the runs of this database');
    await leadership.close();
    await make().start();
  });

  it('leaves no connection behind where it was refused', async () => {
    await expect(make().start()).rejects.toThrow();
    await until('one connection is left', async () => {
      const rows = await database.rows(
        `select from pg_stat_activity where datname = current_database() and application_name = 'headgate-conductor'`,
      );
      return rows.length === 1;
    });
  });

  it('connects again after its connection was lost, and says that something may have been missed', async () => {
    const before = await pid();
    const lost = session.query({ text: 'select pg_sleep(10)' });
    const failed = expect(lost).rejects.toThrow(/terminat/);
    await until('the statement is under way', async () => {
      const rows = await database.rows(`select from pg_stat_activity where query = 'select pg_sleep(10)'`);
      return rows.length > 0;
    });
    await cutOff();
    await failed;
    const after = await until('it is connected', () => pid().catch(() => undefined));
    expect(after).not.toBe(before);
    await until('it was said', () => reconnected > 0);
    expect(reconnected).toBe(1);
    await expect(make().start()).rejects.toThrow(AppStartError);
  });

  it('says so where another has taken its place meanwhile', async () => {
    const options = leadership['options'];
    const { url } = options;
    options.url = 'postgres://127.0.0.1:1/away';
    await cutOff();
    const other = make();
    await other.start();
    const before = session;
    const refused = expect(session.query({ text: 'select 1' })).rejects.toThrow('Another Headgate conducts');
    options.url = url;
    await refused;
    await other.close();
    await until('it leads again', () => session !== before);
    expect(await session.query({ text: 'select 1 as one' })).toEqual([{ one: 1 }]);
    await expect(before.query({ text: 'select 1' })).rejects.toThrow('Another Headgate conducts');
    expect(reconnected).toBe(0);
  });

  it('stays closed, also where it was closed while it connected', async () => {
    const gate = Promise.withResolvers<void>();
    const connect = leadership['connect'].bind(leadership);
    leadership['connect'] = async () => {
      await gate.promise;
      return connect();
    };
    await cutOff();
    await until('the loss was noticed', () => session['client'] === undefined);
    const refused = expect(session.query({ text: 'select 1' })).rejects.toThrow('the session is closed');
    const closing = leadership.close();
    gate.resolve();
    await Promise.all([closing, refused]);
    await expect(session.query({ text: 'select 1' })).rejects.toThrow('the session is closed');
    await make().start();
  });
});
