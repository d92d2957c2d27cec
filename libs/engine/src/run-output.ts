import type { Json } from '#libs/kernel';
import type { Plan } from './plan.ts';
import { isMessage, type Value } from './value.ts';

export interface NodeOutput {
  type: string;
  displayName: string;
  content: Json;
}

/** What a run gives back: every output, and their text where there is exactly one. */
export interface FlowOutput {
  text: string | null;
  source: string | null;
  reason: 'single' | 'multiple' | 'none' | 'non_string';
  outputs: Record<string, NodeOutput>;
}

export function nodeOutput(displayName: string, outputs: Readonly<Record<string, Value>>): NodeOutput {
  const value = Object.values(outputs)[0] ?? null;
  if (isMessage(value)) return { type: 'message', displayName, content: value.text };
  return { type: typeof value === 'string' ? 'text' : 'data', displayName, content: value as Json };
}

export function flowOutput(plan: Plan, outputs: ReadonlyMap<string, NodeOutput>): FlowOutput {
  const given = plan.outputs.flatMap((id) => {
    const output = outputs.get(id);
    return output ? [{ id, output }] : [];
  });
  const all = Object.fromEntries(given.map(({ id, output }) => [id, output]));
  const [first, ...others] = given;
  if (!first) return { text: null, source: null, reason: 'none', outputs: all };
  if (others.length > 0) return { text: null, source: null, reason: 'multiple', outputs: all };
  const { content } = first.output;
  if (typeof content !== 'string') return { text: null, source: null, reason: 'non_string', outputs: all };
  return { text: content, source: first.id, reason: 'single', outputs: all };
}
