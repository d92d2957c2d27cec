import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, it } from '@jest/globals';
import { projectRoot } from '#libs/config';
import type { JsonObject } from '#libs/kernel';

/** Flows and runs of Langflow, taken from the real thing; they stand beside the project and are no part of it. */
const FLOWS = resolve(projectRoot(), '../shared/flows');
const CAPTURES = resolve(projectRoot(), '../shared/langflow-captures');

const areHere = existsSync(FLOWS) && existsSync(CAPTURES);

/** A suite over the recordings; where they are not, it is skipped, and says so by its name. */
export function describeRecorded(title: string, suite: () => void): void {
  if (areHere) describe(title, suite);
  else {
    describe.skip(`${title} (../shared/flows or ../shared/langflow-captures is not here)`, () => {
      it('is compared with what was recorded', () => undefined);
    });
  }
}

export interface GoldenNode {
  id: string;
  type?: string;
  data: {
    type?: string;
    node?: JsonObject & { template: Record<string, JsonObject>; flow?: { data: { nodes: GoldenNode[] } } };
  };
}
interface GoldenEdge {
  source: string;
  target: string;
  /** JSON whose quotes are œ; what stands under data comes first. */
  sourceHandle?: string;
  targetHandle?: string;
  data?: { sourceHandle?: JsonObject; targetHandle?: JsonObject };
}
export interface GoldenFlow extends JsonObject {
  data: JsonObject & {
    nodes: (GoldenNode & JsonObject)[];
    edges: (JsonObject & GoldenEdge)[];
  };
}

interface GoldenRequest {
  path: string;
  body: {
    model: string;
    stream: boolean;
    temperature: number;
    messages: { role: string; content: string }[];
  };
}

interface GoldenMessage {
  sender: string;
  sender_name: string;
  text: string;
  properties: { source: JsonObject; usage: JsonObject | null };
}

export interface GoldenRun {
  patches: { node: string; field: string; value: unknown }[];
  input_value: string;
  lfx_serve_1_10_2: { status: number; body: { result: string }; stub_requests: GoldenRequest[] };
  langflow_v1_run_1_10_2: {
    body: { outputs: { outputs: { component_id: string; results: { message: GoldenMessage } }[] }[] };
  };
}

const folderOf = (name: string) =>
  ['fixtures', 'starters'].find((folder) => existsSync(join(FLOWS, folder, `${name}.json`))) ?? '';

// what is read was written by Langflow; a test that finds another shape fails
const read = <Recording>(path: string) => JSON.parse(readFileSync(path, 'utf8')) as Recording;

export function flowNames(): string[] {
  const files = ['fixtures', 'starters'].flatMap((folder) => readdirSync(join(FLOWS, folder)));
  return files.flatMap((file) => (file.endsWith('.json') ? [file.slice(0, -5)] : [])).toSorted();
}

export const flowOf = (name: string): GoldenFlow => read(join(FLOWS, folderOf(name), `${name}.json`));

export const goldenRun = (name: string): GoldenRun => read(join(CAPTURES, 'golden', `${name}.json`));

/** All but the notes. */
export const nodesOf = (flow: GoldenFlow) =>
  flow.data.nodes.filter(({ type, data }) => type !== 'noteNode' && data.type !== 'note' && data.node);

/** What a server answered, by the capture's folder and name. */
export const captured = (name: string) =>
  read<{ request: { body: JsonObject }; response: { status: number; body: JsonObject } }>(
    join(CAPTURES, `${name}.json`),
  );

/** The flow as it was run: with the model chosen, and its key as a variable, where Langflow was given a literal. */
export function patched(name: string): GoldenFlow {
  const flow = flowOf(name);
  for (const { node: id, field, value } of goldenRun(name).patches) {
    const template = flow.data.nodes.find((node) => node.id === id)?.data.node?.template ?? {};
    const change =
      field === 'api_key'
        ? { value: 'OPENAI_API_KEY', load_from_db: true }
        : { value: value === 'MODEL' ? [{ name: 'gpt-4o-mini', provider: 'OpenAI' }] : value };
    template[field] = { ...template[field], ...(change as JsonObject) }; // what was patched in is JSON
  }
  return flow;
}
