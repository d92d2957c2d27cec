/** The names of attributes that are ours. Never a payload, never a secret. */
export const ATTRIBUTES = {
  organization: 'headgate.organization.id',
  action: 'headgate.action',
} as const;
