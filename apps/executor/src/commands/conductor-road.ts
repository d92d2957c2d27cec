import type { Delivery, Outcome } from '#libs/bus';
import { type BusMessage, termOf } from '#libs/contracts';
import {
  introduced,
  introduction,
  makeRoadEnd,
  newExecutorId,
  openAssignment,
  type RoadKeys,
  roadKeys,
  saidAs,
  signed,
} from '#libs/crypto';

/** This executor's end of the road to whoever leads: it answers in the highest term that was introduced to it. */
export class ConductorRoad {
  private readonly end = makeRoadEnd();
  readonly executorId = newExecutorId(this.end.publicKey);
  private readonly introduction: Record<string, string>;
  /** Of the highest term that was introduced. */
  keys: RoadKeys | undefined;
  /** The numbers of our last status, and of the last command of this term. */
  private said = 0;
  private heard = 0;

  constructor(private readonly poolKey: Uint8Array) {
    this.introduction = introduction(poolKey, { executorId: this.executorId }, this.end.publicKey);
  }

  /** Who led before that leads no more; 0 while none was heard of. */
  get term(): number {
    return this.keys?.term ?? 0;
  }

  /** A status as it is said. A leader who does not know us yet finds in it who we are. */
  say(status: BusMessage): BusMessage {
    this.said += 1;
    const { keys, said } = this;
    const mac = keys && signed(keys.statuses, 'status', said, status.value);
    return { ...status, headers: { ...status.headers, ...this.introduction, ...mac } };
  }

  /** Why a command is not to be obeyed; undefined where who leads has said it, and not before. */
  hear(delivery: Pick<Delivery, 'headers' | 'value'>): Outcome | undefined {
    const term = termOf(delivery.headers);
    if (term < this.term) return { kind: 'skip', reason: 'of an earlier term' };
    const keys = term === this.term ? this.keys : this.keysIn(term, delivery.headers);
    const n = keys && saidAs(keys.commands, 'command', delivery);
    if (!keys || n === undefined)
      return { kind: 'dead', reason: 'a command that the conductor of its term has not said' };
    if (keys !== this.keys) {
      this.keys = keys;
      this.heard = 0;
    }
    if (n <= this.heard) return { kind: 'skip', reason: 'said before' };
    this.heard = n;
    return undefined;
  }

  /** Throws where it was not sealed for this executor in that term. */
  open(attempt: { runId: string; attempt: number }, sealed: Buffer, keys = this.keys): Buffer {
    if (!keys) throw new Error('no conductor was heard of');
    return openAssignment(keys, attempt, sealed);
  }

  private keysIn(term: number, headers: Delivery['headers']): RoadKeys | undefined {
    const publicKey = introduced(this.poolKey, { term }, headers);
    if (publicKey === undefined) return undefined;
    return roadKeys(this.end.privateKey, publicKey, { executorId: this.executorId, term });
  }
}
