import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Delivery } from '#libs/bus';
import { type BusMessage, ControlChanged, TOPICS } from '#libs/contracts';
import { deadLetters, type Runnable, TestConductor, until } from '#libs/testing';
import type { ClaimedRun } from '../queue/queue.store.ts';
import { ControlConsumer } from './control.consumer.ts';
import { Keyring } from './keyring.ts';
import { PlacementStore } from './placement.store.ts';
import { ReleaseCache } from './release-cache.ts';

let test: TestConductor;
let letters: Delivery[];
let runnable: Runnable;
let keyring: Keyring;
let releases: ReleaseCache;
/** What was asked of the database, by the statement's name. */
let asked: (string | undefined)[];
beforeAll(async () => {
  test = await TestConductor.create();
  letters = await deadLetters(test.bus);
});
beforeEach(async () => {
  runnable = await test.runnable(['PLAIN', 'SECRET']);
  await test.setVariable(runnable, 'PLAIN', 'first');
  const session = Object.create(test.term.session) as typeof test.term.session;
  asked = [];
  session.query = (statement) => {
    asked.push(statement.name);
    return test.term.session.query(statement);
  };
  const store = new PlacementStore(session);
  keyring = new Keyring(store, test.conductor['options'].keys);
  releases = new ReleaseCache(store, keyring);
});
afterAll(() => test.dispose());

/** As much of a claimed run as the caches look at. */
const claimed = (of = runnable) => of as unknown as ClaimedRun;
const variables = async (of = runnable) => {
  await releases.load([claimed(of)]);
  return releases.variablesOf(claimed(of));
};

describe('the keys of organizations', () => {
  it('are unwrapped once, however often they are asked for', async () => {
    const { organizationId } = runnable;
    await keyring.load([organizationId, organizationId]);
    await keyring.load([organizationId]);
    const kekId = keyring.inUse(organizationId) ?? '';
    expect(keyring.key(organizationId, kekId)).toEqual(test['keks'].get(organizationId)?.key);
    expect(asked).toEqual(['keks']);
  });

  it('are all there while one is in use: a retired one opens what it sealed', async () => {
    const { organizationId } = runnable;
    const retired = test['keks'].get(organizationId);
    const inUse = await test.addKek(organizationId);
    await keyring.load([organizationId]);
    expect(keyring.inUse(organizationId)).toBe(inUse);
    expect(keyring.key(organizationId, retired?.id ?? '')).toEqual(retired?.key);
  });

  it('are an organization’s own: another’s are not found under its name', async () => {
    const other = await test.runnable();
    await keyring.load([runnable.organizationId, other.organizationId]);
    const theirs = keyring.inUse(other.organizationId) ?? '';
    expect(() => keyring.key(runnable.organizationId, theirs)).toThrow('has no key');
  });

  it('are missed by the one that names a key which cannot be unwrapped, and nobody else', async () => {
    const locked = await test.runnable([], 'not a wrapped key');
    await keyring.load([locked.organizationId, runnable.organizationId]);
    const kekId = keyring.inUse(locked.organizationId) ?? '';
    expect(() => keyring.key(locked.organizationId, kekId)).toThrow('has no key');
    expect(keyring.key(runnable.organizationId, keyring.inUse(runnable.organizationId) ?? '')).toHaveLength(
      32,
    );
  });

  it('are read again when they were forgotten, and stay at hand until then', async () => {
    const { organizationId } = runnable;
    await keyring.load([organizationId]);
    const first = keyring.inUse(organizationId) ?? '';
    const second = await test.addKek(organizationId);
    await keyring.load([organizationId]);
    expect(keyring.inUse(organizationId)).toBe(first);
    keyring.forget(organizationId);
    expect(keyring.key(organizationId, first)).toHaveLength(32);
    await keyring.load([organizationId]);
    expect(keyring.inUse(organizationId)).toBe(second);
  });
});

