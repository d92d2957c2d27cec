import type { RunEventData, StagedBlob } from '#libs/contracts';
import { DEFAULTS, type RunEventType } from '#libs/domain';
import { BadEvent } from './bad-event.ts';

type Upload = (content: Uint8Array) => Promise<StagedBlob>;
type Reference = Pick<StagedBlob, 'hash' | 'size'>;

/** Values below this stay where they are, as long as they fit together. */
const SMALL = DEFAULTS.eventInlineBytes / 8;

/** What stands in an event for a value that was moved out. */
const REFERENCE_BYTES = 110;

/** Moves the large values of an event out of it, and smaller ones until it fits the log. */
export async function offload(
  type: RunEventType,
  data: unknown,
  upload: Upload,
): Promise<{ data: unknown; staged: StagedBlob[] }> {
  const values = valuesOf(type, data);
  const staged = new Map<number, StagedBlob>();
  const moved = new Map<string, Reference>();
  for (const name of namesToMove(type, data, values)) {
    const blob = await upload(Buffer.from(JSON.stringify(values.get(name)), 'utf8'));
    staged.set(blob.i, blob);
    moved.set(name, { hash: blob.hash, size: blob.size });
  }
  return { data: moved.size === 0 ? data : withReferences(type, data, moved), staged: [...staged.values()] };
}

/** What of an event can be moved out of it, by the name that it has there. */
export function valuesOf(type: RunEventType, data: unknown): Map<string, unknown> {
  switch (type) {
    case 'node.completed':
      return new Map(Object.entries((data as RunEventData<'node.completed'>).outputs));
    case 'output':
      return new Map([['content', (data as RunEventData<'output'>).content]]);
    case 'message.added':
      return new Map([['text', (data as RunEventData<'message.added'>).text]]);
    case 'run.succeeded': {
      const { outputs } = (data as RunEventData<'run.succeeded'>).output;
      return new Map(Object.entries(outputs).map(([id, { content }]) => [id, content]));
    }
    default:
      return new Map();
  }
}

/** The largest first. Nothing is uploaded of an event that would not fit all the same. */
function namesToMove(type: RunEventType, data: unknown, values: ReadonlyMap<string, unknown>): string[] {
  const repeated = type === 'run.succeeded' ? (data as RunEventData<'run.succeeded'>).output : undefined;
  const candidates = [...values].map(([name, value]) => {
    const bytes = bytesOf(value);
    // the run's text repeats what its source has put out, and goes with it
    return { name, bytes, saves: bytes + (name === repeated?.source ? bytesOf(repeated.text) : 0) };
  });
  let left = bytesOf(data);
  const names: string[] = [];
  for (const { name, bytes, saves } of candidates.toSorted((a, b) => b.saves - a.saves)) {
    const isTooMuch = left > DEFAULTS.eventInlineBytes && saves > REFERENCE_BYTES;
    if (bytes <= SMALL && !isTooMuch) continue;
    names.push(name);
    left -= saves - REFERENCE_BYTES;
  }
  if (left > DEFAULTS.eventInlineBytes)
    throw new BadEvent(`an event of type ${type} holds more than ${DEFAULTS.eventInlineBytes} bytes`);
  return names;
}

function withReferences(type: RunEventType, given: unknown, moved: ReadonlyMap<string, Reference>): unknown {
  switch (type) {
    case 'node.completed': {
      const data = given as RunEventData<'node.completed'>;
      const kept = Object.entries(data.outputs).filter(([name]) => !moved.has(name));
      return { ...data, outputs: Object.fromEntries(kept), blobs: Object.fromEntries(moved) };
    }
    case 'output':
      return { ...(given as object), content: null, blob: moved.get('content') };
    case 'message.added':
      return { ...(given as object), text: '', blob: moved.get('text') };
    default: {
      const data = given as RunEventData<'run.succeeded'>;
      const { source, text } = data.output;
      const outputs = Object.entries(data.output.outputs).map(([id, output]) => {
        const blob = moved.get(id);
        return [id, blob ? { ...output, content: null, blob } : output];
      });
      return {
        ...data,
        output: {
          ...data.output,
          text: source !== null && moved.has(source) ? null : text,
          outputs: Object.fromEntries(outputs),
        },
      };
    }
  }
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value) ?? '');
}
