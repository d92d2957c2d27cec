export { CreateFlowAction } from './create-flow.action.ts';
