import { join } from 'node:path';
import { projectRoot } from '#libs/config';
import { DEFAULTS } from '#libs/domain';
import type { SandboxProgram } from '#libs/sandbox';

/** The runner as it was built, and what it may read. */
export function nativeRunner(entry = 'apps/executor/src/engines/native/main.js'): SandboxProgram {
  const root = projectRoot();
  const dist = join(root, 'dist');
  return {
    entry: join(dist, entry),
    readable: [join(dist, '*'), join(root, 'node_modules', '*'), join(root, 'package.json')],
    memoryMiB: 256,
    maxFrameBytes: DEFAULTS.frameBytes,
  };
}
