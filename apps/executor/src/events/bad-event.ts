/** What a runner reported cannot be recorded; the run ends with it. */
export class BadEvent extends Error {}
