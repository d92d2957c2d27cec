export { Conductor } from './conductor.ts';
