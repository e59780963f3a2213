import type { Context } from 'koa';
import { PROBLEM_NOTES } from '../problem-notes.ts';
import { knownCodes, Problem, statusOf, titleOf } from '../problems.ts';

const CODES: ReadonlySet<string> = new Set([...knownCodes().map(({ code }) => code), ...Object.keys(PROBLEM_NOTES)]);

/** Every problem code that has a page, in alphabetical order. */
export function problemCodes(): readonly string[] {
  return [...CODES].toSorted();
}

/**
 * Answers the page that the `type` of a problem names: HTML for people, JSON for programs.
 *
 * @throws Problem not_found (404) for a code that the API never answers.
 */
export function answerProblemPage(ctx: Context, code: string, publicUrl: string): void {
  if (!CODES.has(code)) throw new Problem('not_found', 'There is no such problem.');
  const shown = {
    type: `${publicUrl}/problems/${code}`,
    code,
    title: titleOf(code),
    status: statusOf(code),
    meaning: PROBLEM_NOTES[code] ?? `${titleOf(code)}.`,
  };
  ctx.set('Cache-Control', 'public, max-age=300');
  ctx.vary('Accept');
  if (ctx.accepts('application/json', 'text/html') !== 'text/html') {
    ctx.body = shown;
    return;
  }
  ctx.set('Content-Security-Policy', "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'");
  ctx.type = 'text/html; charset=utf-8';
  // Codes, titles and meanings are our own words, and none of them holds markup but the notes' angle brackets.
  ctx.body = page(shown.title, `<p class="code"><code>${code}</code> · HTTP ${shown.status}</p><p>${escape(shown.meaning)}</p>`);
}

/** A small page in the look of the reference. */
export function page(title: string, content: string): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escape(title)} · SafeSplitX</title>
<link rel="icon" href="/docs/assets/icon.svg"><link rel="stylesheet" href="/docs/assets/page.css"></head>
<body><header><a href="/docs">SafeSplitX <span>API</span></a></header><main class="narrow"><h1>${escape(title)}</h1>${content}</main></body>
</html>
`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
