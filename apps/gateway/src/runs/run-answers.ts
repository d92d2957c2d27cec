import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RunEventData } from '#libs/contracts';
import { isTerminalEvent, type TerminalState } from '#libs/domain';
import { ProblemFilter, withRequest } from '#libs/http';
import { Turns } from '#libs/kernel';
import { eventText } from '#libs/runs';
import { AccessRecheck } from '../access/access-recheck.ts';
import type { Actor } from '../access/actor.ts';
import type { AnswerWish } from './answer-wish.ts';
import { type AcceptedRun, CreateRunAction, type CreateRunInput } from './create-run.action.ts';
import { GetRunAction } from './get-run.action.ts';
import { LargeValues } from './large-values.ts';
import { ListRunEventsAction } from './list-run-events.action.ts';
import { presentRun } from './present-run.ts';
import type { Run } from './run.schema.ts';
import { RunStream, type RunStreamSource } from './run-stream.ts';
import { type HeardEnd, RunWaiter } from './run-waiter.ts';
import { RunWatches } from './run-watches.ts';

/** Logs that are read at once for streams: many readers cost neither the memory nor the connections of many. */
const READS_AT_ONCE = 4;

/** Answers about runs in the form that was asked for. While it waits or streams, it holds no database connection. */
@Injectable()
export class RunAnswers {
  /** With whose runs they show. */
  private readonly streams = new Map<RunStream, string>();
  private readonly reads = new Turns(READS_AT_ONCE);

  constructor(
    private readonly createRun: CreateRunAction,
    private readonly getRun: GetRunAction,
    private readonly listEvents: ListRunEventsAction,
    private readonly watches: RunWatches,
    private readonly largeValues: LargeValues,
    private readonly access: AccessRecheck,
    @Inject(ProblemFilter) private readonly problems: ProblemFilter,
  ) {}

  async create(
    actor: Actor,
    input: Omit<CreateRunInput, 'watcher'>,
    wish: AnswerWish,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    if (wish.as === 'stream') return this.createAndStream(actor, input, request, reply);
    const waiter = wish.as === 'ended' ? new RunWaiter() : undefined;
    const accepted = await this.createRun.run(actor, { ...input, watcher: waiter });
    this.announce(actor, accepted, reply);
    if (wish.as !== 'ended' || !waiter) {
      accepted.unwatch();
      const run = accepted.isNew ? accepted.run : await this.whole(actor, accepted.run.id);
      return send(reply, 202, run);
    }
    const run = await this.wait(actor, accepted, waiter, wish.waitSeconds, request);
    if (wish.isPreference) void reply.header('preference-applied', `wait=${wish.waitSeconds}`);
    send(reply, run.finishedAt === null ? 202 : 200, run);
  }

  /** A run with what was too large for its log. */
  async whole(actor: Actor, id: string): Promise<Run> {
    const row = await this.getRun.run(actor, { id });
    return this.largeValues.fill(actor.principal.organizationId, presentRun(row), row.inputHash);
  }

  async stream(
    actor: Actor,
    runId: string,
    after: number,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    // an unknown run is a 404, not a stream
    await this.getRun.run(actor, { id: runId });
    const stream = new RunStream(after);
    const unwatch = this.watches.watch(actor.principal.organizationId, runId, stream);
    this.begin(stream, actor, runId, request, reply, unwatch);
  }

  /** Someone's access changed, in the organization or in any: its streams are checked again. */
  recheckStreams(organizationId?: string): void {
    for (const [stream, owner] of this.streams)
      if (organizationId === undefined || owner === organizationId) stream.recheck();
  }

  private async createAndStream(
    actor: Actor,
    input: Omit<CreateRunInput, 'watcher'>,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    const stream = new RunStream(0);
    const accepted = await this.createRun.run(actor, { ...input, watcher: stream });
    this.announce(actor, accepted, reply);
    const { run, isNew } = accepted;
    const { deploymentId, versionId, sessionId } = run;
    // what has just been committed need not be read again
    const data = JSON.stringify({ deploymentId, versionId, sessionId });
    const first = {
      seq: 1,
      type: 'run.queued',
      text: eventText(0, 'run.queued', data, 1, new Date(run.createdAt)),
    };
    this.begin(stream, actor, run.id, request, reply, accepted.unwatch, isNew ? first : undefined);
  }

  private begin(
    stream: RunStream,
    actor: Actor,
    runId: string,
    request: FastifyRequest,
    reply: FastifyReply,
    unwatch: () => void,
    first?: { seq: number; type: string; text: string },
  ): void {
    const source: RunStreamSource = {
      read: (after, limit) => this.listEvents.run(actor, { id: runId, after, limit }),
      inTurn: (work) => this.reads.take(work),
      recheck: () => this.access.stillMay(actor.principal),
      explain: (error) => JSON.stringify(withRequest(this.problems.explain(error, request), request)),
    };
    this.streams.set(stream, actor.principal.organizationId);
    const closed = () => {
      this.streams.delete(stream);
      unwatch();
    };
    stream.begin(reply, runId, source, closed, first);
  }

  private announce(actor: Actor, { run }: AcceptedRun, reply: FastifyReply): void {
    void reply.header('location', run.links.self).header('headgate-run-id', run.id);
    if (actor.request.isReplayed) void reply.header('idempotency-replayed', 'true');
  }

  private async wait(
    actor: Actor,
    accepted: AcceptedRun,
    waiter: RunWaiter,
    seconds: number,
    request: FastifyRequest,
  ): Promise<Run> {
    const gone = new AbortController();
    const leave = () => gone.abort();
    request.raw.socket.once('close', leave);
    try {
      if (!accepted.isNew) {
        const run = await this.whole(actor, accepted.run.id);
        if (run.finishedAt !== null) return run;
      }
      const end = await waiter.wait(seconds * 1000, gone.signal);
      const heard = end && accepted.isNew ? ended(accepted.run, end) : undefined;
      return heard ?? (await this.whole(actor, accepted.run.id));
    } finally {
      request.raw.socket.off('close', leave);
      accepted.unwatch();
    }
  }
}

/** The run as its events tell it, where all of them were heard and nothing of it lies elsewhere. */
function ended(accepted: Run, { attempt, events }: HeardEnd): Run | undefined {
  const last = events?.at(-1);
  if (!events || !last || !isTerminalEvent(last.type) || events.length !== last.seq - 1) return undefined;
  const { at, data } = JSON.parse(last.text) as {
    at: string;
    data: Partial<RunEventData<'run.succeeded'> & RunEventData<'run.failed'>>;
  };
  const outputs = Object.values(data.output?.outputs ?? {});
  if (outputs.some((output) => output.blob)) return undefined;
  const atOf = (type: string) => {
    const found = events.find((event) => event.type === type);
    return found ? (JSON.parse(found.text) as { at: string }).at : null;
  };
  return {
    ...accepted,
    status: last.type.slice('run.'.length) as TerminalState,
    attempt,
    output: data.output ?? null,
    error: data.error ?? null,
    usage: data.usage ?? null,
    startedAt: atOf('run.started'),
    finishedAt: at,
    cancelRequestedAt: atOf('run.cancel_requested'),
  };
}

function send(reply: FastifyReply, status: number, run: Run): void {
  void reply
    .status(status)
    .header('content-type', 'application/json; charset=utf-8')
    .send(JSON.stringify(run));
}
