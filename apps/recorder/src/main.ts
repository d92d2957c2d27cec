import { outageSentence } from '#libs/database';
import { DEFAULTS } from '#libs/domain';
import { mainProcess } from '#libs/kernel';
import { beginRecorder } from './recorder.process.ts';

mainProcess(DEFAULTS.shutdownGraceMs, beginRecorder, outageSentence);
