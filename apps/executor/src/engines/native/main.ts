import { COMPONENTS, loadModelSdk } from '#libs/components';
import { serveRunner } from './runner.ts';

serveRunner(COMPONENTS, () => void loadModelSdk());
