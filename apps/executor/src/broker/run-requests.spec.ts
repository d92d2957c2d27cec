import { describe, expect, it } from '@jest/globals';
import { planNode, planOf } from '../../../../libs/testing/src/plans.ts';
import type { ResponsePart } from '../runner-protocol.ts';
import type { BrokeredRequest, EgressBroker } from './egress-broker.ts';
import { Redactor } from './redactor.ts';
import { RunRequests } from './run-requests.ts';

const secret = (name: string) => ({ name, value: `value of ${name}`, allowedHosts: ['a.test'] });
const reference = (name: string) => ({ name, isSecret: true, isRequired: true });
const PLAN = planOf([
  planNode('a', { variables: { key: reference('ONE') }, secretHeaders: ['authorization'] }),
  planNode('b', { variables: { key: reference('TWO') } }),
]);
const request = (nodeId: string) => ({ nodeId, method: 'GET', url: 'https://a.test', headers: [] });

function requests(given: { presence?: Promise<void> } = {}) {
  const opened: (BrokeredRequest & { settle: () => void })[] = [];
  const sent: [number, ResponsePart][] = [];
  const refusals: [string, string, number][] = [];
  const measured: unknown[][] = [];
  const stop = new AbortController();
  const presence: Promise<void> | undefined = given.presence;
  const broker: Pick<EgressBroker, 'send'> = {
    send: (brokered) => new Promise((settle) => opened.push({ ...brokered, settle })),
  };
  const made = new RunRequests({
    broker: broker as EgressBroker,
    redactor: new Redactor([]),
    secrets: [secret('ONE'), secret('TWO')],
    signal: stop.signal,
    whenPresent: () => presence,
    send: (number, part) => sent.push([number, part]),
    whenDrained: async () => undefined,
    measure:
      ({ nodeId }) =>
      (...over) =>
        measured.push([nodeId, ...over]),
    refused: (...refusal) => refusals.push(refusal),
  });
  return { made, opened, sent, refusals, measured, stop };
}

describe('the requests of a run', () => {
  it('leave when the executor is heard again, and not before', async () => {
    const { promise: presence, resolve } = Promise.withResolvers<void>();
    const { made, opened } = requests({ presence });
    made.frame(0, request('a'), PLAN);
    await new Promise(setImmediate);
    expect(opened).toHaveLength(0);
    resolve();
    await new Promise(setImmediate);
    expect(opened).toHaveLength(1);
  });

  it('may use the secrets that their own node refers to, in the headers that it declared', () => {
    const { made, opened } = requests();
    for (const [index, nodeId] of ['a', 'b', 'unknown'].entries()) made.frame(index, request(nodeId), PLAN);
    made.frame(9, request('a'), undefined);
    const uses = opened.map(({ use }) => [[...use.secrets.keys()], [...use.headers]]);
    expect(uses).toEqual([
      [['ONE'], ['authorization']],
      [['TWO'], []],
      [[], []],
      [[], []],
    ]);
  });

  it('are answered under their number', () => {
    const { made, opened, sent } = requests();
    made.frame(5, request('a'), PLAN);
    opened[0]?.answer({ is: 'end' });
    expect(sent).toEqual([[5, { is: 'end' }]]);
  });

  it.each<[what: string, parts: ResponsePart[], over: unknown[]]>([
    ['answered', [{ is: 'head', status: 204, headers: [] }, { is: 'end' }], ['a', 'ok', 204]],
    ['answered badly', [{ is: 'head', status: 400, headers: [] }, { is: 'end' }], ['a', 'error', 400]],
    [
      'cut off',
      [
        { is: 'head', status: 200, headers: [] },
        { is: 'error', message: 'no' },
      ],
      ['a', 'error', 200],
    ],
    ['never answered', [{ is: 'error', message: 'no' }], ['a', 'error', undefined]],
    ['given up', [], ['a', 'stopped', undefined]],
  ])('are measured, once and before the runner knows, where they are %s', async (_what, parts, over) => {
    const { made, opened, sent, measured } = requests();
    made.frame(1, request('a'), PLAN);
    for (const part of parts) {
      const isLast = part === parts.at(-1);
      expect(measured).toEqual([]);
      opened[0]?.answer(part);
      if (isLast) expect([measured, sent.length]).toEqual([[over], parts.length]);
    }
    opened[0]?.settle();
    await new Promise(setImmediate);
    expect(measured).toEqual([over]);
  });

  it('end when the runner gives them up, each for itself, and all with the run', () => {
    const { made, opened, stop } = requests();
    made.frame(1, request('a'), PLAN);
    made.frame(2, request('a'), PLAN);
    made.frame(1, undefined, PLAN);
    made.frame(7, undefined, PLAN);
    expect(opened.map(({ signal }) => signal.aborted)).toEqual([true, false]);
    stop.abort();
    expect(opened.map(({ signal }) => signal.aborted)).toEqual([true, true]);
  });

  it('may be a hundred at a time', async () => {
    const { made, opened, sent } = requests();
    for (let number = 1; number <= 101; number += 1) made.frame(number, request('a'), PLAN);
    expect(opened).toHaveLength(100);
    expect(sent).toEqual([[101, { is: 'error', message: 'A run may have 100 requests open at a time.' }]]);
    opened[0]?.settle();
    await new Promise(setImmediate);
    made.frame(102, request('a'), PLAN);
    expect(opened).toHaveLength(101);
  });

  it('are counted under their numbers: one that is taken opens no other', () => {
    const { made, opened } = requests();
    for (let times = 0; times < 3; times += 1) made.frame(5, request('a'), PLAN);
    expect(opened).toHaveLength(1);
  });

  it('that are refused are told once per host, then by powers of ten', () => {
    const { made, opened, refusals } = requests();
    made.frame(1, request('a'), PLAN);
    for (let count = 1; count <= 1_000; count += 1) opened[0]?.refused('a.test', 'no');
    opened[0]?.refused('b.test', 'no');
    expect(refusals.map(([host, , count]) => `${host} ${count}`)).toEqual([
      'a.test 1',
      'a.test 10',
      'a.test 100',
      'a.test 1000',
      'b.test 1',
    ]);
  });
});
