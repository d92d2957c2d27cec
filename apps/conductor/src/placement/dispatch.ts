import type { Bus } from '#libs/bus';
import { type BusMessage, commandTo } from '#libs/contracts';
import { isOutage } from '#libs/database';
import type { Logger } from '#libs/telemetry';
import type { Claims, HeldClaim } from '../leases/claims.ts';
import type { Takeback } from '../leases/takeback.ts';
import type { Checkpoint, ClaimedRun, QueueStore } from '../queue/queue.store.ts';
import { type AssignmentParts, buildAssignment } from './build-assignment.ts';

export interface DispatchOptions extends AssignmentParts {
  bus: Bus;
  store: QueueStore;
  claims: Claims;
  takeback: Takeback;
  log: Logger;
}

interface Held {
  run: ClaimedRun;
  claim: HeldClaim;
}

/** Sends what has been claimed: first attempts as a batch, later ones each for itself. */
export class Dispatch {
  /** Later attempts, one of an organization after another: what earlier ones left may be long to read, and nobody else waits. */
  private readonly resuming = new Map<string, Promise<void>>();
  private preparing: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: DispatchOptions) {}

  /** Resolves when the later attempts are out too. */
  async rest(): Promise<void> {
    await Promise.all(this.resuming.values());
  }

  async send(held: readonly Held[]): Promise<void> {
    const { bus } = this.options;
    const [first, later] = [
      held.filter(({ run }) => run.attempt === 1),
      held.filter(({ run }) => run.attempt > 1),
    ];
    for (const one of later) this.resumeInTurn(one);
    if (first.length === 0) return;
    const { messages, fault } = await this.prepareAll(first);
    await bus.publish(messages);
    if (fault) throw fault.cause;
  }

  private resumeInTurn(held: Held): void {
    const { organizationId } = held.run;
    const before = this.resuming.get(organizationId) ?? Promise.resolve();
    const turn = before
      .then(() => this.resume(held))
      .catch((cause: unknown) => this.options.log.warn({ err: cause }, 'sending a later attempt failed'))
      .finally(() => {
        if (this.resuming.get(organizationId) === turn) this.resuming.delete(organizationId);
      });
    this.resuming.set(organizationId, turn);
  }

  /** A later attempt takes up what the earlier ones have completed. */
  private async resume(held: Held): Promise<void> {
    const { run, claim } = held;
    const { bus, claims, store, takeback } = this.options;
    const isOut = () => claims.get(run.runId) === claim;
    if (!isOut()) return;
    let messages: BusMessage[];
    try {
      const checkpoints = await store.checkpoints(run.organizationId, run.runId);
      if (!isOut()) return;
      if (!checkpoints) {
        const detail = 'What its completed nodes gave is more than a next attempt can be sent.';
        return await takeback.fail(claim, 'run.limit_exceeded', detail);
      }
      messages = await this.prepare([held], checkpoints);
    } catch (cause) {
      await this.giveBack(claim, cause);
      throw cause;
    }
    if (isOut()) await bus.publish(messages);
  }

  /** What is sent of a batch, and what was wrong with the rest: where it fails as one, each organization is tried alone. */
  private async prepareAll(
    held: readonly Held[],
  ): Promise<{ messages: BusMessage[]; fault?: { cause: unknown } }> {
    try {
      return { messages: await this.prepare(held) };
    } catch {
      const messages: BusMessage[] = [];
      let fault: { cause: unknown } | undefined;
      for (const theirs of Map.groupBy(held, ({ run }) => run.organizationId).values()) {
        try {
          messages.push(...(await this.prepare(theirs)));
        } catch (cause) {
          fault = { cause };
          for (const { claim } of theirs) await this.giveBack(claim, cause);
        }
      }
      return { messages, ...(fault && { fault }) };
    }
  }

  /** One at a time: what one has loaded is not let go of for another before it is used. */
  private prepare(held: readonly Held[], checkpoints: readonly Checkpoint[] = []): Promise<BusMessage[]> {
    const { keyring, releases } = this.options;
    const messages = this.preparing.then(async () => {
      await keyring.load(held.map(({ run }) => run.organizationId));
      await releases.load(held.map(({ run }) => run));
      return held.flatMap(({ run, claim }) => this.assign(run, claim, checkpoints));
    });
    this.preparing = messages.catch(() => undefined);
    return messages;
  }

  private async giveBack(claim: HeldClaim, cause: unknown): Promise<void> {
    const { takeback } = this.options;
    const giveBack = takeback.takeAway(claim, 'it could not be prepared', !isOutage(cause));
    await giveBack.catch(() => takeback.release(claim.runId, claim.attempt));
  }

  private assign(run: ClaimedRun, claim: HeldClaim, checkpoints: readonly Checkpoint[]): BusMessage[] {
    const { organizationId, executorId } = run;
    try {
      const assignment = buildAssignment(run, checkpoints, this.options);
      const message = commandTo(
        organizationId,
        { kind: 'assign', executorId, assignment },
        this.options.bus.partitions,
      );
      claim.unconfirmed = message;
      return [message];
    } catch (cause) {
      this.options.log.error(
        { err: cause, run: run.runId, organization: organizationId },
        'an assignment could not be built',
      );
      const { takeback } = this.options;
      // unknown from then on, it is found when the session comes back
      const release = () => takeback.release(claim.runId, claim.attempt);
      takeback.fail(claim, 'internal', 'The run could not be prepared.').catch(release);
      return [];
    }
  }
}
