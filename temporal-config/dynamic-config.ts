/**
 * Settings of the Temporal server by their dynamic-config keys: `--dynamic-config-value key=value` for the dev server,
 * an entry of the dynamic-config file for others. Defaults that serve are not repeated here.
 */
export const dynamicConfig: Readonly<Record<string, number | boolean | string>> = {
  // Four services poll one queue each; more partitions than one only multiply polls and forwarding on a single node.
  'matching.numTaskqueueReadPartitions': 1,
  'matching.numTaskqueueWritePartitions': 1,
  // The defaults (2,000 to 9,000) are per host of a cluster; here one host does it all, and SQLite or Postgres is the limit.
  'frontend.persistenceMaxQPS': 20_000,
  'history.persistenceMaxQPS': 20_000,
  'matching.persistenceMaxQPS': 20_000,
  'frontend.namespaceRPS': 20_000,
  // Entity workflows roll over after this many events (default 4,096): a shorter history replays faster after a
  // worker's restart and is cheaper to keep in its cache.
  'limit.historyCount.suggestContinueAsNew': 1_500,
  // New search attributes are usable at once instead of after the next refresh of a cache.
  'system.forceSearchAttributesCacheRefreshOnRead': true,
};
