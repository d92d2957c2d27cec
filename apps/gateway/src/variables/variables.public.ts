export { CreateVariableAction } from './create-variable.action.ts';
