import { describe, expect, it } from '@jest/globals';
import { newId } from '#libs/kernel';
import {
  Assignment,
  commandPartition,
  ExecutorCommand,
  type ExecutorCommandData,
  putUrl,
  saidInTerm,
  termOf,
} from './executor-command.contract.ts';

describe("the partition of an executor's commands", () => {
  it('is the same for whoever computes it, whenever', () => {
    const ids = ['', 'e1', '017f22e2-79b0-7cc3-98c4-dc0c0c07398f', 'é'];
    expect(ids.map((id) => commandPartition(id))).toEqual([2, 15, 8, 14]);
    expect(ids.map((id) => commandPartition(id, 1_000))).toEqual([610, 735, 128, 878]);
  });

  it('is one that there is, and executors spread over all', () => {
    const partitions = Array.from({ length: 500 }, () => commandPartition(newId(), 4));
    expect(new Set(partitions)).toEqual(new Set([0, 1, 2, 3]));
    expect(commandPartition(newId(), 1)).toBe(0);
  });
});

describe('the place of a large value', () => {
  const url = 'http://store/r1/1/{i}?x=1';

  it('has its number in it', () => {
    expect(putUrl({ url }, 12)).toBe('http://store/r1/1/12?x=1');
  });

  it('has the signature of its number where each has one, and is none after the last of them', () => {
    const signed = { url: `${url}&s={signature}`, signatures: ['aa', 'bb'] };
    expect(putUrl(signed, 1)).toBe('http://store/r1/1/1?x=1&s=bb');
    expect(putUrl(signed, 2)).toBeUndefined();
  });
});

const assignment = {
  organizationId: 'o1',
  runId: 'r1',
  attempt: 1,
  deploymentId: 'd1',
  versionId: 'v1',
  contentHash: 'c1',
  engine: 'native',
  plan: { hash: 'h1', url: 'http://gateway/blobs/o1/h1' },
  sessionId: 's1',
  input: { json: '"a\\u0000b"' },
  variables: { MODEL: 'm' },
  secrets: [{ name: 'OPENAI_API_KEY', value: 'a secret', allowedHosts: ['api.openai.com'] }],
  isAlone: false,
  timeoutMs: 600_000,
  queueMs: 3,
  claimedForMs: 1.5,
  spent: { inputTokens: 0, outputTokens: 0 },
  checkpointKey: 'AAAA',
  checkpoints: [{ nodeId: 'Prompt-1', iteration: 0, sealed: 'AAAA' }],
  staging: { url: 'http://gateway/blobs/staging/r/1/{i}', maxBytes: 8, stateBytes: 8 },
  runToken: 'token',
};

describe('an assignment', () => {
  it('is all of this, in JSON', () => {
    expect(Assignment.parse(JSON.parse(JSON.stringify(assignment)))).toEqual(assignment);
  });

  it.each(Object.keys(assignment).map((name) => [name] as const))('is none without its %s', (name) => {
    const { [name as 'runId']: _gone, ...rest } = assignment;
    expect(() => Assignment.parse(rest)).toThrow();
  });
});

describe('a command', () => {
  const attempts = [{ runId: 'r1', attempt: 2 }];

  it.each<[ExecutorCommandData]>([
    [{ kind: 'cancel', executorId: 'e1', runId: 'r1', attempt: 2 }],
    [{ kind: 'assign', executorId: 'e1', runId: 'r1', attempt: 2, sealed: 'AAAA' }],
    [{ kind: 'assign', executorId: 'e1', runId: 'r1', attempt: 2, url: 'http://store/a' }],
    [{ kind: 'recorded', executorId: 'e1', attempts }],
    [{ kind: 'recorded', executorId: 'e1', attempts: [] }],
  ])('is one of those that there are: %j', (data) => {
    expect(ExecutorCommand.decode(ExecutorCommand.encode('o1', data).value).data).toEqual(data);
  });

  it.each([
    { kind: 'suspend', executorId: 'e1' },
    { kind: 'cancel', executorId: 'e1', runId: 'r1', attempt: 0 },
    { kind: 'cancel', executorId: 'e1', runId: 'r1', attempt: 1.5 },
    { kind: 'cancel', executorId: 'e1', runId: 'r1' },
    { kind: 'recorded', executorId: 'e1' },
    { kind: 'assign', executorId: 'e1', runId: 'r1', attempt: 1, sealed: '?' },
    { kind: 'assign', executorId: 'e1', sealed: 'AAAA' },
  ])('is refused otherwise: %j', (data) => {
    const envelope = { id: 'i', type: 'executor.command', orgId: 'o1', occurredAt: 'now', data };
    expect(() => ExecutorCommand.decode(Buffer.from(JSON.stringify(envelope)))).toThrow();
  });

  it('says in which term it was said, and was said before all where it does not', () => {
    const command = ExecutorCommand.encode(
      'o1',
      { kind: 'recorded', executorId: 'e1', attempts },
      { a: 'b' },
    );
    const said = saidInTerm(command, 12);
    expect(said).toEqual({ ...command, headers: { a: 'b', term: '12' } });
    expect([said.headers, {}, { term: 'x' }, { term: '1e999' }].map(termOf)).toEqual([12, 0, 0, 0]);
  });
});
