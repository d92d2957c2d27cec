import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { projectRoot } from '#libs/config';
import { AppStartError, isAlive } from '#libs/kernel';
import { Reaper } from '#libs/sandbox';

const OLDEST_JAVA = 17;
const COPY = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';
const HOW =
  'install a JDK 17 or newer and Maven (Debian, Ubuntu: apt-get install openjdk-17-jdk-headless maven; macOS: brew install openjdk maven, with JAVA_HOME set)';
const POLL_MS = 200;
const TELL_MS = 10_000;
const PATIENCE_MS = 600_000;

export type Say = (sentence: string) => void;

/** Why there can be no Kafka here, with what to do about it; nothing where there can be one. */
export function whyNoKafka(
  environment: NodeJS.ProcessEnv = process.env,
  jars = jarDirectory(),
): string | undefined {
  const { stderr, error } = spawnSync(javaOf(environment), ['-version'], {
    env: environment,
    encoding: 'utf8',
  });
  // "17.0.2" since 9, "1.8.0" before
  const version = Number(/version "(?:1\.)?(\d+)/.exec(error ? '' : stderr)?.[1] ?? 0);
  if (version === 0) return `Kafka needs Java, which is not here: ${HOW}.`;
  if (version < OLDEST_JAVA) return `Kafka needs Java ${OLDEST_JAVA} or newer, here is ${version}: ${HOW}.`;
  const folders = (environment['PATH'] ?? '').split(delimiter);
  if (!existsSync(jars) && !folders.some((folder) => existsSync(join(folder, 'mvn'))))
    return `Kafka is fetched by Maven, which is not here: ${HOW}.`;
  return undefined;
}

export function javaOf(environment: NodeJS.ProcessEnv = process.env): string {
  const home = environment['JAVA_HOME'];
  return home ? join(home, 'bin', 'java') : 'java';
}

/** The folder with what a broker consists of; fetched once, whoever asks at the same time. */
export async function brokerJars(
  say: Say,
  target = jarDirectory(),
  fetchInto: (folder: string) => Promise<void> = fetchByMaven,
): Promise<string> {
  const lock = `${target}.lock`;
  const startedMs = Date.now();
  const telling = setInterval(
    () => say(`Fetching Kafka … ${Math.round((Date.now() - startedMs) / 1000)} s`),
    TELL_MS,
  ).unref();
  mkdirSync(dirname(target), { recursive: true });
  try {
    while (!existsSync(target)) {
      if (takes(lock)) {
        try {
          say('Fetching Kafka …');
          await fetchWhole(target, fetchInto);
        } finally {
          rmSync(lock, { force: true });
        }
      } else if (Date.now() - startedMs > PATIENCE_MS) {
        throw new AppStartError(`Another process is fetching Kafka for too long: end it, or remove ${lock}.`);
      } else {
        await sleep(POLL_MS);
      }
    }
    return target;
  } finally {
    clearInterval(telling);
  }
}

function jarDirectory(): string {
  const sum = createHash('sha256').update(readFileSync(pom())).digest('hex').slice(0, 16);
  return join(projectRoot(), 'node_modules', '.cache', 'headgate', `kafka-${sum}`);
}

function pom(): string {
  return join(projectRoot(), 'scripts', 'kafka', 'pom.xml');
}

/** What is there under its name is whole. */
async function fetchWhole(target: string, fetchInto: (folder: string) => Promise<void>): Promise<void> {
  if (existsSync(target)) return;
  const partial = `${target}.${process.pid}`;
  rmSync(partial, { recursive: true, force: true });
  try {
    await fetchInto(partial);
    renameSync(partial, target);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

/** A lock of a process that is gone is nobody's. */
function takes(lock: string): boolean {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
  }
  try {
    const holder = Number(readFileSync(lock, 'utf8'));
    // it is empty for the moment between its making and its number
    if (holder > 0 && !isAlive(holder)) rmSync(lock, { force: true });
  } catch {
    // given back just now
  }
  return false;
}

async function fetchByMaven(folder: string): Promise<void> {
  const args = ['-q', '-B', '-ntp', '--strict-checksums', '-f', pom(), COPY];
  const settings = ['-DincludeScope=runtime', `-DoutputDirectory=${folder}`];
  await runToEnd('mvn', [...args, ...settings], 'Maven could not fetch Kafka');
}

/** A program that does not outlive us. */
export async function runToEnd(program: string, args: readonly string[], failure: string): Promise<void> {
  const reaper = new Reaper();
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  reaper.watch(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const code = await new Promise((resolve) => {
    child.once('error', (cause) => resolve(cause.message));
    child.once('close', (code, signal) => resolve(code ?? signal));
  });
  reaper.close();
  if (code !== 0) throw new AppStartError(`${failure} (${code}):\n${output.trim()}`);
}
