export { RunStore } from './run.store.ts';
export { RunAnswers } from './run-answers.ts';
