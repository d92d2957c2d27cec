export { encodeFrame, FrameError, FrameReader } from './frames.ts';
export { ProcessDriver } from './process-driver.ts';
export {
  type Guarantee,
  type Sandbox,
  SandboxDriver,
  type SandboxEvents,
  type SandboxProgram,
} from './sandbox-driver.ts';
