/** For the end of a switch over a closed set: the compiler proves that nothing reaches it. */
export function assertNever(value: never): never {
  throw new Error(`unexpected value: ${JSON.stringify(value)}`);
}
