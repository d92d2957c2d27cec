import { type ChildProcess, spawn } from 'node:child_process';

/** Reads `+pid` and `-pid`; when its writer is gone, kills what is left. */
const SCRIPT = `
pids=" "
while read -r line; do
  pid="\${line#?}"
  case "$line" in
    +*) pids="$pids$pid " ;;
    -*) pids="\${pids%% $pid *} \${pids#* $pid }" ;;
  esac
done
for pid in $pids; do kill -9 "$pid" 2>/dev/null; done
`;

/**
 * A runner ends by itself when its pipe closes, unless it is busy. The reaper, a shell that outlives us by a moment,
 * kills the busy ones too, so that none is left when we are killed.
 */
export class Reaper {
  private shell: ChildProcess | undefined;
  private readonly watched = new Set<number>();
  private isClosed = false;

  watch(child: ChildProcess): void {
    const { pid } = child;
    if (pid === undefined) return;
    this.watched.add(pid);
    this.tell(`+${pid}`);
    child.once('exit', () => {
      this.watched.delete(pid);
      this.tell(`-${pid}`);
    });
  }

  close(): void {
    this.isClosed = true;
    this.shell?.stdin?.end();
  }

  private tell(line: string): void {
    if (this.isClosed) return;
    this.shell ??= this.launch();
    this.shell.stdin?.write(`${line}\n`);
  }

  private launch(): ChildProcess {
    const shell = spawn('/bin/sh', ['-c', SCRIPT], {
      env: {},
      cwd: '/',
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    shell.unref();
    shell.stdin?.on('error', () => undefined);
    shell.once('exit', () => {
      this.shell = undefined;
      for (const pid of this.watched) this.tell(`+${pid}`);
    });
    return shell;
  }
}
