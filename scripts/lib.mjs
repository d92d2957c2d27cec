/** What the scripts share. They run on any Node from 20 on; what they start runs on the one that is a dependency. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';

export const ROOT = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..');
/** What runs from `dist`: the product, the servers of a developer, and the processes that bench and storm start. */
const BUILT = ['apps', 'libs', 'scripts/servers', 'test/bench', 'test/chaos'];
const STAMPS = join(ROOT, 'node_modules', '.cache', 'headgate');
const BIN = join(ROOT, 'node_modules', '.bin');

/** Node 24 first, whatever the host has. */
export const ENV = {
  ...process.env,
  PATH: [join(ROOT, 'node_modules', 'node', 'bin'), BIN, process.env.PATH].join(delimiter),
  // nothing of Prisma's native engines is used
  PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
};

/** Installs, generates and builds what is missing or stale; does nothing twice. */
export async function prepare() {
  await once(
    'installed',
    contentOf(['package.json', 'package-lock.json']),
    'Installing dependencies',
    install,
  );
  await once(
    'generated',
    contentOf(['prisma/schema', 'package-lock.json']),
    'Generating the database client',
    () => run('prisma', ['generate'], { quiet: true }),
  );
  await once('built', shapeOf([...BUILT, '.swcrc']), 'Building', build);
}

async function install() {
  await run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  if (!existsSync(join(ROOT, 'node_modules', 'node', 'bin', 'node'))) {
    fail(
      'The package "node" did not install its program: allow its install script (npm install-scripts) and try again.',
    );
  }
}

/** A build that is cut short leaves the last one as it was. */
async function build() {
  const [dist, next] = [join(ROOT, 'dist'), join(ROOT, 'dist.next')];
  rmSync(next, { recursive: true, force: true });
  await run('swc', [...BUILT, '--ignore', '**/*.spec.ts', '-d', 'dist.next', '--quiet'], { quiet: true });
  rmSync(dist, { recursive: true, force: true });
  renameSync(next, dist);
}

/** Does a piece of work unless it was done for the same input; says how long it takes. */
async function once(name, input, title, work) {
  const stamp = join(STAMPS, name);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === input && existsSync(OUTPUTS[name])) return;
  const startedMs = Date.now();
  const seconds = () => Math.round((Date.now() - startedMs) / 1000);
  process.stdout.write(`${title} …\n`);
  const ticking = setInterval(() => process.stdout.write(`${title} … ${seconds()} s\n`), 10_000);
  try {
    await work();
  } finally {
    clearInterval(ticking);
  }
  mkdirSync(STAMPS, { recursive: true });
  writeFileSync(stamp, input);
}

const OUTPUTS = {
  installed: join(ROOT, 'node_modules', 'node', 'bin', 'node'),
  generated: join(ROOT, 'libs', 'database', 'src', 'generated', 'client.ts'),
  built: join(ROOT, 'dist', 'apps', 'standalone', 'src', 'main.js'),
};

/** Runs a program of the project to its end; a failure ends us. */
export async function run(program, args, { quiet = false, env = ENV } = {}) {
  const { code, output } = await capture(program, args, { env, inherit: !quiet });
  if (code === 0) return;
  if (quiet) process.stderr.write(output);
  fail(`${program} ${args.join(' ')} failed.`);
}

/** Runs a program and gives its exit code and what it said. */
export function capture(program, args, { env = ENV, inherit = false } = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: ROOT,
      env,
      stdio: inherit ? 'inherit' : ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout?.on('data', (chunk) => (output += chunk));
    child.stderr?.on('data', (chunk) => (output += chunk));
    child.once('error', (cause) => resolve({ code: 1, output: `${program}: ${cause.message}\n` }));
    child.once('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

/** Runs a built program in this process, or on the Node that is a dependency; what is named behind it is loaded first. */
export async function launch(main, ...before) {
  const built = (path) => join(ROOT, 'dist', path);
  const href = (path) => pathToFileURL(built(path)).href;
  if (NODE_MAJOR >= 24) {
    process.setSourceMapsEnabled(true);
    // as `--import` has it in a process of its own
    for (const path of [...before, main]) await import(href(path));
    return;
  }
  const imports = before.flatMap((path) => ['--import', href(path)]);
  // the pipe between us tells it when we are killed
  const child = spawn('node', ['--enable-source-maps', ...imports, built(main)], {
    env: ENV,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  child.once('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
}

export function fail(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
}

/** The content of files, as a hash. */
function contentOf(paths) {
  const hash = createHash('sha256').update(`${process.platform}-${process.arch}`);
  for (const path of filesIn(paths)) hash.update(path).update(readFileSync(path));
  return hash.digest('hex');
}

/** Names, sizes and times of files: as good as their content, and read in a moment. */
function shapeOf(paths) {
  const hash = createHash('sha256');
  for (const path of filesIn(paths).filter((name) => !name.endsWith('.spec.ts'))) {
    const { size, mtimeMs } = statSync(path);
    hash.update(`${path}|${size}|${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

function filesIn(paths) {
  return paths.flatMap((path) => {
    const full = join(ROOT, path);
    if (!existsSync(full)) return [];
    if (statSync(full).isFile()) return [full];
    return readdirSync(full, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
      .sort();
  });
}

/** Major version of this Node. */
export const NODE_MAJOR = Number(process.versions.node.split('.')[0]);
