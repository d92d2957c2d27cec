import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { asKafkaAdmin, type KafkaSettings } from '#libs/bus';
import { AppStartError } from '#libs/kernel';
import { Reaper } from '#libs/sandbox';
import { createLogger } from '#libs/telemetry';
import { brokerJars, javaOf, runToEnd, type Say, whyNoKafka } from './broker-jars.ts';
import { freePort, isFree, isServed } from './broker-ports.ts';
import { ADMIN, type BrokerUsers, brokerProperties, MECHANISM } from './broker-properties.ts';

export interface KafkaBrokerOptions {
  directory: string;
  /** Of 127.0.0.1; any that is free where it is not given. */
  port?: number;
  /** Nobody else may connect; anybody may where there are none. */
  users?: BrokerUsers;
  /** Told what takes long. */
  say?: Say;
  /** Told when the broker ended by itself. */
  ended?: (reason: string) => void;
}

const JVM = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto'];
const LOGGING = ['logFile=System.out', 'showDateTime=true', 'defaultLogLevel=warn'];
/** Any sixteen bytes. */
const CLUSTER_ID = 'aGVhZGdhdGVoZWFkZ2F0ZQ';
const START_MS = 90_000;
const STOP_MS = 20_000;
const POLL_MS = 50;
const LOG_LINES = 20;
const silent = createLogger('kafka', 'silent');

/** A real Kafka of one broker in a directory. It ends with the process that started it, however that ends. */
export class KafkaBroker {
  private child: ChildProcess | undefined;
  private reaper = new Reaper();
  private ports: { port: number; controllerPort: number } | undefined;
  private isStopping = false;

  constructor(private readonly options: KafkaBrokerOptions) {}

  /** Resolves with `host:port` when the broker answers; after `stop` or `kill` it goes on with its data and port. */
  async start(): Promise<string> {
    const { directory, say = sayOnStandardError } = this.options;
    const why = whyNoKafka();
    if (why !== undefined) throw new AppStartError(why);
    this.isStopping = false;
    const jars = await brokerJars(say);
    this.ports ??= await this.choosePorts();
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const properties = brokerProperties({ directory, users: this.options.users, ...this.ports });
    writeFileSync(this.propertiesFile, properties, { mode: 0o600 });
    if (!existsSync(join(directory, 'data', 'meta.properties'))) await this.format(jars);
    if (this.isStopping) throw new AppStartError('Kafka was stopped while it started.');
    const child = this.launch(jars);
    await this.whenAnswering(child);
    return this.address;
  }

  get directory(): string {
    return this.options.directory;
  }

  get address(): string {
    return `127.0.0.1:${this.ports?.port}`;
  }

  /** How one of the users connects. */
  settings(username: string = ADMIN): KafkaSettings {
    const password = this.options.users?.[username];
    return {
      brokers: [this.address],
      clientId: username,
      ...(password !== undefined && { sasl: { mechanism: 'scram-sha-512', username, password } }),
    };
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    const { child } = this;
    if (child) {
      this.thaw();
      child.kill('SIGTERM');
      const forcing = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      await this.whenEnded(child);
      clearTimeout(forcing);
    }
    this.reaper.close();
    this.reaper = new Reaper();
  }

  /** As a power cut of the process: nothing is written any more. */
  async kill(): Promise<void> {
    this.isStopping = true;
    const { child } = this;
    child?.kill('SIGKILL');
    if (child) await this.whenEnded(child);
  }

  /** It keeps its connections and answers nothing. */
  freeze(): void {
    this.child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.child?.kill('SIGCONT');
  }

  private get propertiesFile(): string {
    return join(this.options.directory, 'server.properties');
  }

  private get logFile(): string {
    return join(this.options.directory, 'kafka.log');
  }

  private async choosePorts(): Promise<{ port: number; controllerPort: number }> {
    const { port = await freePort() } = this.options;
    if (!(await isFree(port)))
      throw new AppStartError(`The port ${port} is taken: stop what listens there, or set another one.`);
    let controllerPort = await freePort();
    while (controllerPort === port) controllerPort = await freePort();
    return { port, controllerPort };
  }

  private async format(jars: string): Promise<void> {
    const users = Object.entries(this.options.users ?? {}).flatMap(([name, password]) => [
      '--add-scram',
      `${MECHANISM}=[name=${name},password=${password}]`,
    ]);
    const what = ['kafka.tools.StorageTool', 'format', '-t', CLUSTER_ID, '-c', this.propertiesFile, ...users];
    const args = [...JVM, '-Xmx96m', '-cp', join(jars, '*'), ...what];
    await runToEnd(javaOf(), args, `Kafka could not make its data in ${this.options.directory}`);
  }

  private launch(jars: string): ChildProcess {
    const log = openSync(this.logFile, 'a', 0o600);
    const logging = LOGGING.map((setting) => `-Dorg.slf4j.simpleLogger.${setting}`);
    const memory = ['-Xms64m', '-Xmx256m', '-XX:+ExitOnOutOfMemoryError'];
    // a session of its own: Ctrl-C in a terminal must not reach it before those who use it
    const child = spawn(
      javaOf(),
      [...memory, ...JVM, ...logging, '-cp', join(jars, '*'), 'kafka.Kafka', this.propertiesFile],
      { cwd: this.options.directory, detached: true, stdio: ['ignore', log, log] },
    );
    closeSync(log);
    this.child = child;
    this.reaper.watch(child);
    child.once('exit', (code, signal) => {
      this.child = undefined;
      if (!this.isStopping) this.options.ended?.(`Kafka ended by itself (${signal ?? code})`);
    });
    return child;
  }

  private async whenAnswering(child: ChildProcess): Promise<void> {
    const deadline = performance.now() + START_MS;
    while (!(await this.answers())) {
      const hasEnded = this.child !== child;
      if (hasEnded && this.isStopping) throw new AppStartError('Kafka was stopped while it started.');
      if (hasEnded || performance.now() > deadline) {
        const log = readFileSync(this.logFile, 'utf8').trim().split('\n').slice(-LOG_LINES).join('\n');
        await this.stop();
        throw new AppStartError(`Kafka did not start; its log (${this.logFile}) ends with:\n${log}`);
      }
      await sleep(POLL_MS);
    }
  }

  /** An open port is not enough: a broker takes connections before it knows its controller. */
  private async answers(): Promise<boolean> {
    if (!this.ports || !(await isServed(this.ports.port))) return false;
    try {
      const { brokers } = await asKafkaAdmin(this.settings(), silent, (admin) => admin.describeCluster());
      return brokers.length > 0;
    } catch {
      return false;
    }
  }

  private async whenEnded(child: ChildProcess): Promise<void> {
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
}

function sayOnStandardError(sentence: string): void {
  process.stderr.write(`${sentence}\n`);
}
