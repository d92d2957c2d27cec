import { randomBytes } from 'node:crypto';
import { EgressAllow } from '#libs/config';
import type { Assignment } from '#libs/contracts';
import { contentHash } from '#libs/crypto';
import type { Plan } from '#libs/engine';
import { newId } from '#libs/kernel';
import { PlanCache } from '../../../apps/executor/src/blobs/granted-blobs.ts';
import { AddressGuard } from '../../../apps/executor/src/broker/address-guard.ts';
import { Brokers } from '../../../apps/executor/src/broker/brokers.ts';
import type { ExecutorParts } from '../../../apps/executor/src/commands/assigned-run.ts';
import { ConductorRoad } from '../../../apps/executor/src/commands/conductor-road.ts';
import { Presence } from '../../../apps/executor/src/commands/presence.ts';
import { EventOutbox } from '../../../apps/executor/src/events/event-outbox.ts';
import { RunnerPool } from '../../../apps/executor/src/runners/runner-pool.ts';
import { SpanOutbox } from '../../../apps/executor/src/spans/span-outbox.ts';
import { KeptBus } from './kept-bus.ts';
import { from, planNode, planOf } from './plans.ts';
import { TEST_POOL_KEY } from './played-executors.ts';
import { NO_PROGRAM, ScriptedDriver } from './scripted-driver.ts';
import { StubOrigin } from './stub-origin.ts';

/** a → b, and what b puts out is the output. */
export const TWO_NODES: Plan = planOf([planNode('a'), planNode('b', { inputs: { in: from('a') } })], {
  outputs: ['b'],
});

/** All that surrounds the runs of an executor, with a blob store; its runners and its bus are played by the test. */
export class PartsOfExecutor implements ExecutorParts {
  readonly road = new ConductorRoad(TEST_POOL_KEY);
  readonly executorId = this.road.executorId;
  readonly bus = new KeptBus();
  readonly driver = new ScriptedDriver();
  readonly presence = new Presence();
  readonly plans = new PlanCache();
  readonly brokers = new Brokers(new AddressGuard(EgressAllow.parse('127.0.0.1')));
  readonly pool: RunnerPool;
  readonly outbox: EventOutbox;
  readonly spans: SpanOutbox;
  cancelGraceMs = 60_000;

  private constructor(
    /** What was uploaded, and what is there to be fetched, by path. */
    readonly stored: Map<string, Buffer>,
    private readonly store: StubOrigin,
  ) {
    this.pool = new RunnerPool({
      driver: this.driver,
      program: NO_PROGRAM,
      maxRunners: 2,
      prewarmed: 1,
      failedToStart: () => undefined,
    });
    this.outbox = new EventOutbox(this.bus, this.executorId, this.pool);
    this.spans = new SpanOutbox(this.bus, this.executorId);
    this.driver.sandbox(0).ready();
  }

  static async start(): Promise<PartsOfExecutor> {
    const stored = new Map<string, Buffer>();
    const store = await StubOrigin.start((response, { method, path, body }) => {
      if (method === 'PUT') stored.set(path, body);
      const content = stored.get(path);
      response.writeHead(content ? 200 : 404).end(method === 'PUT' ? undefined : content);
    });
    return new PartsOfExecutor(stored, store);
  }

  /** An assignment of a plan that is there to be fetched. */
  assignment(more: Partial<Assignment> = {}, plan: Plan = TWO_NODES): Assignment {
    const content = Buffer.from(JSON.stringify(plan));
    const hash = contentHash(content);
    this.stored.set(`/${hash}`, content);
    return {
      organizationId: newId(),
      runId: newId(),
      attempt: 1,
      deploymentId: newId(),
      versionId: newId(),
      contentHash: 'content',
      engine: 'native',
      plan: { hash, url: this.urlOf(hash) },
      sessionId: 'session-1',
      input: { json: '"hello"' },
      variables: {},
      secrets: [],
      isAlone: false,
      timeoutMs: 60_000,
      queueMs: 5,
      claimedForMs: 2,
      spent: { inputTokens: 0, outputTokens: 0 },
      checkpointKey: randomBytes(32).toString('base64'),
      checkpoints: [],
      staging: { url: this.urlOf('staging/{i}'), maxBytes: 1_000_000, stateBytes: 1_000_000 },
      runToken: 'token',
      ...more,
    };
  }

  urlOf(path: string): string {
    return `${this.store.url}/${path}`;
  }

  async stop(): Promise<void> {
    await this.pool.close();
    this.brokers.close();
    await this.store.stop();
  }
}
