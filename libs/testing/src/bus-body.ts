import type { Bus } from '#libs/bus';
import { handling } from './bus-body-handling.ts';
import { joining } from './bus-body-joining.ts';
import { publishing } from './bus-body-publishing.ts';
import { type BusBody, BusProbe } from './bus-probe.ts';

/**
 * What every implementation of the port keeps. The spec gives Jest's own functions, as this library is also used where
 * there is no Jest.
 */
export function busBody(
  name: string,
  makeBus: () => Bus | Promise<Bus>,
  jest: Pick<BusBody, 'describe' | 'expect' | 'it'>,
): void {
  const body: BusBody = {
    name,
    ...jest,
    withProbe: (work) => async () => {
      const bus = await makeBus();
      try {
        await work(new BusProbe(bus));
      } finally {
        await bus.close();
      }
    },
  };
  publishing(body);
  joining(body);
  handling(body);
}
