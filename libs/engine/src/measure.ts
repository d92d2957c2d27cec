import type { SpanStatus } from '#libs/domain';
import type { NodeCall, NodeRun, SpanAttributes } from './component.ts';
import type { PlanNode } from './plan.ts';

/** A piece of a run's time, by the host's clock. */
interface Span {
  /** Counts the spans of this execution from 1. */
  number: number;
  /** The span of the node in which a call was made. */
  parent?: number;
  kind: 'node' | NodeCall['kind'];
  nodeId: string;
  iteration: number;
  startedMs: number;
  durationMs: number;
  status: SpanStatus;
  attributes: SpanAttributes;
}

/** What measures, and is told. */
export interface Measuring {
  /** `under`: the number of the span that it is a part of. */
  fetch(nodeId: string, under: number): typeof globalThis.fetch;
  nowMs(): number;
  measured(span: Span): void;
}

type Of = Pick<Span, 'kind' | 'nodeId' | 'iteration' | 'parent'>;

/** Measures nodes and what they call, and tells the host of each when it is over. */
export class Measure {
  private last = 0;

  constructor(
    private readonly host: Measuring,
    private readonly signal: AbortSignal,
  ) {}

  node<Result>(
    { id: nodeId }: PlanNode,
    iteration: number,
    work: (calls: Pick<NodeRun, 'call' | 'fetch'>) => Promise<Result>,
  ): Promise<Result> {
    return this.span({ kind: 'node', nodeId, iteration }, {}, (number) =>
      work({
        fetch: this.host.fetch(nodeId, number),
        call: ({ kind, attributes: given }, callWork) => {
          const known = { ...given };
          return this.span({ kind, nodeId, iteration, parent: number }, known, (call) =>
            callWork({
              fetch: this.host.fetch(nodeId, call),
              note: (more) => void Object.assign(known, more),
            }),
          );
        },
      }),
    );
  }

  private async span<Result>(
    of: Of,
    attributes: SpanAttributes,
    work: (number: number) => Promise<Result>,
  ): Promise<Result> {
    this.last += 1;
    const number = this.last;
    const startedMs = this.host.nowMs();
    const end = (status: SpanStatus) =>
      this.host.measured({
        ...of,
        number,
        startedMs,
        durationMs: this.host.nowMs() - startedMs,
        status,
        attributes,
      });
    try {
      const result = await work(number);
      end('ok');
      return result;
    } catch (cause) {
      end(this.signal.aborted ? 'stopped' : 'error');
      throw cause;
    }
  }
}
