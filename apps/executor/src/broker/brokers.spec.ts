import { expect, it } from '@jest/globals';
import { EgressAllow } from '#libs/config';
import { brokered } from '../../../../libs/testing/src/brokered.ts';
import { StubOrigin } from '../../../../libs/testing/src/stub-origin.ts';
import { AddressGuard } from './address-guard.ts';
import { Brokers } from './brokers.ts';

it('a connection serves requests of one organization alone', async () => {
  const origin = await StubOrigin.start((response) => response.end());
  const brokers = new Brokers(new AddressGuard(EgressAllow.parse('127.0.0.1')));
  const send = (organizationId: string) => brokered(brokers.of(organizationId), { url: origin.url });
  await send('o1');
  await send('o1');
  expect(origin.connections).toBe(1);
  await send('o2');
  expect(origin.connections).toBe(2);
  await send('o1');
  expect(origin.connections).toBe(2);
  brokers.close();
  await origin.stop();
});

it('of organizations beyond two hundred, the one that asked longest ago begins anew', () => {
  const brokers = new Brokers(new AddressGuard([]));
  const all = Array.from({ length: 200 }, (_, index) => brokers.of(`o${index}`));
  expect(brokers.of('o0')).toBe(all[0]);
  brokers.of('another');
  expect(brokers.of('o0')).toBe(all[0]);
  expect(brokers.of('o1')).not.toBe(all[1]);
  brokers.close();
});
