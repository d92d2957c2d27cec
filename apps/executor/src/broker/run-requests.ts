import type { GrantedSecret } from '#libs/contracts';
import type { SpanStatus } from '#libs/domain';
import type { Plan } from '#libs/engine';
import type { HttpRequest, ResponsePart } from '../runner-protocol.ts';
import type { EgressBroker } from './egress-broker.ts';
import type { Redactor } from './redactor.ts';

export interface RunRequestsOptions {
  broker: EgressBroker;
  redactor: Redactor;
  secrets: readonly GrantedSecret[];
  signal: AbortSignal;
  /** While the executor is parked nothing leaves it. */
  whenPresent: (signal: AbortSignal) => Promise<void> | undefined;
  send: (request: number, part: ResponsePart) => void;
  whenDrained: () => Promise<void>;
  /** Told of each that goes out; what it answers, when it is over. */
  measure: (request: HttpRequest) => (status: SpanStatus, code?: number) => void;
  /** One per host, then counted. */
  refused: (host: string, reason: string, count: number) => void;
}

const MAX_OPEN = 100;

/** The HTTP requests of one run: which secrets each node may use in them, and how many may be open. */
export class RunRequests {
  private readonly open = new Map<number, AbortController>();
  private readonly refusals = new Map<string, number>();
  private readonly secrets: ReadonlyMap<string, GrantedSecret>;

  constructor(private readonly options: RunRequestsOptions) {
    this.secrets = new Map(options.secrets.map((secret) => [secret.name, secret]));
  }

  /** Opens a request, or ends one where nothing is to be opened. */
  frame(number: number, request: HttpRequest | undefined, plan: Plan | undefined): void {
    if (!request) return this.open.get(number)?.abort();
    if (this.open.size >= MAX_OPEN) {
      return this.options.send(number, {
        is: 'error',
        message: `A run may have ${MAX_OPEN} requests open at a time.`,
      });
    }
    // under a number that is taken it would not be counted
    if (this.open.has(number)) return;
    const abort = new AbortController();
    this.open.set(number, abort);
    void this.send(number, request, abort, plan).finally(() => this.open.delete(number));
  }

  private async send(
    number: number,
    request: HttpRequest,
    abort: AbortController,
    plan: Plan | undefined,
  ): Promise<void> {
    const { broker, redactor, whenPresent, send, whenDrained } = this.options;
    const measured = this.options.measure(request);
    let status: SpanStatus = 'stopped';
    let code: number | undefined;
    const signal = AbortSignal.any([abort.signal, this.options.signal]);
    const present = whenPresent(signal);
    if (present) await present;
    await broker.send({
      request,
      use: this.useOf(request.nodeId, plan),
      redactor,
      signal,
      answer: (part) => {
        if (part.is === 'head') code = part.status;
        else if (part.is !== 'chunk') {
          status = part.is === 'error' || (code ?? 0) >= 400 ? 'error' : 'ok';
          // before the runner hears of it: what the request is a part of ends later
          measured(status, code);
        }
        send(number, part);
      },
      whenDrained,
      refused: (host, reason) => this.countRefusal(host, reason),
    });
    if (status === 'stopped') measured(status, code);
  }

  private useOf(nodeId: string, plan: Plan | undefined) {
    const node = plan?.nodes.find((one) => one.id === nodeId);
    const names = new Set(Object.values(node?.variables ?? {}).map((reference) => reference.name));
    return {
      secrets: new Map([...this.secrets].filter(([name]) => names.has(name))),
      headers: new Set(node?.secretHeaders ?? []),
    };
  }

  private countRefusal(host: string, reason: string): void {
    const count = (this.refusals.get(host) ?? 0) + 1;
    this.refusals.set(host, count);
    // the first is an event, then every tenth power, so that a loop cannot fill the log
    if (Number.isInteger(Math.log10(count))) this.options.refused(host, reason, count);
  }
}
