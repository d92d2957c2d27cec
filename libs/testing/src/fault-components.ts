import { setTimeout as sleep } from 'node:timers/promises';
import { type Component, ComponentError, message, textOf } from '#libs/engine';

/** Components for fault tests: no catalogue of a real installation has them. Each passes its input on. */
function faulty(
  name: string,
  fault: (text: string, amount: number, signal: AbortSignal) => Promise<string> | string,
): Component {
  return {
    name,
    aliases: [],
    modules: [],
    role: 'inner',
    outputs: { out: 'Message' },
    async run(node) {
      const text = textOf(node.fields['in']);
      const amount = Number(node.fields['amount'] ?? 0);
      return { out: message({ text: await fault(text, amount, node.signal), session_id: node.sessionId }) };
    },
  };
}

export const FAULT_COMPONENTS: readonly Component[] = [
  faulty('TestSleep', async (text, milliseconds, signal) => {
    await sleep(milliseconds, undefined, { signal });
    return text;
  }),
  faulty('TestDeaf', async (text, milliseconds) => {
    await sleep(milliseconds);
    return text;
  }),
  faulty('TestSpin', (text, milliseconds) => {
    const until = performance.now() + milliseconds;
    while (performance.now() < until);
    return text;
  }),
  faulty('TestFail', (text) => {
    throw new ComponentError(`it was told to fail with "${text}"`);
  }),
  faulty('TestCrash', () => process.abort()),
  faulty('TestLarge', (_text, characters) => 'x'.repeat(characters)),
  faulty('TestText', (text, kind) => (kind === 1 ? `${text}\ud800` : kind === 2 ? `${text}\u0000` : text)),
];
