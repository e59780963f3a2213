import { ok, refuse, type Outcome } from './refusal.ts';
import { compareTransfers, type Net, type PlannedTransfer } from './plan-settle.ts';
import { compareIds } from './split-form.ts';

/** Roots from which trees are tried; each one takes time in proportion to the number of pairs. */
const ROOTS_MAX = 24;

/**
 * Settles nets by transfers along given pairs only.
 *
 * Nets flow along a spanning tree from its leaves inwards, which takes fewer transfers than there are members in it.
 * Opposite nets that share a pair may settle first, unless the rest would have to pass through them anyway. Which tree is
 * best is not searched for exhaustively: breadth-first and depth-first trees from several roots are compared, by
 * transfers and then by the money moved.
 *
 * @param nets nonzero nets that sum to zero.
 * @param pairs who may pay whom, in either direction; members without a net may pass money on.
 * @returns refusal `pairs_cannot_settle` when people who are connected by pairs do not sum to zero among themselves.
 */
export function planPairwise(nets: readonly Net[], pairs: readonly (readonly [string, string])[]): Outcome<PlannedTransfer[]> {
  const neighboursOf = buildGraph(nets, pairs);
  const components = findComponents(neighboursOf);
  const open = new Map(nets.map((net) => [net.memberId, net.minor]));
  if (components.some((members) => members.reduce((sum, member) => sum + (open.get(member) ?? 0n), 0n) !== 0n)) {
    return refuse('pairs_cannot_settle', 'The people who shared expenses with each other cannot settle among themselves.');
  }
  return ok(components.flatMap((members) => settleComponent(members, neighboursOf, open)).sort(compareTransfers));
}

type Graph = ReadonlyMap<string, readonly string[]>;

function buildGraph(nets: readonly Net[], pairs: readonly (readonly [string, string])[]): Graph {
  const sets = new Map<string, Set<string>>(nets.map((net) => [net.memberId, new Set()]));
  const connect = (from: string, to: string): void => {
    const neighbours = sets.get(from);
    if (neighbours === undefined) sets.set(from, new Set([to]));
    else neighbours.add(to);
  };
  for (const [one, other] of pairs) {
    if (one === other) continue;
    connect(one, other);
    connect(other, one);
  }
  const sorted = [...sets].sort(([one], [other]) => compareIds(one, other));
  return new Map(sorted.map(([member, neighbours]) => [member, [...neighbours].sort(compareIds)]));
}

function findComponents(graph: Graph): string[][] {
  const seen = new Set<string>();
  const components: string[][] = [];
  for (const member of graph.keys()) {
    if (seen.has(member)) continue;
    const tree = growTree(member, graph, 'breadth');
    for (const { member: reached } of tree) seen.add(reached);
    components.push(tree.map((edge) => edge.member).sort(compareIds));
  }
  return components;
}

/** Settles neighbours whose nets are opposite with one transfer each; both stay in the graph with nothing open. */
function settleOpposites(members: readonly string[], graph: Graph, open: ReadonlyMap<string, bigint>): Flow {
  const transfers: PlannedTransfer[] = [];
  const left = new Map(members.map((member) => [member, open.get(member) ?? 0n]));
  for (const member of members) {
    const minor = left.get(member) ?? 0n;
    const opposite = minor < 0n ? graph.get(member)?.find((neighbour) => left.get(neighbour) === -minor) : undefined;
    if (opposite === undefined) continue;
    transfers.push({ from: member, to: opposite, minor: -minor });
    left.set(member, 0n);
    left.set(opposite, 0n);
  }
  return { transfers, open: left };
}

interface Flow {
  readonly transfers: readonly PlannedTransfer[];
  /** What is open after the transfers. */
  readonly open: ReadonlyMap<string, bigint>;
}

function settleComponent(members: readonly string[], graph: Graph, open: ReadonlyMap<string, bigint>): readonly PlannedTransfer[] {
  const every = Math.ceil(members.length / ROOTS_MAX);
  const starts: Flow[] = [settleOpposites(members, graph, open), { transfers: [], open }];
  let best: { transfers: readonly PlannedTransfer[]; moved: bigint } | undefined;
  for (const root of members.filter((_, index) => index % every === 0)) {
    for (const order of ['breadth', 'depth'] as const) {
      const tree = growTree(root, graph, order);
      for (const start of starts) {
        const transfers = [...start.transfers, ...flowToRoot(tree, start.open)];
        const moved = transfers.reduce((sum, transfer) => sum + transfer.minor, 0n);
        const { length } = transfers;
        if (best === undefined || length < best.transfers.length || (length === best.transfers.length && moved < best.moved)) {
          best = { transfers, moved };
        }
      }
    }
  }
  return best?.transfers ?? [];
}

interface TreeEdge {
  readonly member: string;
  readonly parent: string | undefined;
}

/** Lists the members that can be reached, each after its parent. */
function growTree(root: string, graph: Graph, order: 'breadth' | 'depth'): TreeEdge[] {
  const edges: TreeEdge[] = [];
  const seen = new Set<string>(order === 'breadth' ? [root] : []);
  const waiting: TreeEdge[] = [{ member: root, parent: undefined }];
  for (let next = 0; next < waiting.length;) {
    const edge = order === 'breadth' ? waiting[next++] : waiting.pop();
    if (edge === undefined || (order === 'depth' && seen.has(edge.member))) continue;
    edges.push(edge);
    seen.add(edge.member);
    for (const neighbour of graph.get(edge.member) ?? []) {
      if (seen.has(neighbour)) continue;
      if (order === 'breadth') seen.add(neighbour);
      waiting.push({ member: neighbour, parent: edge.member });
    }
  }
  return edges;
}

/** Lets every member, farthest first, settle what is open below it with its parent. */
function flowToRoot(tree: readonly TreeEdge[], open: ReadonlyMap<string, bigint>): PlannedTransfer[] {
  const below = new Map(tree.map(({ member }) => [member, open.get(member) ?? 0n]));
  const transfers: PlannedTransfer[] = [];
  for (const { member, parent } of tree.toReversed()) {
    const minor = below.get(member) ?? 0n;
    if (parent === undefined || minor === 0n) continue;
    transfers.push(minor < 0n ? { from: member, to: parent, minor: -minor } : { from: parent, to: member, minor });
    below.set(parent, (below.get(parent) ?? 0n) + minor);
  }
  return transfers;
}
