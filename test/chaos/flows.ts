import type { JsonObject } from '#libs/kernel';
import { chain, chatInput, chatOutput, echoFlow, fault, prompt } from '#libs/testing';

interface StormFlow {
  definition: JsonObject;
  /** What it answers to an input. */
  answer: (input: string) => string;
}

/** Short and long, and long enough between two nodes to be killed there. */
export const STORM_FLOWS: Readonly<Record<string, StormFlow>> = {
  echo: { definition: echoFlow(), answer: (input) => input },
  steps: {
    definition: chain(
      chatInput(),
      prompt('Prompt-1', '{in}+', ['in']),
      fault('TestSleep', 'Sleep-1', 120),
      prompt('Prompt-2', '{in}+', ['in']),
      fault('TestSleep', 'Sleep-2', 120),
      prompt('Prompt-3', '{in}+', ['in']),
      chatOutput(),
    ),
    answer: (input) => `${input}+++`,
  },
  slow: {
    definition: chain(
      chatInput(),
      prompt('Prompt-1', '{in}!', ['in']),
      fault('TestSleep', 'Sleep-1', 900),
      chatOutput(),
    ),
    answer: (input) => `${input}!`,
  },
  large: {
    definition: chain(chatInput(), fault('TestLarge', 'Large-1', 90_000), chatOutput()),
    answer: () => 'x'.repeat(90_000),
  },
};
