import { endTracing } from '#libs/telemetry';
import { TestRing } from '#libs/testing';
import { deployTraced, type Traced } from './traced.ts';

/** A ring in a process of its own, as telemetry comes before all else that a process does. */
const ring = await TestRing.start({ egressAllow: '127.0.0.1' });
const traced: Traced = { url: ring.url, ...(await deployTraced(await ring.tenant(), process.argv[2] ?? '')) };

process.on('disconnect', async () => {
  await ring.dispose();
  await endTracing();
  process.exit(0);
});
process.send?.(traced);
