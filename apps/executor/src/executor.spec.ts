import { expect, it } from '@jest/globals';
import { EmbeddedBus } from '#libs/bus';
import { ExecutorStatus, type ExecutorStatusData, TOPICS } from '#libs/contracts';
import { PartsOfExecutor } from '../../../libs/testing/src/executor-parts.ts';
import { PlayedConductor } from '../../../libs/testing/src/played-conductor.ts';
import { TEST_POOL_KEY } from '../../../libs/testing/src/played-executors.ts';
import { NO_PROGRAM, ScriptedDriver } from '../../../libs/testing/src/scripted-driver.ts';
import { until } from '../../../libs/testing/src/until.ts';
import { Executor } from './executor.ts';

it('an executor that ends gives back what runs, says so, and ends its runners', async () => {
  const parts = await PartsOfExecutor.start();
  const bus = new EmbeddedBus({ partitions: 4 });
  const statuses: ExecutorStatusData[] = [];
  await bus.subscribe({
    reader: 'test',
    topic: TOPICS.executorStatus,
    group: 'alone',
    handle: async (deliveries) =>
      deliveries.map(({ value }) => {
        statuses.push(ExecutorStatus.decode(value).data);
        return { kind: 'done' };
      }),
  });
  const driver = new ScriptedDriver();
  const executor = new Executor({
    bus,
    poolKey: TEST_POOL_KEY,
    driver,
    program: NO_PROGRAM,
    maxRunners: 2,
    prewarmedRunners: 1,
    egressAllow: [],
    runnerFailed: () => undefined,
  });
  driver.sandbox(0).ready();
  await executor.start();
  const assignment = parts.assignment();
  const { organizationId, runId } = assignment;
  await bus.publish([new PlayedConductor(executor['road']).assign(assignment)]);
  await until('it runs', () => driver.sandbox(0).sent.length === 1);
  driver
    .sandbox(0)
    .say({ kind: 'event', run: 1, type: 'log', data: { nodeId: 'a', level: 'info', text: 'x' } });
  await executor.stop();
  const last = await until('its last word', () => statuses.find(({ done }) => done.length > 0));
  expect(last).toMatchObject({
    executorId: executor.id,
    isDraining: true,
    held: [],
    done: [{ organizationId, runId, attempt: 1, outcome: 'returned' }],
  });
  expect(Object.values(last.eventOffsets)).toEqual([0]);
  expect(driver.sandboxes.every((sandbox) => sandbox.isKilled)).toBe(true);
  expect(driver.isClosed).toBe(true);
  await bus.close();
  await parts.stop();
});
