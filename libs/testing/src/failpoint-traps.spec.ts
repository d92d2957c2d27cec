import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { QueueStore } from '../../../apps/conductor/src/queue/queue.store.ts';
import { FailpointTraps, type FromRole, type PointFault } from './failpoint-traps.ts';
import type { FailpointName } from './failpoints.ts';

const BEFORE = 'conductor: a claim is not yet committed';
const AFTER = 'conductor: a claim is committed and not sent';
const RUN = { organizationId: 'o', projectId: 'p', deploymentId: 'd', runId: 'r' };

describe('a failpoint', () => {
  /** What happened, in its order. */
  let told: string[];
  const traps = new FailpointTraps(
    ({ kind, number }: FromRole) => told.push(`${kind} ${number}`),
    (signal) => told.push(signal),
  );
  beforeAll(() => traps.lay());
  beforeEach(() => {
    told = [];
  });

  const arm = (point: FailpointName, fault: PointFault) =>
    traps.hear({ kind: 'arm', number: 7, point, fault });
  const claim = async (runs = 1) => {
    const session = {
      async query() {
        told.push('claimed');
        return Array(runs);
      },
    };
    const store = new QueueStore(session as never);
    const claims = Array(runs).fill({ run: RUN, executorId: 'e', kekId: 'k' });
    told.push(`${(await store.claim(claims)).length} given`);
  };

  it.each([
    [BEFORE, ['reached 7', 'SIGKILL', 'claimed', '1 given']],
    [AFTER, ['claimed', 'reached 7', 'SIGKILL', '1 given']],
  ] as const)('hits who comes there, once: %s', async (point, expected) => {
    arm(point, 'SIGKILL');
    await claim();
    expect(told).toEqual(expected);
    await claim();
    expect(told.slice(expected.length)).toEqual(['claimed', '1 given']);
  });

  it('holds who is to wait there, until it is told to go on', async () => {
    arm(BEFORE, 'wait');
    const claiming = claim();
    expect(told).toEqual(['reached 7']);
    traps.hear({ kind: 'go on' });
    await claiming;
    expect(told).toEqual(['reached 7', 'claimed', '1 given']);
  });

  it('lets pass what is not meant, and who comes when it is disarmed', async () => {
    arm(BEFORE, 'SIGSTOP');
    await claim(0);
    traps.hear({ kind: 'disarm', number: 7 });
    await claim();
    expect(told).toEqual(['claimed', '0 given', 'disarmed 7', 'claimed', '1 given']);
  });
});
