import { compareTransfers, type Net, type PlannedTransfer } from './plan-settle.ts';

/**
 * Settles everybody with one member, who pays and is paid on behalf of the others.
 *
 * @param nets nonzero nets that sum to zero.
 * @param hub the member in the middle, who needs no net.
 * @returns one transfer for every net but the hub's own.
 */
export function planHub(nets: readonly Net[], hub: string): PlannedTransfer[] {
  return nets
    .filter((net) => net.memberId !== hub)
    .map((net) => (net.minor < 0n ? { from: net.memberId, to: hub, minor: -net.minor } : { from: hub, to: net.memberId, minor: net.minor }))
    .sort(compareTransfers);
}
