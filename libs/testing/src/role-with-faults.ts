import { COMPONENTS } from '#libs/components';
import { outageSentence } from '#libs/database';
import { mainProcess } from '#libs/kernel';
import { beginConductor } from '../../../apps/conductor/src/conductor.process.ts';
import { nativeRunner } from '../../../apps/executor/src/engines/native/program.ts';
import { beginExecutor } from '../../../apps/executor/src/executor.process.ts';
import { beginGateway } from '../../../apps/gateway/src/gateway.process.ts';
import { beginRecorder } from '../../../apps/recorder/src/recorder.process.ts';
import { FailpointTraps, type ToRole } from './failpoint-traps.ts';
import { FAULT_COMPONENTS } from './fault-components.ts';

/** The process of a role, whose flows may have the fault components, and which can be stopped dead at each failpoint. */
const ROLES = {
  gateway: (ending) => beginGateway(ending, [...COMPONENTS, ...FAULT_COMPONENTS]),
  conductor: beginConductor,
  executor: (ending) => beginExecutor(ending, nativeRunner('libs/testing/src/runner-with-faults.js')),
  recorder: beginRecorder,
} satisfies Record<string, Parameters<typeof mainProcess>[1]>;

const traps = new FailpointTraps(
  (message) => process.send?.(message),
  (name) => process.kill(process.pid, name),
);
traps.lay();
process.on('message', (message: ToRole) => traps.hear(message));
mainProcess(30_000, ROLES[process.argv[2] as keyof typeof ROLES], outageSentence);
