/** The services whose folders carry the same name in every layer. */
const SERVICES = ['user', 'expense', 'payment', 'notification'];

/** What may be imported across services: messages, interfaces and the code that starts workflows. */
const ACROSS_SERVICES = /^(contract|client)\.ts$/;

/** One layer: which files it is, and which of the project's files it may import. Patterns are regular expressions on paths. */
export interface LayerRule {
  readonly layer: string;
  readonly files: RegExp;
  readonly may: RegExp;
}

/**
 * The directions of imports, the first rule that fits a file counts. What uses the product (sandbox, tests, measurements, scripts)
 * may import anything and is imported by nothing of it.
 *
 * Which packages a folder may import is said in .oxlintrc.json, as are console and process.env.
 */
export const LAYERS: readonly LayerRule[] = [
  { layer: 'tests and tools', files: /\.test\.ts$|^(sandbox|scripts|test|bench|demo)\//, may: /./ },
  { layer: 'domain', files: /^domain\//, may: /^domain\// },
  { layer: 'config', files: /^config\//, may: /^(domain|config)\// },
  { layer: 'activity contracts', files: /^activities\/[^/]+\/contract\.ts$/, may: /^domain\/|^activities\/[^/]+\/contract\.ts$/ },
  { layer: 'workflows', files: /^workflows\//, may: /^(domain|workflows)\/|^activities\/[^/]+\/contract\.ts$/ },
  { layer: 'db', files: /^db\//, may: /^(domain|config|db)\// },
  {
    layer: 'activities',
    files: /^activities\//,
    may: /^(domain|config|db|activities)\/|^workflows\/(shared\/.*|[^/]+|[^/]+\/(contract|client))\.ts$/,
  },
  {
    layer: 'api',
    files: /^api\//,
    // A webhook's signature and a receiver's onboarding are the gateway's own, so routes ask its adapter too.
    may: /^(domain|config|db|api)\/|^workflows\/(shared\/.*|[^/]+|[^/]+\/(contract|client))\.ts$|^activities\/payment\/gateways\/(gateway|registry)\.ts$/,
  },
  {
    layer: 'temporal-config',
    files: /^temporal-config\//,
    may: /^(domain|config|temporal-config)\/|^workflows\/(shared\/.*|[^/]+|[^/]+\/(contract|client))\.ts$/,
  },
  { layer: 'workers', files: /^workers\//, may: /^(domain|config|db|activities|workflows|temporal-config|workers)\// },
];

/** One import of one file, both as paths from the project's root. */
export interface Import {
  readonly from: string;
  readonly to: string;
}

/**
 * Why an import is not allowed.
 *
 * @returns a sentence, or undefined when it is allowed.
 */
export function importProblem({ from, to }: Import): string | undefined {
  const rule = LAYERS.find(({ files }) => files.test(from));
  if (rule === undefined) return `${from} belongs to no layer of scripts/import-rules.ts`;
  if (!rule.may.test(to)) return `${from} (${rule.layer}) may not import ${to}`;
  if (rule.layer === 'tests and tools') return undefined;
  const [own, other] = [serviceOf(from), serviceOf(to)];
  if (own === undefined || other === undefined || own === other || ACROSS_SERVICES.test(to.slice(to.lastIndexOf('/') + 1)))
    return undefined;
  return `${from} (service ${own}) may import only contract.ts and client.ts of the service ${other}, not ${to}`;
}

/** The project files that a source text imports, as written; packages and Node's own modules are left out. */
export function relativeImports(source: string): string[] {
  const patterns = [
    /^\s*(?:import|export)\b[^;'"]*?\bfrom\s*['"](\.[^'"]+)['"]/gm,
    /^\s*import\s*['"](\.[^'"]+)['"]/gm,
    /\bimport\(\s*['"](\.[^'"]+)['"]/g,
  ];
  return patterns.flatMap((pattern) => [...source.matchAll(pattern)].map(([, path = '']) => path));
}

/** The folder of a layer that carries a service's name; a file beside such folders, like an index, belongs to none. */
function serviceOf(path: string): string | undefined {
  return path
    .split('/')
    .slice(1, -1)
    .find((segment) => SERVICES.includes(segment));
}
