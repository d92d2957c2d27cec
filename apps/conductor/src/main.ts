import { outageSentence } from '#libs/database';
import { DEFAULTS } from '#libs/domain';
import { mainProcess } from '#libs/kernel';
import { beginConductor } from './conductor.process.ts';

mainProcess(DEFAULTS.shutdownGraceMs, beginConductor, outageSentence);
