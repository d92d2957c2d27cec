import type { ErrorCode } from '#libs/kernel';

/** A component that failed, in the words that Langflow's clients know. */
export class NodeError extends Error {
  constructor(
    readonly nodeId: string,
    readonly component: string,
    displayName: string,
    readonly code: ErrorCode,
    cause: unknown,
  ) {
    super(
      `Error building Component ${displayName}: \n\n${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}

/** For components: a failure whose message is meant for the flow's author, with a code of its own where it has one. */
export class ComponentError extends Error {
  constructor(
    message: string,
    readonly code: ErrorCode = 'node.failed',
  ) {
    super(message);
  }
}
