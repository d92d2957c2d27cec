/** The names of attributes that are ours. Never a payload, never a secret. */
export const ATTRIBUTES = {
  organization: 'headgate.organization.id',
  action: 'headgate.action',
  run: 'headgate.run.id',
  attempt: 'headgate.run.attempt',
  node: 'headgate.node.id',
  component: 'headgate.node.component',
  iteration: 'headgate.node.iteration',
  warm: 'headgate.runner.warm',
  outcome: 'headgate.outcome',
} as const;
