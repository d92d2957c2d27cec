export { encodeFrame, FrameReader } from './frames.ts';
export { ProcessDriver } from './process-driver.ts';
export { Reaper } from './reaper.ts';
export {
  type Sandbox,
  SandboxDriver,
  type SandboxProgram,
} from './sandbox-driver.ts';
