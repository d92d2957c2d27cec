import { atMost } from '#libs/kernel';

const END_MS = 2_000;

let end: (() => Promise<void>) | undefined;

/** Whether spans go anywhere; what makes them asks first, so that it costs nothing where they do not. */
export function isTracing(): boolean {
  return end !== undefined;
}

export function beginTracing(whenEnding: () => Promise<void>): void {
  end = whenEnding;
}

/** The last step of a process: sends the spans that it still has, as far as somebody takes them. */
export async function endTracing(): Promise<void> {
  if (end)
    await atMost(
      END_MS,
      end().catch(() => undefined),
    );
}
