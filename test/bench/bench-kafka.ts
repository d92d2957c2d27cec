import { whyNoKafka } from '#libs/testing';
import { KafkaCell } from './kafka-cell.ts';
import { takeKafkaFloors } from './kafka-floors.ts';
import { load, once, quantile } from './load.ts';
import { measureDrains } from './measure-drains.ts';
import { COMPARED_CALLERS, measureKafkaEcho } from './measure-kafka-echo.ts';
import { measureOrganizations } from './measure-organizations.ts';
import { measureStarted } from './measure-started.ts';
import { ProductProcess } from './product-process.ts';
import type { Line } from './report.ts';
import { inDirectory, publish, say } from './scratch.ts';

const SECONDS = Number(process.env['HEADGATE_BENCH_SECONDS'] ?? 6);
const DRAIN = Number(process.env['HEADGATE_BENCH_DRAIN'] ?? 10_000);
/** Both installations are warmed alike. */
const WARM_UP = { callers: COMPARED_CALLERS, seconds: SECONDS };

const why = whyNoKafka();
if (why !== undefined) {
  say(why);
  process.exit(1);
}
const lines: Line[] = [];
try {
  say('the embedded bus, before …');
  const embedded = [await embeddedThroughput()];
  const throughput = await inDirectory(async (directory) => {
    say('broker, database and four processes …');
    const cell = await KafkaCell.start(directory);
    try {
      say('floors …');
      const floors = await takeKafkaFloors(cell.broker.address, cell.databaseUrl, SECONDS);
      lines.push(...floors.lines);
      await cell.cell.startAll();
      const echo = await cell.echo();
      lines.push({ name: 'the first run of the cell', value: await once(echo), unit: 'ms' });
      const warming = await load(echo, WARM_UP.callers, WARM_UP.seconds);
      lines.push({
        name: `warm-up of ${WARM_UP.seconds} s, ${WARM_UP.callers} callers: p50`,
        value: quantile(warming.latenciesMs, 0.5),
        unit: 'ms',
      });
      say('echo …');
      let compared = Number.NaN;
      for (const callers of [1, 16, 32, 64]) {
        const measured = await measureKafkaEcho(cell, floors, callers, SECONDS);
        lines.push(...measured.lines);
        if (callers === COMPARED_CALLERS) compared = measured.throughput;
      }
      // at once, while the cell rests: what the machine does otherwise changes from minute to minute
      say('the embedded bus, after …');
      embedded.push(await embeddedThroughput());
      say('starts …');
      lines.push(...(await measureStarted(cell, floors)));
      say('drains …');
      lines.push(...(await measureDrains(cell, DRAIN)));
      say('organizations …');
      lines.push(...(await measureOrganizations(cell, Math.ceil(DRAIN / 10))));
      return compared;
    } finally {
      await cell.end();
    }
  });
  const mean = embedded.reduce((sum, one) => sum + one, 0) / embedded.length;
  lines.push(
    {
      name: `the embedded bus, ${COMPARED_CALLERS} callers, before`,
      value: embedded[0] ?? Number.NaN,
      unit: 'runs/s',
    },
    {
      name: `the embedded bus, ${COMPARED_CALLERS} callers, after`,
      value: embedded[1] ?? Number.NaN,
      unit: 'runs/s',
    },
    {
      name: `Kafka to the embedded bus, ${COMPARED_CALLERS} callers`,
      value: (throughput / mean) * 100,
      unit: '%',
      mark: { is: 'at least', value: 50, of: 'the embedded bus' },
    },
  );
} finally {
  // what was measured before something failed was measured
  publish('bench-kafka.json', lines);
}

/** The same bench on the embedded bus. */
function embeddedThroughput(): Promise<number> {
  return inDirectory(async (directory) => {
    const product = await ProductProcess.start(directory, '');
    try {
      await product.warmUp();
      await load(await product.echo(), WARM_UP.callers, WARM_UP.seconds);
      const { perSecond } = await load(await product.echo(), COMPARED_CALLERS, SECONDS);
      return perSecond;
    } finally {
      await product.end();
    }
  });
}
