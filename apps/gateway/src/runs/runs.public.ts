export { RunAnswers } from './run-answers.ts';
