import { setTimeout as sleep } from 'node:timers/promises';
import { FAILPOINTS, type Failpoint, type FailpointName } from './failpoints.ts';

/** What becomes of a process at a failpoint: `wait` is until it is told to go on. */
export type PointFault = 'SIGKILL' | 'SIGSTOP' | 'wait';

/** What is armed has a number, as an answer may cross the next order. */
export type ToRole =
  | { kind: 'arm'; number: number; point: FailpointName; fault: PointFault }
  | { kind: 'disarm'; number: number }
  | { kind: 'go on' };
export type FromRole = { kind: 'reached' | 'disarmed'; number: number };

type Method = (this: unknown, ...given: unknown[]) => unknown;

/** Of one process: at most one failpoint is armed, and it is hit once. */
export class FailpointTraps {
  private armed: Extract<ToRole, { kind: 'arm' }> | undefined;
  private goOn: () => void = () => undefined;

  constructor(
    private readonly say: (message: FromRole) => void,
    private readonly signal: (name: NodeJS.Signals) => void,
  ) {}

  hear(message: ToRole): void {
    switch (message.kind) {
      case 'arm':
        this.armed = message;
        return;
      case 'disarm':
        this.armed = undefined;
        return this.say({ kind: 'disarmed', number: message.number });
      case 'go on':
        return this.goOn();
    }
  }

  /** Puts itself around the methods of all points. */
  lay(): void {
    for (const [name, point] of Object.entries(FAILPOINTS)) this.layAt(name, point);
  }

  private layAt(name: string, point: Failpoint): void {
    const { of, method, when, isMeant = () => true, lingerMs = 0 } = point;
    const prototype = of.prototype as Record<string, Method>;
    const work = prototype[method];
    if (!work) throw new Error(`${name}: there is no ${method}`);
    const traps = this;
    const isHere = (given: unknown[], result?: unknown) =>
      traps.armed?.point === name && isMeant(given, result);
    prototype[method] = function (...given) {
      // unarmed it is as if nothing stood here
      if (traps.armed?.point !== name) return work.apply(this, given);
      if (when === 'before') {
        const held = isHere(given) ? traps.hit() : undefined;
        return held ? held.then(() => work.apply(this, given)) : work.apply(this, given);
      }
      const result = work.apply(this, given);
      if (!(result instanceof Promise)) {
        if (isHere(given, result)) traps.hit();
        return result;
      }
      const hit = async (value?: unknown) => {
        if (!isHere(given, value)) return;
        if (lingerMs > 0) await sleep(lingerMs);
        if (isHere(given, value)) await traps.hit();
      };
      if (when === 'within') return hit().then(() => result);
      return result.then(async (value) => {
        await hit(value);
        return value;
      });
    };
  }

  /** What is behind it happens after the fault, if at all. */
  private hit(): Promise<void> | undefined {
    const { armed } = this;
    if (!armed) return;
    this.armed = undefined;
    this.say({ kind: 'reached', number: armed.number });
    if (armed.fault !== 'wait') return void this.signal(armed.fault);
    return new Promise((resolve) => {
      this.goOn = resolve;
    });
  }
}
