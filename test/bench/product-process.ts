import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { echoFlow } from '#libs/testing';
import type { Counters } from './counted.ts';
import { load, runTarget, type Target } from './load.ts';
import type { Measurable } from './measurable.ts';
import type { FromProduct, ToProduct } from './messages.ts';
import { postmaster } from './processes.ts';

type Deploy = Extract<ToProduct, { kind: 'deploy' }>;

/** The product's process, asked one thing at a time. */
export class ProductProcess implements Measurable {
  private echoTarget: Target | undefined;

  private constructor(
    private readonly child: ChildProcess,
    private readonly directory: string,
    readonly url: string,
    readonly databaseUrl: string,
  ) {}

  static async start(directory: string, egressAllow: string): Promise<ProductProcess> {
    const child = fork(join(import.meta.dirname, 'product.js'), [directory, egressAllow]);
    const { url, databaseUrl } = await answer(child, 'ready');
    return new ProductProcess(child, directory, url, databaseUrl);
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  get parts(): { product: number[]; Postgres: number[] } {
    return { product: [this.pid], Postgres: [postmaster(this.directory)] };
  }

  get roots(): number[] {
    return Object.values(this.parts).flat();
  }

  /** Deploys a flow in an organization of its own; gives the call that runs it and waits. */
  async deploy({
    name,
    definition,
    variables = [],
  }: Pick<Deploy, 'name' | 'definition'> & Partial<Deploy>): Promise<Target> {
    this.child.send({ kind: 'deploy', name, definition, variables } satisfies ToProduct);
    const { token } = await answer(this.child, 'deployed');
    return runTarget(this.url, { name, token });
  }

  async echo(): Promise<Target> {
    this.echoTarget ??= await this.deploy({ name: 'echo', definition: echoFlow() });
    return this.echoTarget;
  }

  async warmUp(): Promise<void> {
    await load(await this.echo(), 8, 3);
  }

  async counters(): Promise<Counters> {
    this.child.send({ kind: 'counters' } satisfies ToProduct);
    return (await answer(this.child, 'counters')).counters;
  }

  async end(): Promise<void> {
    const exited = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.send({ kind: 'end' } satisfies ToProduct);
    await exited;
  }
}

function answer<Kind extends FromProduct['kind']>(
  child: ChildProcess,
  kind: Kind,
): Promise<Extract<FromProduct, { kind: Kind }>> {
  return new Promise((resolve, reject) => {
    const failed = () => reject(new Error('the product ended'));
    child.once('exit', failed);
    child.once('message', (message: FromProduct) => {
      child.off('exit', failed);
      if (message.kind === kind) resolve(message as Extract<FromProduct, { kind: Kind }>);
      else reject(new Error(`the product said ${message.kind} for ${kind}`));
    });
  });
}
