import { isJsonObject, type Json } from '#libs/kernel';

/** A message between nodes, with Langflow's names, so that what reads it knows it. */
export interface Message {
  kind: 'Message';
  id: string | null;
  text: string;
  sender: string | null;
  sender_name: string | null;
  session_id: string;
  files: Json[];
  properties: {
    source: { id: string | null; display_name: string | null; source: string | null };
    usage: TokenUsage | null;
  };
}

interface TokenUsage {
  input_tokens: number;
  output_tokens: number;
  total_tokens: number;
}

/** What flows along an edge: plain JSON, so that it can be checkpointed and shown. */
export type Value = Message | Json;

export function message(fields: Partial<Omit<Message, 'kind'>> & { text: string }): Message {
  return {
    kind: 'Message',
    id: null,
    sender: null,
    sender_name: null,
    session_id: '',
    files: [],
    properties: { source: { id: null, display_name: null, source: null }, usage: null },
    ...fields,
  };
}

export function isMessage(value: unknown): value is Message {
  return isJsonObject(value) && value['kind'] === 'Message' && typeof value['text'] === 'string';
}

/** A value as text, the way Langflow's text inputs take it. */
export function textOf(value: Value | undefined): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'string') return value;
  if (isMessage(value)) return value.text;
  if (Array.isArray(value)) return value.map(textOf).join('\n');
  if (typeof value === 'object') return JSON.stringify(value);
  return String(value);
}
