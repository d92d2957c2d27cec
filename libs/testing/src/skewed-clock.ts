/** Imported by a process before all else: its machine's clock is wrong by so many milliseconds. */
const offsetMs = Number(process.env['HEADGATE_TEST_CLOCK_OFFSET'] ?? 0);

if (offsetMs !== 0) {
  const now = () => Reflect.apply(machine.now, machine, []) + offsetMs;
  const machine = Date;
  globalThis.Date = new Proxy(machine, {
    construct: (target, given, made) =>
      Reflect.construct(
        target,
        given.length === 0 ? [now()] : given,
        made === globalThis.Date ? target : made,
      ),
    get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
  });
}
