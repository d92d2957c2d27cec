import { COMPONENTS } from '#libs/components';
import { outageSentence } from '#libs/database';
import { DEFAULTS } from '#libs/domain';
import { mainProcess } from '#libs/kernel';
import { beginGateway } from './gateway.process.ts';

mainProcess(DEFAULTS.shutdownGraceMs, (ending) => beginGateway(ending, COMPONENTS), outageSentence);
