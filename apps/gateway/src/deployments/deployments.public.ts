export { CreateDeploymentAction } from './create-deployment.action.ts';
export type { RunnableDeployment } from './deployment.store.ts';
export { DeploymentDirectory } from './deployment-directory.ts';
