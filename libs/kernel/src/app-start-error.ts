/** A reason not to start that a person can mend; its message is the one sentence that they read. */
export class AppStartError extends Error {}
