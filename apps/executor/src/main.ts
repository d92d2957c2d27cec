import { DEFAULTS } from '#libs/domain';
import { mainProcess } from '#libs/kernel';
import { nativeRunner } from './engines/native/program.ts';
import { beginExecutor } from './executor.process.ts';

mainProcess(DEFAULTS.shutdownGraceMs, (ending) => beginExecutor(ending, nativeRunner()));
