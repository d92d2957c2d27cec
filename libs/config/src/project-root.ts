import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder of the installation, whether this runs from sources or from what was built of them. */
export function projectRoot(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'nest-cli.json'))) {
    const above = dirname(folder);
    if (above === folder) throw new Error('the installation has no nest-cli.json');
    folder = above;
  }
  return folder;
}
