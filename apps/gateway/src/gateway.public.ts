export type { Actor } from './access/actor.ts';
export { CreateDeploymentAction } from './deployments/deployments.public.ts';
export { CreateFlowAction } from './flows/flows.public.ts';
export { gatewayMetrics } from './gateway.metrics.ts';
export { createGateway } from './gateway.ts';
export { DatabaseReadiness, Readiness } from './health/health.public.ts';
export { listen } from './listen.ts';
export { CreateProjectAction } from './projects/projects.public.ts';
export { CreateVariableAction } from './variables/variables.public.ts';
