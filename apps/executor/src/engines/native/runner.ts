import { DEFAULTS } from '#libs/domain';
import { type Catalog, type Component, catalogOf, Plan } from '#libs/engine';
import { encodeFrame, FrameReader } from '#libs/sandbox';
import { type FromRunner, type StartFrame, ToRunner } from '../../runner-protocol.ts';
import { BrokerFetch } from './broker-fetch.ts';
import { runFlow } from './run-flow.ts';

const IDLE_MS = 1_000;

/** The program within the sandbox: frames in, flows run side by side, frames out. Ends with its pipe. */
export function serveRunner(components: readonly Component[], whenIdle?: () => void): void {
  const catalog: Catalog = catalogOf(components);
  const plans = new Map<string, Plan>();
  const running = new Map<number, AbortController>();
  const reader = new FrameReader(DEFAULTS.frameBytes);
  const send = batchedWriter();
  const broker = new BrokerFetch(send);

  const begin = (start: StartFrame) => {
    const beganMs = performance.now();
    const plan = plans.get(start.planHash) ?? Plan.parse(start.plan);
    plans.set(start.planHash, plan);
    const stop = new AbortController();
    running.set(start.run, stop);
    const fetchFor = (nodeId: string, span: number) => broker.for(start.run, nodeId, { span, beganMs });
    void runFlow(start, plan, catalog, fetchFor, stop.signal, send, beganMs).finally(() =>
      running.delete(start.run),
    );
  };

  // what a later run will want is prepared while there is nothing else to do, never beside runs
  const idle = whenIdle && setTimeout(whenIdle, IDLE_MS);
  process.stdin.on('data', (chunk: Buffer) => {
    idle?.refresh();
    for (const given of reader.push(chunk)) {
      const frame = ToRunner.parse(given);
      if (frame.kind === 'start') begin(frame);
      else if (frame.kind === 'cancel') running.get(frame.run)?.abort();
      else broker.receive(frame.request, frame.part);
    }
  });
  process.stdin.on('end', () => process.exit(0));
  process.stdin.on('error', () => process.exit(0));
  send({ kind: 'ready' });
}

/** Frames of one turn of the event loop leave in one write. */
function batchedWriter(): (frame: FromRunner) => void {
  let pending: Buffer[] = [];
  return (frame) => {
    pending.push(encodeFrame(frame));
    if (pending.length > 1) return;
    setImmediate(() => {
      process.stdout.write(Buffer.concat(pending));
      pending = [];
    });
  };
}
