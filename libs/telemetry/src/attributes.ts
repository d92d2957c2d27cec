/** The names of attributes that are ours. Never a payload, never a secret. */
export const ATTRIBUTES = {
  organization: 'headgate.organization.id',
  run: 'headgate.run.id',
  attempt: 'headgate.run.attempt',
  action: 'headgate.action',
} as const;
