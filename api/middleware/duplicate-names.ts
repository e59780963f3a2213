const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\],:]/gs;

/**
 * Whether an object anywhere in a JSON text has a name twice. `JSON.parse` takes the last of them, another reader the
 * first, and who checks may not see what who acts sees (RFC 8259, section 4).
 *
 * @param json well-formed JSON; of anything else the answer means nothing.
 */
export function hasDuplicateNames(json: string): boolean {
  const open: (Set<string> | null)[] = [];
  let name: string | null = null;
  for (const [token] of json.matchAll(TOKENS)) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(null);
    else if (token === '}' || token === ']') open.pop();
    else if (token === ':' && name !== null) {
      const names = open.at(-1);
      // Written in different ways, such as with \u0073, it is the same name.
      const read = JSON.parse(name) as string;
      if (names?.has(read) === true) return true;
      names?.add(read);
    }
    name = token.startsWith('"') ? token : null;
  }
  return false;
}
