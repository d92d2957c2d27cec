const isLong = Boolean(process.env.HEADGATE_TEST_LONG);

/** Native ESM; the flags that it needs are set by scripts/test.mjs. Suites without a bound in time run with the long ones only. */
export default {
  roots: ['<rootDir>/apps', '<rootDir>/libs', '<rootDir>/test'],
  testMatch: ['**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/', ...(isLong ? [] : ['\\.long\\.spec\\.ts$'])],
  reporters: ['default', '<rootDir>/scripts/closing-line.cjs'],
  extensionsToTreatAsEsm: ['.ts'],
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['headgate-source', 'node', 'node-addons'] },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        swcrc: false,
        jsc: {
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          keepClassNames: true,
          target: 'es2024',
        },
        module: { type: 'es6' },
      },
    ],
  },
  globalSetup: '<rootDir>/test/global-setup.ts',
  globalTeardown: '<rootDir>/test/global-teardown.ts',
  setupFiles: ['reflect-metadata'],
  // each brings its own Postgres databases and processes: more would only be in one another's way
  maxWorkers: 2,
  testTimeout: 30_000,
  // a worker that has nothing open still takes a moment to give back its two gigabytes: half a second is not enough
  workerGracefulExitTimeout: 10_000,
};
