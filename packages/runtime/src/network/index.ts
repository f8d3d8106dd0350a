export type {
  BoxNetwork,
  BoxNetworkOptions,
  BoxNetworkPlace,
  DialledStream,
  NetworkUsage,
  PreparedNetwork,
  PublishedPort,
} from './box-network.ts';
export { adoptBoxNetwork, openBoxNetwork, prepareBoxNetwork, removeBoxNetwork } from './open-box-network.ts';
export { type NetworkRule, parseRule } from './rule.ts';
