import { contentHash } from '#libs/crypto';
import { DEFAULTS } from '#libs/domain';
import { Plan } from '#libs/engine';
import { Recent } from '#libs/kernel';

/** What was granted could not be fetched or put now. The next attempt has grants of its own. */
export class BlobUnavailable extends Error {}

/** A blob store that does not answer must not hold a run for ever. */
export const BLOB_TIMEOUT_MS = 30_000;

/** Fetches content, and checks it where its hash is known. */
export async function fetchGranted(url: string, signal?: AbortSignal, hash?: string): Promise<Buffer> {
  const reached = <Part>(part: Promise<Part>) =>
    part.catch((cause: unknown) => {
      throw new BlobUnavailable('the blob store cannot be reached', { cause });
    });
  const answer = await reached(fetch(url, { signal: within(BLOB_TIMEOUT_MS, signal) }));
  if (!answer.ok) throw new BlobUnavailable(`the blob store answered ${answer.status}`);
  const length = Number(answer.headers.get('content-length') ?? 0);
  if (length > DEFAULTS.frameBytes) throw new Error(`a blob may hold ${DEFAULTS.frameBytes} bytes`);
  const content = Buffer.from(await reached(answer.arrayBuffer()));
  if (hash !== undefined && contentHash(content) !== hash) throw new Error('it is not what its hash says');
  return content;
}

/** A signal of its own, or of whoever ends first. */
export function within(timeoutMs: number, signal?: AbortSignal): AbortSignal {
  const timeout = AbortSignal.timeout(timeoutMs);
  return signal ? AbortSignal.any([signal, timeout]) : timeout;
}

const MAX_PLANS = 500;

/** Plans by hash: immutable, so a plan that is here is right. Those used longest ago are dropped. */
export class PlanCache {
  private readonly plans = new Recent<string, Promise<Plan>>(MAX_PLANS);

  get(hash: string, url: string): Promise<Plan> {
    const known = this.plans.get(hash);
    if (known) {
      this.plans.set(hash, known);
      return known;
    }
    const plan = this.fetch(hash, url);
    this.plans.set(hash, plan);
    plan.catch(() => this.plans.delete(hash));
    return plan;
  }

  private async fetch(hash: string, url: string): Promise<Plan> {
    const content = await fetchGranted(url, undefined, hash);
    return Plan.parse(JSON.parse(content.toString('utf8')));
  }
}
