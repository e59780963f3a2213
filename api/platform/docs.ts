import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { brotliCompress, constants } from 'node:zlib';
import { promisify } from 'node:util';
import type { Context } from 'koa';
import { Problem } from '../problems.ts';

/** The files of the page: ours beside this module, Swagger UI's from its package. Nothing comes from elsewhere. */
const FILES: Readonly<Record<string, { readonly from: 'ours' | 'swagger-ui-dist'; readonly type: string }>> = {
  'icon.svg': { from: 'ours', type: 'image/svg+xml' },
  'page.css': { from: 'ours', type: 'text/css; charset=utf-8' },
  'page.js': { from: 'ours', type: 'text/javascript; charset=utf-8' },
  'swagger-ui.css': { from: 'swagger-ui-dist', type: 'text/css; charset=utf-8' },
  'swagger-ui-bundle.js': { from: 'swagger-ui-dist', type: 'text/javascript; charset=utf-8' },
};

// Swagger UI draws its icons from data: images and sets styles from script, which a policy without 'unsafe-inline' allows.
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>SafeSplitX API reference</title>
<link rel="icon" href="/docs/assets/icon.svg">
<link rel="stylesheet" href="/docs/assets/swagger-ui.css">
<link rel="stylesheet" href="/docs/assets/page.css">
</head>
<body>
<header><a href="/docs">SafeSplitX <span>API</span></a><nav><a href="/openapi.json">openapi.json</a></nav></header>
<main id="reference"><noscript>This page needs JavaScript; the document itself is at <a href="/openapi.json">/openapi.json</a>.</noscript></main>
<script src="/docs/assets/swagger-ui-bundle.js"></script>
<script src="/docs/assets/page.js"></script>
</body>
</html>
`;

/** Answers the reference page. */
export function answerDocsPage(ctx: Context): void {
  ctx.set('Content-Security-Policy', POLICY);
  ctx.set('Cache-Control', 'public, no-cache');
  ctx.type = 'text/html; charset=utf-8';
  ctx.body = PAGE;
}

/**
 * Answers one file of the page, compressed where the client takes it.
 *
 * @throws Problem not_found (404).
 */
export async function answerAsset(ctx: Context, name: string): Promise<void> {
  const file = Object.hasOwn(FILES, name) ? FILES[name] : undefined;
  if (file === undefined) throw new Problem('not_found', 'There is no such file.');
  const asset = await (loaded[name] ??= load(name, file.from));
  ctx.set('Cache-Control', 'public, no-cache');
  ctx.set('ETag', asset.etag);
  ctx.vary('Accept-Encoding');
  if (ctx.get('if-none-match') === asset.etag) {
    ctx.status = 304;
    return;
  }
  ctx.type = file.type;
  if (ctx.acceptsEncodings('br', 'identity') === 'br') {
    ctx.set('Content-Encoding', 'br');
    ctx.body = asset.compressed;
  } else {
    ctx.body = await asset.read();
  }
}

interface Asset {
  readonly etag: string;
  readonly compressed: Buffer;
  /** The plain file is large and rarely asked for, so it is not kept. */
  read(): Promise<Buffer>;
}

const loaded: Record<string, Promise<Asset>> = {};
const compress = promisify(brotliCompress);

async function load(name: string, from: 'ours' | 'swagger-ui-dist'): Promise<Asset> {
  const path =
    from === 'ours'
      ? new URL(`assets/${name}`, import.meta.url).pathname
      : createRequire(import.meta.url).resolve(`swagger-ui-dist/${name}`);
  const plain = await readFile(path);
  return {
    etag: `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`,
    // Quality 5 takes 30 ms for the largest file and is within a tenth of the best.
    compressed: await compress(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }),
    read: () => readFile(path),
  };
}
