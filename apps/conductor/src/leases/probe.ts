import { randomBytes } from 'node:crypto';
import type { Bus } from '#libs/bus';
import { ConductorProbe } from '#libs/contracts';
import type { Liveness } from './liveness.ts';

/** By which a probe is told from a status before its bytes are touched. */
export const PROBE_HEADER = 'probe';

const EACH_MS = 1_000;
/** Those that are not back by then count for nothing. */
const MAX_OUT = 10;

/** Sends the leader's own word to where executors send theirs: while it comes back, they could be heard too. */
export class Probe {
  /** Only we know these: nobody else can make silence count. */
  private readonly out = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  private isSending = false;

  constructor(
    private readonly bus: Bus,
    private readonly liveness: Liveness,
  ) {}

  start(): void {
    this.timer = setInterval(() => void this.send(), EACH_MS);
    void this.send();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** Says whether it was ours. */
  came(nonce: string): boolean {
    if (!this.out.delete(nonce)) return false;
    this.liveness.probeCame(performance.now());
    return true;
  }

  private async send(): Promise<void> {
    if (this.isSending) return;
    this.isSending = true;
    const nonce = randomBytes(16).toString('base64url');
    this.out.add(nonce);
    const [oldest] = this.out;
    if (this.out.size > MAX_OUT && oldest !== undefined) this.out.delete(oldest);
    // one that is lost is followed by the next
    await this.bus
      .publish([ConductorProbe.encode(null, { nonce }, { [PROBE_HEADER]: 'conductor' })])
      .catch(() => undefined);
    this.isSending = false;
  }
}
