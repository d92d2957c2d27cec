import { setTimeout as sleep } from 'node:timers/promises';
import { DEFAULTS } from '#libs/domain';
import { AppStartError, isAlive, mainProcess } from '#libs/kernel';
import { DataDirectory } from '../../apps/standalone/src/data-directory.ts';
import type { Server } from './servers.config.ts';

const POLL_MS = 50;

/** Ends the server that runs in another terminal, as Ctrl-C does there. */
export function stop(serverOf: () => Server): void {
  mainProcess(DEFAULTS.shutdownGraceMs, async (ending) => {
    const { name, directory } = serverOf();
    const pid = DataDirectory.holderOf(directory);
    if (pid === undefined) {
      process.stdout.write(`No ${name} runs in ${directory}.\n`);
    } else {
      process.kill(pid, 'SIGTERM');
      const deadline = performance.now() + 2 * DEFAULTS.shutdownGraceMs;
      while (isAlive(pid)) {
        if (performance.now() > deadline) throw new AppStartError(`${name} (process ${pid}) does not end.`);
        await sleep(POLL_MS);
      }
      process.stdout.write(`${name} (process ${pid}) has ended.\n`);
    }
    await ending.end(0);
  });
}
