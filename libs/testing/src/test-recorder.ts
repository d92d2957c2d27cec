import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileBlobStore } from '#libs/blobs';
import { EmbeddedBus, type EmbeddedBusOptions } from '#libs/bus';
import {
  type BusMessage,
  type ReportedEvent,
  RunEvents,
  type RunSpan,
  RunSpans,
  TOPICS,
} from '#libs/contracts';
import { runToken } from '#libs/crypto';
import { createPool, type Pool } from '#libs/database';
import { newId, SystemClock } from '#libs/kernel';
import { createLogger } from '#libs/telemetry';
import type { EventCounters } from '../../../apps/recorder/src/events/event-counters.ts';
import { Recorder } from '../../../apps/recorder/src/recorder.ts';
import { type RunRef, SqlRuns } from './sql-runs.ts';
import { until } from './until.ts';

const CELL_KEY = Buffer.alloc(32, 7);
const EXECUTOR = newId();
const USAGE = { inputTokens: 0, outputTokens: 0, totalTokens: 0, computeMs: 1, queueMs: 1, attempts: 1 };
const OUTPUT = { text: 'hi', source: null, reason: 'none', outputs: {} };

/** Data of each type that a test reports, as an executor would write it. */
const DATA: Partial<Record<ReportedEvent['type'], unknown>> = {
  'run.started': { contentHash: 'h', engine: 'native', executorId: EXECUTOR, warm: true },
  log: { nodeId: 'n', level: 'info', text: 'a line' },
  'run.succeeded': { output: OUTPUT, usage: USAGE },
  'run.cancelled': { confirmed: true, usage: USAGE },
};

export interface DeadLetterRow {
  topic: string;
  partition: number;
  offset: string;
  key: Buffer;
  value: Buffer;
  headers: Record<string, string>;
  reason: string;
}

export interface TestRecorderOptions extends EmbeddedBusOptions {
  /** The recorder's own way to the database. */
  databaseUrl?: (url: string) => Promise<string>;
}

/** A recorder on a database and a bus of its own; the executors that report to it are played by the test. */
export class TestRecorder {
  private constructor(
    readonly runs: SqlRuns,
    readonly bus: EmbeddedBus,
    readonly pool: Pool,
    readonly recorder: Recorder,
    readonly blobs: FileBlobStore,
    readonly blobDirectory: string,
  ) {}

  static async create({ databaseUrl, ...options }: TestRecorderOptions = {}): Promise<TestRecorder> {
    const runs = await SqlRuns.create();
    const bus = new EmbeddedBus({ partitions: 2, ...options });
    const url = runs.database.url('hg_recorder');
    const pool = createPool({ url: databaseUrl ? await databaseUrl(url) : url, size: 3, name: 'recorder' });
    const blobDirectory = mkdtempSync(join(tmpdir(), 'headgate-recorder-'));
    const blobs = new FileBlobStore({
      directory: blobDirectory,
      baseUrl: () => 'http://gateway',
      signingKey: Buffer.alloc(32),
      clock: new SystemClock(),
    });
    const recorder = new Recorder({
      bus,
      pool,
      blobs,
      cellKey: CELL_KEY,
      log: createLogger('test', 'silent'),
    });
    await recorder.start(true);
    return new TestRecorder(runs, bus, pool, recorder, blobs, blobDirectory);
  }

  async dispose(): Promise<void> {
    await this.recorder.stop();
    await this.bus.close();
    await this.pool.end();
    await this.runs.dispose();
    await rm(this.blobDirectory, { recursive: true, force: true });
  }

  get counters(): EventCounters {
    return this.recorder.counters;
  }

  /** What an executor reports of an attempt; all runs that come after one another share a partition. */
  report(
    { organizationId, runId }: RunRef,
    events: readonly ReportedEvent[],
    { attempt = 1, token, partition = 0 }: { attempt?: number; token?: string; partition?: number } = {},
  ): BusMessage {
    const name = { organizationId, runId, attempt, executorId: EXECUTOR };
    const message = RunEvents.encode(organizationId, {
      runId,
      attempt,
      executorId: EXECUTOR,
      runToken: token ?? runToken(CELL_KEY, name),
      events: [...events],
    });
    return { ...message, partition };
  }

  /** What an executor tells of an attempt's time. */
  spans(
    { organizationId, runId }: RunRef,
    spans: readonly RunSpan[],
    { attempt = 1, part = 0, token }: { attempt?: number; part?: number; token?: string } = {},
  ): BusMessage {
    const name = { organizationId, runId, attempt, executorId: EXECUTOR };
    const times = { queueMs: 3, placementMs: 2, dropped: 1 };
    const message = RunSpans.encode(organizationId, {
      ...{ runId, attempt, executorId: EXECUTOR, part, ...times },
      runToken: token ?? runToken(CELL_KEY, name),
      spans: [...spans],
    });
    return { ...message, partition: 0 };
  }

  /** Publishes in one go, so that what stands in one partition is one batch; resolves when it has been dealt with. */
  async take(...messages: BusMessage[]): Promise<void> {
    const places = await this.bus.publish(messages);
    await until('all is dealt with', () =>
      places.every(({ partition, offset }, index) => {
        const log = this.bus['logsOf'](messages[index]?.topic ?? '')[partition];
        return log !== undefined && log['base'] > offset;
      }),
    );
  }

  /** How far the recorder has come in a partition, by its own word. */
  async position(partition = 0): Promise<number | undefined> {
    const [row] = await this.runs.database.rows<{ offset: string }>(
      'select "offset" from recorder_position where topic = $1 and partition = $2',
      [TOPICS.runEvent, partition],
    );
    return row && Number(row.offset);
  }

  letters(): Promise<DeadLetterRow[]> {
    return this.runs.database.rows<DeadLetterRow>('select * from dead_letter order by created_at, id');
  }

  /** Lets Postgres refuse every event of one run, as if it could not be stored. */
  async refuse({ runId }: RunRef, type = 'log'): Promise<void> {
    await this.runs.database.rows(
      `create or replace function refuse() returns trigger language plpgsql as $$ begin
         if new.run_id = '${runId}' and new.type = '${type}' then raise exception 'this row is refused'; end if;
         return new;
       end $$`,
    );
    await this.runs.database.rows(
      'create or replace trigger refuse before insert on run_event for each row execute function refuse()',
    );
  }
}

/** An event as an executor reports it. */
export function reported(
  n: number,
  type: ReportedEvent['type'],
  more: Partial<ReportedEvent> = {},
): ReportedEvent {
  return { n, type, elapsedMs: n, data: JSON.stringify(DATA[type] ?? {}), ...more };
}

/** What an attempt reports: its start, log lines, and where it is asked for an end. */
export function reportedEvents(count: number, end?: ReportedEvent['type']): ReportedEvent[] {
  return Array.from({ length: count }, (_, index) => {
    const n = index + 1;
    return reported(n, n === 1 ? 'run.started' : n === count && end ? end : 'log');
  });
}

/** What a recorder's counters break of their promise over what it has taken. */
export function counterFaults(counters: Readonly<EventCounters>, taken: number): string[] {
  const { delivered, written, duplicate, fenced, dead } = counters;
  const faults: string[] = [];
  if (delivered !== taken) faults.push(`${delivered} events are counted as delivered, of ${taken}`);
  const answered = written + duplicate + fenced + dead;
  if (answered !== taken) faults.push(`${answered} events are answered for, of ${taken}`);
  return faults;
}
