import type { Delivery, Outcome } from '#libs/bus';
import { type BusMessage, type ExecutorStatusData, saidInTerm } from '#libs/contracts';
import {
  introduced,
  introduction,
  isExecutorIdOf,
  makeRoadEnd,
  type RoadKeys,
  roadKeys,
  saidAs,
  signed,
} from '#libs/crypto';

interface Road {
  keys: RoadKeys;
  publicKey: string;
  /** The numbers of our last command and of its last status in this term. */
  said: number;
  heard: number;
}

/** What a status is: said in our term, or the introduction of one who has not heard of it, or nothing to be heard. */
export type Hearing = { is: 'said'; n: number } | { is: 'introduced' } | { is: 'nothing'; outcome: Outcome };

/**
 * The roads of one term to all executors. Nothing that an executor says counts before it has answered in this term: an
 * introduction can be said again by anybody, and so brings it our public key and no more.
 */
export class Roads {
  private readonly end = makeRoadEnd();
  private readonly introduction: Record<string, string>;
  /** Kept for the whole term: what a lost executor said must not count again. */
  private readonly known = new Map<string, Road>();

  constructor(
    private readonly poolKey: Uint8Array,
    readonly term: number,
  ) {
    this.introduction = introduction(poolKey, { term }, this.end.publicKey);
  }

  hear(
    { executorId, term }: Pick<ExecutorStatusData, 'executorId' | 'term'>,
    delivery: Pick<Delivery, 'headers' | 'value'>,
  ): Hearing {
    const road = this.known.get(executorId) ?? this.pin(executorId, delivery.headers);
    if (!road) return dead('a status of nobody who was introduced');
    if (term > this.term) return skip('of a later term');
    if (term < this.term) {
      if (road.heard > 0) return skip('of an earlier term');
      const publicKey = introduced(this.poolKey, { executorId }, delivery.headers);
      return publicKey === road.publicKey ? { is: 'introduced' } : dead('an introduction with another key');
    }
    const n = saidAs(road.keys.statuses, 'status', delivery);
    if (n === undefined) return dead('a status that its executor has not said');
    return n > road.heard ? { is: 'said', n } : skip('said before');
  }

  /** Whatever that executor said before this counts no more. */
  heard(executorId: string, n: number): void {
    const road = this.known.get(executorId);
    if (road) road.heard = n;
  }

  /** Undefined where its public key is not known. */
  keysOf(executorId: string): RoadKeys | undefined {
    return this.known.get(executorId)?.keys;
  }

  /** The command as it is said in this term; undefined where its executor could not know that we have said it. */
  say(command: BusMessage): BusMessage | undefined {
    const road = this.known.get(command.headers['executorid'] ?? '');
    if (!road) return undefined;
    road.said += 1;
    const said = saidInTerm(command, this.term);
    const headers = {
      ...said.headers,
      ...(road.heard === 0 && this.introduction),
      ...signed(road.keys.commands, 'command', road.said, said.value),
    };
    return { ...said, headers };
  }

  private pin(executorId: string, headers: Delivery['headers']): Road | undefined {
    const publicKey = introduced(this.poolKey, { executorId }, headers);
    if (publicKey === undefined || !isExecutorIdOf(publicKey, executorId)) return undefined;
    const keys = this.keysFor(executorId, publicKey);
    if (!keys) return undefined;
    const road = { keys, publicKey, said: 0, heard: 0 };
    this.known.set(executorId, road);
    return road;
  }

  private keysFor(executorId: string, publicKey: string): RoadKeys | undefined {
    try {
      return roadKeys(this.end.privateKey, publicKey, { executorId, term: this.term });
    } catch {
      return undefined;
    }
  }
}

const dead = (reason: string): Hearing => ({ is: 'nothing', outcome: { kind: 'dead', reason } });
const skip = (reason: string): Hearing => ({ is: 'nothing', outcome: { kind: 'skip', reason } });
