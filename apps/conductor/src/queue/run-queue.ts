import { DEFAULTS, type Waiting } from '#libs/domain';

export interface QueuedRun {
  organizationId: string;
  projectId: string;
  deploymentId: string;
  runId: string;
  /** It failed before, and has a runner of its own. */
  isAlone?: boolean;
}

/** The oldest waiting runs of one deployment, and whether the database may hold more. */
interface Head extends HeadName {
  runIds: string[];
  /** Those of them that have a runner of their own. */
  alone: Set<string>;
  hasMore: boolean;
  /** A run was added that is not in here: what is being read meanwhile may not show it. */
  hasMissed: boolean;
}

export type HeadName = Omit<QueuedRun, 'runId' | 'isAlone'>;

interface Line {
  heads: Map<string, Head>;
  /** Grows with each that is served or comes anew. */
  turn: number;
}

/**
 * The queue in memory: per deployment a head of at most 64 runs. Its cost goes with the organizations that have work,
 * never with how much they have. The truth is in `run_live`; a head that ran dry is read again.
 */
export class RunQueue {
  /** In the order in which organizations were last served, those served longest ago first. */
  private readonly lines = new Map<string, Line>();
  private turns = 0;

  /** A run that was accepted or is queued again. */
  add(run: QueuedRun): void {
    const head = this.headOf(run);
    if (head.hasMore || head.runIds.length >= DEFAULTS.queueHeadRuns) {
      head.hasMore = true;
      head.hasMissed = true;
    } else if (!head.runIds.includes(run.runId)) {
      head.runIds.push(run.runId);
      if (run.isAlone) head.alone.add(run.runId);
    }
  }

  /** What a sweep found: this deployment has queued runs. */
  mark(name: HeadName): void {
    const head = this.headOf(name);
    if (head.runIds.length === 0) head.hasMore = true;
  }

  /** The organizations that have runs in a head, those served longest ago first; where some are named, of these. */
  *waiting(among?: ReadonlySet<string>): Generator<Waiting> {
    for (const [organizationId, { heads }] of among ? this.linesOf(among) : this.lines) {
      let runs = 0;
      for (const head of heads.values()) runs += head.runIds.length;
      if (runs > 0) yield { organizationId, runs };
    }
  }

  /** Takes the oldest run of an organization, which then is the last to be served again. */
  take(organizationId: string): QueuedRun | undefined {
    const line = this.lines.get(organizationId);
    const oldest = this.oldest(organizationId);
    const runId = oldest?.runIds.shift();
    if (!line || !oldest || runId === undefined) return undefined;
    this.lines.delete(organizationId);
    this.putLast(organizationId, line.heads);
    if (oldest.runIds.length === 0 && !oldest.hasMore) this.forget(oldest);
    const { projectId, deploymentId } = oldest;
    return { organizationId, projectId, deploymentId, runId, isAlone: oldest.alone.delete(runId) };
  }

  /** Whether the run that would be taken next has a runner of its own. */
  isNextAlone(organizationId: string): boolean {
    const head = this.oldest(organizationId);
    return head?.alone.has(head.runIds[0] ?? '') ?? false;
  }

  /** The heads that ran dry although there may be more; what is added from now on is not in what is read for them. */
  dry(): HeadName[] {
    const dry: HeadName[] = [];
    for (const { heads } of this.lines.values()) {
      for (const head of heads.values()) {
        if (head.runIds.length > 0 || !head.hasMore) continue;
        head.hasMissed = false;
        dry.push(head);
      }
    }
    return dry;
  }

  refill(name: HeadName, runIds: readonly string[], alone: readonly string[] = []): void {
    const head = this.headOf(name);
    head.runIds = [...new Set([...head.runIds, ...runIds])].sort();
    for (const runId of alone) head.alone.add(runId);
    head.hasMore = head.hasMissed || runIds.length >= DEFAULTS.queueHeadRuns;
    if (head.runIds.length === 0 && !head.hasMore) this.forget(head);
  }

  private oldest(organizationId: string): Head | undefined {
    let oldest: Head | undefined;
    for (const head of this.lines.get(organizationId)?.heads.values() ?? []) {
      const [first] = head.runIds;
      if (first !== undefined && (!oldest || first < (oldest.runIds[0] ?? ''))) oldest = head;
    }
    return oldest;
  }

  private headOf({ organizationId, projectId, deploymentId }: HeadName): Head {
    const { heads } = this.lines.get(organizationId) ?? this.putLast(organizationId, new Map());
    const head = heads.get(deploymentId) ?? {
      organizationId,
      projectId,
      deploymentId,
      runIds: [],
      alone: new Set(),
      hasMore: false,
      hasMissed: false,
    };
    heads.set(deploymentId, head);
    return head;
  }

  private forget({ organizationId, deploymentId }: HeadName): void {
    const heads = this.lines.get(organizationId)?.heads;
    heads?.delete(deploymentId);
    if (heads?.size === 0) this.lines.delete(organizationId);
  }

  private putLast(organizationId: string, heads: Line['heads']): Line {
    this.turns += 1;
    const line = { heads, turn: this.turns };
    this.lines.set(organizationId, line);
    return line;
  }

  private linesOf(organizationIds: ReadonlySet<string>): [string, Line][] {
    const found: [string, Line][] = [];
    for (const organizationId of organizationIds) {
      const line = this.lines.get(organizationId);
      if (line) found.push([organizationId, line]);
    }
    return found.sort(([, one], [, other]) => one.turn - other.turn);
  }
}
