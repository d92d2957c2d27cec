export { AuditStore } from './audit.store.ts';
export { AuditTrail } from './audit-trail.ts';
