import { COMPONENTS } from '#libs/components';
import { serveRunner } from '../../../apps/executor/src/engines/native/runner.ts';
import { FAULT_COMPONENTS } from './fault-components.ts';

serveRunner([...COMPONENTS, ...FAULT_COMPONENTS]);
