import type { ReadinessReport } from '#libs/http';

/** Whether the installation can do its work, and what of it is not as it should be. */
export abstract class Readiness {
  abstract report(): Promise<ReadinessReport>;
}
