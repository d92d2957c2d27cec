import type { Component } from '#libs/engine';
import { ChatInput } from './chat-input.ts';
import { ChatOutput } from './chat-output.ts';
import { LanguageModel } from './language-model.ts';
import { Prompt } from './prompt.ts';

/** The components of the native engine. */
export const COMPONENTS: readonly Component[] = [ChatInput, ChatOutput, Prompt, LanguageModel];

export { loadModelSdk } from './model-call.ts';
