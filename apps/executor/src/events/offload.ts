import type { RunEventData, StagedBlob } from '#libs/contracts';
import { DEFAULTS, type RunEventType } from '#libs/domain';

type Upload = (content: Uint8Array) => Promise<StagedBlob>;

/** Values below this stay where they are. */
const SMALL = DEFAULTS.eventInlineBytes / 8;

/** Moves the large values of an event out of it; what stays fits the log. */
export async function offload(
  type: RunEventType,
  data: unknown,
  upload: Upload,
): Promise<{ data: unknown; staged: StagedBlob[] }> {
  const staged = new Map<number, StagedBlob>();
  const put = async (value: unknown) => {
    const blob = await upload(Buffer.from(JSON.stringify(value), 'utf8'));
    staged.set(blob.i, blob);
    return { hash: blob.hash, size: blob.size };
  };
  const moved = await moveOut(type, data, put);
  return { data: moved, staged: [...staged.values()] };
}

async function moveOut(
  type: RunEventType,
  given: unknown,
  put: (value: unknown) => Promise<{ hash: string; size: number }>,
) {
  switch (type) {
    case 'node.completed': {
      const data = given as RunEventData<'node.completed'>;
      const outputs: Record<string, unknown> = {};
      const blobs: Record<string, { hash: string; size: number }> = {};
      for (const [name, value] of Object.entries(data.outputs)) {
        if (isLarge(value)) blobs[name] = await put(value);
        else outputs[name] = value;
      }
      return { ...data, outputs, blobs };
    }
    case 'output': {
      const data = given as RunEventData<'output'>;
      return isLarge(data.content) ? { ...data, content: null, blob: await put(data.content) } : data;
    }
    case 'message.added': {
      const data = given as RunEventData<'message.added'>;
      return isLarge(data.text) ? { ...data, text: '', blob: await put(data.text) } : data;
    }
    case 'run.succeeded': {
      const data = given as RunEventData<'run.succeeded'>;
      const outputs: typeof data.output.outputs = {};
      for (const [id, output] of Object.entries(data.output.outputs)) {
        outputs[id] = isLarge(output.content)
          ? { ...output, content: null, blob: await put(output.content) }
          : output;
      }
      const { source } = data.output;
      const text = source !== null && outputs[source]?.blob ? null : data.output.text;
      return { ...data, output: { ...data.output, text, outputs } };
    }
    default:
      return given;
  }
}

function isLarge(value: unknown): boolean {
  return Buffer.byteLength(JSON.stringify(value) ?? '') > SMALL;
}
