/** Who may import whom: each tier those to its left. */
const TIERS = [
  ['kernel'],
  ['domain', 'contracts', 'config', 'crypto'],
  ['telemetry'],
  ['database', 'bus', 'http', 'sandbox', 'engine', 'blobs'],
  ['components', 'runs'],
];
/** Within a tier a lib may use these neighbours. */
const NEIGHBOURS = { config: ['domain'], contracts: ['domain'] };
const APPS = ['gateway', 'conductor', 'executor', 'recorder'];

const tierRules = TIERS.flatMap((tier, index) =>
  tier.map((lib) => {
    // of testing a rule of its own says that only specs import it
    const allowed = [...TIERS.slice(0, index).flat(), ...(NEIGHBOURS[lib] ?? []), lib, 'testing'];
    return {
      name: `lib-${lib}-imports-only-its-left`,
      severity: 'error',
      from: { path: `^libs/${lib}/` },
      to: { path: '^(libs|apps)/', pathNot: `^libs/(${allowed.join('|')})/` },
    };
  }),
);

const appRules = APPS.map((app) => ({
  name: `${app}-imports-no-other-app`,
  severity: 'error',
  from: { path: `^apps/${app}/` },
  to: { path: '^apps/', pathNot: `^apps/${app}/` },
}));

module.exports = {
  forbidden: [
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-undeclared-packages',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    ...tierRules,
    ...appRules,
    {
      name: 'testing-only-in-tests',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: '(\\.spec\\.ts$|^libs/testing/)' },
      to: { path: '^libs/testing/' },
    },
    {
      name: 'a-lib-is-entered-by-its-door',
      severity: 'error',
      from: { path: '^(?:apps|libs|test)/([^/]+)', pathNot: '\\.spec\\.ts$|^test/global-' },
      to: { path: '^libs/[^/]+/src/(?!index\\.ts$)', pathNot: ['^libs/$1/', '/generated/'] },
    },
    {
      name: 'a-slice-is-entered-by-its-module-or-public',
      severity: 'error',
      from: { path: '^apps/gateway/src/([^/]+)/', pathNot: '\\.spec\\.ts$' },
      to: {
        path: '^apps/gateway/src/[^/]+/',
        pathNot: ['^apps/gateway/src/$1/', '^apps/gateway/src/access/', '\\.(module|public)\\.ts$'],
      },
    },
    {
      name: 'access-knows-no-slice-but-audit',
      severity: 'error',
      from: { path: '^apps/gateway/src/access/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^apps/gateway/src/[^/]+/', pathNot: '^apps/gateway/src/(access|audit)/' },
    },
    {
      name: 'an-app-is-entered-by-its-public-file',
      severity: 'error',
      from: { path: '^apps/standalone/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^apps/', pathNot: ['^apps/standalone/', '^apps/[^/]+/src/[^/]+\\.public\\.ts$'] },
    },
    {
      name: 'kafkajs-only-in-bus',
      severity: 'error',
      from: { pathNot: '^libs/bus/' },
      to: { path: 'node_modules/kafkajs' },
    },
    {
      name: 'the-sdk-of-telemetry-is-loaded-by-its-start-only',
      severity: 'error',
      from: { pathNot: '^libs/telemetry/src/(sdk|start-telemetry)\\.ts$' },
      to: { path: ['node_modules/@opentelemetry/(?!api/)', '^libs/telemetry/src/sdk\\.ts$'] },
    },
    {
      name: 'prisma-and-pg-only-in-database',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: '^libs/(database|testing)/|\\.spec\\.ts$' },
      to: { path: 'node_modules/(@prisma|pg)/' },
    },
    {
      name: 'engine-and-components-know-no-framework',
      severity: 'error',
      from: { path: '^libs/(engine|components)/', pathNot: '\\.spec\\.ts$' },
      to: { path: 'node_modules/(@nestjs|@prisma|pg|kafkajs|fastify)/' },
    },
    {
      name: 'no-tenant-code-here',
      comment: 'gateway, conductor and recorder never start a process or evaluate anything',
      severity: 'error',
      from: { path: '^apps/(gateway|conductor|recorder)/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^(node:)?(vm|child_process|worker_threads)$' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules|generated' },
    exclude: { path: '(^dist|/generated/)' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      conditionNames: ['headgate-source', 'import', 'node', 'default'],
      exportsFields: ['exports'],
    },
  },
};
