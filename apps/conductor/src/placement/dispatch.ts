import { assignmentKey } from '#libs/blobs';
import type { Bus } from '#libs/bus';
import { type BusMessage, commandTo } from '#libs/contracts';
import { sealAssignment } from '#libs/crypto';
import { isOutage } from '#libs/database';
import { DEFAULTS } from '#libs/domain';
import type { Logger } from '#libs/telemetry';
import type { Roads } from '../leader/roads.ts';
import type { Claims, HeldClaim } from '../leases/claims.ts';
import type { Takeback } from '../leases/takeback.ts';
import type { Checkpoint, ClaimedRun, QueueStore } from '../queue/queue.store.ts';
import { type AssignmentParts, buildAssignment, GRANT_MARGIN_SECONDS } from './build-assignment.ts';

export interface DispatchOptions extends AssignmentParts {
  bus: Bus;
  store: QueueStore;
  claims: Claims;
  takeback: Takeback;
  roads: Roads;
  log: Logger;
}

interface Held {
  run: ClaimedRun;
  claim: HeldClaim;
}

interface Sealed extends Held {
  bytes: Buffer;
}

/** What stands around an assignment in its command. */
const COMMAND_BYTES = 1024;
/** In base64 it is a third longer. */
const MAX_INLINE_BYTES = Math.floor(((DEFAULTS.messageBytes - COMMAND_BYTES) / 4) * 3);

/** Sends what has been claimed: first attempts as a batch, later ones each for itself. */
export class Dispatch {
  /** Of an organization, one after another: what earlier attempts left may be long to read, and nobody else waits. */
  private readonly turns = new Map<string, Promise<void>>();
  private preparing: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: DispatchOptions) {}

  /** Resolves when the later attempts and the large assignments are out too. */
  async rest(): Promise<void> {
    while (this.turns.size > 0) await Promise.all(this.turns.values());
  }

  async send(held: readonly Held[]): Promise<void> {
    const [first, later] = [
      held.filter(({ run }) => run.attempt === 1),
      held.filter(({ run }) => run.attempt > 1),
    ];
    for (const one of later) this.inTurn(one, () => this.resume(one));
    if (first.length === 0) return;
    const { sealed, fault } = await this.prepareAll(first);
    await this.sendSealed(sealed);
    if (fault) throw fault.cause;
  }

  private inTurn({ run: { organizationId } }: Held, work: () => Promise<void>): void {
    const before = this.turns.get(organizationId) ?? Promise.resolve();
    const turn = before
      .then(work)
      .catch((cause: unknown) => this.options.log.warn({ err: cause }, 'sending an attempt failed'))
      .finally(() => {
        if (this.turns.get(organizationId) === turn) this.turns.delete(organizationId);
      });
    this.turns.set(organizationId, turn);
  }

  private async sendSealed(sealed: readonly Sealed[]): Promise<void> {
    const messages = sealed.flatMap((one) => {
      if (one.bytes.length <= MAX_INLINE_BYTES)
        return [this.command(one, { sealed: one.bytes.toString('base64') })];
      this.inTurn(one, () => this.sendLarge(one));
      return [];
    });
    await this.options.bus.publish(messages);
  }

  /** The blob store may take its time, and only its organization waits for it. */
  private async sendLarge(one: Sealed): Promise<void> {
    const { blobs, bus, claims } = this.options;
    const { run, claim, bytes } = one;
    const isOut = () => claims.get(run.runId) === claim;
    if (!isOut()) return;
    let message: BusMessage;
    try {
      const key = assignmentKey(run.runId, run.attempt);
      await blobs.stage(key, bytes);
      const url = blobs.grantGet(key, run.timeoutSeconds + GRANT_MARGIN_SECONDS);
      message = this.command(one, { url });
    } catch (cause) {
      await this.giveBack(claim, cause);
      throw cause;
    }
    if (isOut()) await bus.publish([message]);
  }

  private command({ run, claim }: Sealed, how: { sealed: string } | { url: string }): BusMessage {
    const { organizationId, executorId, runId, attempt } = run;
    const message = commandTo(
      organizationId,
      { kind: 'assign', executorId, runId, attempt, ...how },
      this.options.bus.partitions,
    );
    claim.unconfirmed = message;
    return message;
  }

  /** A later attempt takes up what the earlier ones have completed. */
  private async resume(held: Held): Promise<void> {
    const { run, claim } = held;
    const { claims, store, takeback } = this.options;
    const isOut = () => claims.get(run.runId) === claim;
    if (!isOut()) return;
    let sealed: Sealed[];
    try {
      const checkpoints = await store.checkpoints(run.organizationId, run.runId);
      if (!isOut()) return;
      if (!checkpoints) {
        const detail = 'What its completed nodes gave is more than a next attempt can be sent.';
        return await takeback.fail(claim, 'run.limit_exceeded', detail);
      }
      sealed = await this.prepare([held], checkpoints);
    } catch (cause) {
      await this.giveBack(claim, cause);
      throw cause;
    }
    if (isOut()) await this.sendSealed(sealed);
  }

  /** What is sent of a batch, and what was wrong with the rest: where it fails as one, each organization is tried alone. */
  private async prepareAll(held: readonly Held[]): Promise<{ sealed: Sealed[]; fault?: { cause: unknown } }> {
    try {
      return { sealed: await this.prepare(held) };
    } catch {
      const sealed: Sealed[] = [];
      let fault: { cause: unknown } | undefined;
      for (const theirs of Map.groupBy(held, ({ run }) => run.organizationId).values()) {
        try {
          sealed.push(...(await this.prepare(theirs)));
        } catch (cause) {
          fault = { cause };
          for (const { claim } of theirs) await this.giveBack(claim, cause);
        }
      }
      return { sealed, ...(fault && { fault }) };
    }
  }

  /** One at a time: what one has loaded is not let go of for another before it is used. */
  private prepare(held: readonly Held[], checkpoints: readonly Checkpoint[] = []): Promise<Sealed[]> {
    const { keyring, releases } = this.options;
    const sealed = this.preparing.then(async () => {
      await keyring.load(held.map(({ run }) => run.organizationId));
      await releases.load(held.map(({ run }) => run));
      return held.flatMap(({ run, claim }) => this.seal(run, claim, checkpoints));
    });
    this.preparing = sealed.catch(() => undefined);
    return sealed;
  }

  private async giveBack(claim: HeldClaim, cause: unknown): Promise<void> {
    const { takeback } = this.options;
    const giveBack = takeback.takeAway(claim, 'it could not be prepared', !isOutage(cause));
    await giveBack.catch(() => takeback.release(claim.runId, claim.attempt));
  }

  private seal(run: ClaimedRun, claim: HeldClaim, checkpoints: readonly Checkpoint[]): Sealed[] {
    const { organizationId, executorId } = run;
    try {
      const claimedForMs = performance.now() - claim.claimedAtMs;
      const assignment = { ...buildAssignment(run, checkpoints, this.options), claimedForMs };
      const road = this.options.roads.keysOf(executorId);
      if (!road) throw new Error('the executor has no key');
      const bytes = sealAssignment(road, run, Buffer.from(JSON.stringify(assignment)));
      return [{ run, claim, bytes }];
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
