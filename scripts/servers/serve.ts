import { DEFAULTS } from '#libs/domain';
import { AppStartError, type Ending, mainProcess } from '#libs/kernel';
import { isServed } from '#libs/testing';
import { DataDirectory } from '../../apps/standalone/src/data-directory.ts';
import type { Server } from './servers.config.ts';

const DAY_MS = 86_400_000;

/** Runs a server until Ctrl-C; prints the variable that leads to it, alone on a line. */
export function serve(
  serverOf: () => Server,
  variable: string,
  begin: (server: Server, directory: DataDirectory, ending: Ending) => Promise<string>,
): void {
  mainProcess(DEFAULTS.shutdownGraceMs, async (ending) => {
    const server = serverOf();
    const { name, port } = server;
    const directory = DataDirectory.take(server.directory);
    ending.add(() => directory.release());
    try {
      process.stdout.write(`${variable}=${await begin(server, directory, ending)}\n`);
    } catch (cause) {
      if (!(await isServed(port))) throw cause;
      throw new AppStartError(
        `The port ${port} is taken: stop what listens there, or set ${name.toUpperCase()}_PORT to another one.`,
      );
    }
    // nothing else of ours keeps this process: the server is one of its own
    setInterval(() => undefined, DAY_MS);
    process.stderr.write(`${name} keeps its data in ${server.directory}. Ctrl-C ends it.\n`);
  });
}
