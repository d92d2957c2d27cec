import type { EmittedEvent, NodeRun } from '#libs/engine';

/** A node's run made by hand, for a component alone. */
export function nodeRun(more: Partial<NodeRun> = {}): { node: NodeRun; events: EmittedEvent[] } {
  const events: EmittedEvent[] = [];
  const node: NodeRun = {
    id: 'Node-1',
    displayName: 'Node',
    iteration: 0,
    sessionId: 'session-1',
    signal: new AbortController().signal,
    fields: {},
    readers: new Set(),
    sourcesOf: () => [],
    variable: () => undefined,
    stableId: (purpose) => `Node-1/${purpose}`,
    emit: (event) => events.push(event),
    fetch: globalThis.fetch,
    call: (_call, work) => work({ fetch: node.fetch, note: () => undefined }),
    ...more,
  };
  return { node, events };
}
