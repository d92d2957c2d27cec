import { inspect } from 'node:util';
import { AppStartError } from './app-start-error.ts';
import { Ending } from './ending.ts';

/**
 * A process of the product: what it begins ends with a signal, in a bounded time; what cannot begin is said in a sentence.
 * `explain` knows more causes that are not ours.
 */
export function mainProcess(
  graceMs: number,
  begin: (ending: Ending) => Promise<void>,
  explain: (cause: unknown) => string | undefined = () => undefined,
): void {
  const ending = new Ending(graceMs, (code, reason) => {
    if (reason !== undefined) process.stderr.write(`${reason}\n`);
    process.exit(code);
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => ending.asked());
  // whoever started us with a pipe between us is gone, perhaps before we listened
  process.once('disconnect', () => void ending.end(0));
  if (process.send && !process.connected) void ending.end(0);
  begin(ending).catch(async (cause: unknown) => {
    const said = cause instanceof AppStartError ? cause.message : (explain(cause) ?? inspect(cause));
    process.stderr.write(`${said}\n`);
    await ending.end(1);
  });
}
