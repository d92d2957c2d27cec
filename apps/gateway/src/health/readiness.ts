/** Whether the installation can do its work, and what of it is not as it should be. */
export interface ReadinessReport {
  isReady: boolean;
  /** What is wrong or limited, a sentence each. */
  degraded: string[];
}

export abstract class Readiness {
  abstract report(): Promise<ReadinessReport>;
}
