/** The names of attributes that are ours. Never a payload, never a secret. */
export const ATTRIBUTES = {
  organization: 'headgate.organization.id',
  action: 'headgate.action',
  run: 'headgate.run.id',
  attempt: 'headgate.run.attempt',
  node: 'headgate.node.id',
  iteration: 'headgate.node.iteration',
  outcome: 'headgate.outcome',
} as const;
