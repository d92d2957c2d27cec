const KiB = 1024;
const MiB = 1024 * KiB;

/** The figures of the product, each in one place. */
export const DEFAULTS = {
  bodyBytes: 1 * MiB,
  metadataBytes: 16 * KiB,
  /** A page of a list ends with the item that makes it this large. */
  pageBytes: 1 * MiB,
  definitionBytes: 5 * MiB,
  definitionNodes: 2_000,
  definitionEdges: 5_000,
  definitionNodeFields: 500,
  /** Of ids and names within a flow, in characters. */
  nameLength: 200,
  /** How much of a name an error repeats. */
  quotedNameLength: 80,
  listedProblems: 50,
  versionReportBytes: 64 * KiB,
  inputInlineBytes: 64 * KiB,
  eventInlineBytes: 64 * KiB,
  outputBytes: 8 * MiB,
  /** What was uploaded waits so long for the message that names it. */
  uploadKeptMs: 7 * 24 * 3_600_000,
  /** What is kept of an attempt for the view of its trace; what is more is counted. */
  attemptSpans: 500,
  attemptSpanBytes: 128 * KiB,
  progressInlineBytes: 64 * KiB,
  messageBytes: 256 * KiB,
  partitions: 16,
  slotsPerRunner: 32,
  prewarmedRunners: 2,
  runnerRecycleRuns: 1_000,
  runnerRecycleIdleMs: 10 * 60_000,
  allowedFailures: 3,
  retryBackoffMs: 1_000,
  retryBackoffMaxMs: 60_000,
  runTimeoutSeconds: 600,
  queueTtlSeconds: 3_600,
  cancelGraceMs: 5_000,
  shutdownGraceMs: 30_000,
  probePort: 4601,
  queueHeadRuns: 64,
  waitMaxSeconds: 300,
  streamCommentMs: 10_000,
  streamStallMs: 60_000,
  streamUnsentBytes: 256 * KiB,
  /** What another process may have changed is asked for again after this, even where the hint is lost. */
  controlFreshMs: 5_000,
  /** The bound of a frame between supervisor and runner. */
  frameBytes: 64 * MiB,
  deltaJoinMs: 25,
  deltaJoinBytes: 1 * KiB,
} as const;
