export { CreateProjectAction } from './create-project.action.ts';
