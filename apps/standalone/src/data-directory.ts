import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppStartError, isAlive } from '#libs/kernel';

/** The directory of one installation; one process at a time has it. */
export class DataDirectory {
  private constructor(readonly path: string) {}

  static take(path: string): DataDirectory {
    try {
      // others may pass through to what is theirs within; root's embedded Postgres runs as another user
      mkdirSync(path, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 });
      const directory = new DataDirectory(path);
      directory.lock();
      return directory;
    } catch (cause) {
      if (cause instanceof AppStartError) throw cause;
      throw new AppStartError(
        `The data directory ${path} cannot be used (${(cause as Error).message}): set HEADGATE_DATA_DIR to another one.`,
      );
    }
  }

  /** The process that has it now. */
  static holderOf(path: string): number | undefined {
    const holder = readHolder(join(path, 'lock'));
    return holder && holder.pid > 0 && isAlive(holder.pid) && startOf(holder.pid) === holder.start
      ? holder.pid
      : undefined;
  }

  file(name: string): string {
    return join(this.path, name);
  }

  release(): void {
    rmSync(this.file('lock'), { force: true });
  }

  private lock(): void {
    const lock = this.file('lock');
    const mine = `${lock}.${randomBytes(6).toString('hex')}`;
    writeFileSync(mine, `${process.pid}\n${startOf(process.pid)}\n`, { mode: 0o600 });
    try {
      for (let tries = 0; tries < 10; tries += 1) {
        try {
          linkSync(mine, lock);
          return;
        } catch (cause) {
          if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
        }
        const holder = DataDirectory.holderOf(this.path);
        if (holder !== undefined) {
          throw new AppStartError(
            `Another Headgate (process ${holder}) uses the data directory ${this.path}: stop it, or set HEADGATE_DATA_DIR.`,
          );
        }
        // a lock whose process is gone: whoever moves it away first tries again first
        const stale = `${mine}.stale`;
        try {
          renameSync(lock, stale);
          rmSync(stale, { force: true });
        } catch {
          // another one was faster
        }
      }
      throw new AppStartError(`The lock of the data directory ${this.path} could not be taken: try again.`);
    } finally {
      rmSync(mine, { force: true });
    }
  }
}

function readHolder(lock: string): { pid: number; start: string } | undefined {
  try {
    const [pid = '', start = ''] = readFileSync(lock, 'utf8').split('\n');
    return { pid: Number(pid), start };
  } catch {
    return undefined;
  }
}

/** When a process was started, so that a number that was given again is not taken for it; empty where nothing tells. */
function startOf(pid: number): string {
  try {
    // after the name, which may hold anything, the twentieth field
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return startAfterPs(pid);
  }
}

function startAfterPs(pid: number): string {
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { LC_ALL: 'C' },
    }).trim();
  } catch {
    return '';
  }
}
