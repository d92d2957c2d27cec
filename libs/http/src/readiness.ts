/** Whether a process can do its work, and what of it is not as it should be. */
export interface ReadinessReport {
  isReady: boolean;
  /** What is wrong or limited, a sentence each. */
  degraded: string[];
}

/** The answer of `/readyz`. */
export function readinessAnswer({ isReady, degraded }: ReadinessReport): { status: 200 | 503; body: string } {
  const status = isReady ? (degraded.length > 0 ? 'degraded' : 'ok') : 'unavailable';
  return { status: isReady ? 200 : 503, body: JSON.stringify({ status, degraded }) };
}