describe('what is cached of releases', () => {
  it('is the version for good, and the variables for a moment', async () => {
    await test.setSecret(runnable, 'SECRET', 'a secret');
    await test.setVariable(runnable, 'OTHER', 'is not read');
    expect(await variables()).toEqual({
      variables: { PLAIN: 'first' },
      secrets: [{ name: 'SECRET', value: 'a secret', allowedHosts: ['api.example.com'] }],
    });
    await variables();
    expect(asked).toEqual(['versions', 'variables', 'keks']);
    expect(releases.version(runnable.versionId)).toMatchObject({ planHash: 'plan', contentHash: 'content' });
  });

  it('is of an environment what the plan reads, and nothing besides', async () => {
    await test.setVariable(runnable, 'OTHER', 'is not read');
    await variables();
    const [cached] = releases['variables'].values();
    expect(cached?.rows.map(({ name }) => name)).toEqual(['PLAIN']);
    const read = await releases['store'].variables([{ ...runnable, name: 'PLAIN' }]);
    expect(read.map(({ name }) => name)).toEqual(['PLAIN']);
  });

  it('is let go of when it is too much, and no earlier than it was used', async () => {
    const large = await test.runnable(['LARGE']);
    await test.setVariable(large, 'LARGE', 'x'.repeat(1_000));
    Object.assign(releases['variables'], { maxBytes: 1_500 });
    expect((await variables(large)).variables['LARGE']).toHaveLength(1_000);
    await variables();
    expect([...releases['variables'].values()].map(({ organizationId }) => organizationId)).toEqual([
      runnable.organizationId,
    ]);
  });

  it('is no variable at all where the plan reads none', async () => {
    const plain = await test.runnable();
    await test.setVariable(plain, 'PLAIN', 'unread');
    expect(await variables(plain)).toEqual({ variables: {}, secrets: [] });
    expect(asked).toEqual(['versions']);
  });

  it('is stale after five seconds, even where nobody says so', async () => {
    await variables();
    await test.setVariable(runnable, 'PLAIN', 'second');
    expect((await variables()).variables).toEqual({ PLAIN: 'first' });
    const cached = releases['variables'].get(`${runnable.environmentId}/${runnable.versionId}`);
    if (cached) cached.loadedAtMs -= 5_001;
    expect((await variables()).variables).toEqual({ PLAIN: 'second' });
  });

  it('is read again where it changed while it was read', async () => {
    const store = releases['store'];
    const read = store.variables.bind(store);
    store.variables = async (keys) => {
      store.variables = read;
      const rows = await read(keys);
      await test.setVariable(runnable, 'PLAIN', 'second');
      releases.forgetVariables(runnable.organizationId);
      return rows;
    };
    expect((await variables()).variables).toEqual({ PLAIN: 'first' });
    expect((await variables()).variables).toEqual({ PLAIN: 'second' });
  });

  it('is not taken for empty where reading it failed', async () => {
    await test.runs.database.rows('alter table variable rename to variable_away');
    await expect(variables()).rejects.toThrow();
    await test.runs.database.rows('alter table variable_away rename to variable');
    expect((await variables()).variables).toEqual({ PLAIN: 'first' });
  });

  it('says so where there is no such version', async () => {
    await expect(variables({ ...runnable, versionId: runnable.flowId })).rejects.toThrow('does not exist');
  });
});

describe('a change that is told of', () => {
  let reader: ControlConsumer;
  beforeEach(async () => {
    reader = new ControlConsumer(test.bus, releases, keyring);
    await reader.start();
    return () => reader.stop();
  });

  const tell = (organizationId: string, what: 'variable' | 'key') =>
    test.bus.publish([ControlChanged.encode(organizationId, { organizationId, what, id: 'id' })]);
  const isStale = () => keyring['rings'].get(runnable.organizationId)?.isStale;

  it('makes the variables of its organization be read again, and its keys', async () => {
    await variables();
    await test.setVariable(runnable, 'PLAIN', 'second');
    await tell(runnable.organizationId, 'variable');
    await until('it is heard', isStale);
    expect((await variables()).variables).toEqual({ PLAIN: 'second' });
    expect(asked).toEqual(['versions', 'variables', 'keks', 'variables', 'keks']);
  });

  it('of something else or of another organization changes nothing', async () => {
    const other = await test.runnable(['PLAIN']);
    await variables();
    await variables(other);
    await tell(runnable.organizationId, 'key');
    await tell(other.organizationId, 'variable');
    await until('it is heard', () => keyring['rings'].get(other.organizationId)?.isStale);
    asked = [];
    await variables();
    expect(asked).toEqual([]);
    await variables(other);
    expect(asked).toEqual(['variables', 'keks']);
  });

  it('is a dead letter where it cannot be read', async () => {
    const bad: BusMessage = { topic: TOPICS.controlChanged, key: 'k', headers: {}, value: Buffer.from('?') };
    await test.bus.publish([bad]);
    await until('it is put away', () => letters.length > 0);
    expect(letters[0]?.headers['dead-reason']).toContain('no control.changed message');
  });
});
