export { ATTRIBUTES } from './attributes.ts';
export { createLogger, type Logger } from './logger.ts';
export { withSpan } from './span.ts';
