import { TestRing } from '#libs/testing';
import { Books } from './books.ts';
import { busStorm } from './bus-storm.ts';
import { makeCalledTenant } from './called-tenant.ts';
import type { FromRing, RingOrders, ToRing } from './messages.ts';
import { randomFrom } from './random.ts';

/** One life of a ring, in a process that can be killed. */
const orders = JSON.parse(process.argv[2] ?? '{}') as RingOrders;
const { databaseUrl, directory, port, seed, booksPath } = orders;
const books = new Books(booksPath);
const ring = await TestRing.start({
  databaseUrl,
  directory,
  port,
  bus: { fault: books.faults(busStorm(randomFrom(seed))) },
});
books.attach(ring);
const { recorder, executor } = ring.standalone;
const say = (message: FromRing) => process.send?.(message);

process.on('message', (message: ToRing) => void obey(message));
say({ kind: 'ready', url: ring.url });

async function obey({ kind }: ToRing): Promise<void> {
  switch (kind) {
    case 'tenant':
      return void say({ kind, ...(await makeCalledTenant(ring)) });
    case 'runners':
      return void say({ kind, pids: executor.pool.processIds() });
    case 'counters':
      return void say({ kind, ...recorder.counters, sentEvents: executor.outbox.sentEvents });
    case 'end':
      await ring.stop();
      process.exit(0);
  }
}
