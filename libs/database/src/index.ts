export { followClock } from './database-clock.ts';
export {
  Doors,
  type FamilyRow,
  type KeyRow,
  type UserRow,
} from './doors.ts';
export { EmbeddedPostgres } from './embedded/embedded-postgres.ts';
export { Prisma } from './generated/client.ts';
export { conductedByAnother, LEADER_UNTIL_MS, renewLead, takeLead, watchLead } from './leader-lock.ts';
export { LOGINS, type Login, type LoginPasswords, loginUrl } from './logins.ts';
export { isOutage, isRefusal, outageSentence } from './outage.ts';
export { createClient, createPool, type Pool } from './pool.ts';
export { prepareDatabase } from './prepare-database.ts';
export { TenantDatabase, type TenantTransaction } from './tenant-database.ts';
export { isForeignKeyViolation, isUniqueViolation } from './violations.ts';
