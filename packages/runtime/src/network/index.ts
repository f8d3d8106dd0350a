export type {
  BoxNetwork,
  BoxNetworkOptions,
  BoxNetworkPlace,
  DialledStream,
  NetworkUsage,
  PublishedPort,
} from './box-network.ts';
export { adoptBoxNetwork, openBoxNetwork, removeBoxNetwork } from './open-box-network.ts';
export { type NetworkRule, parseRule } from './rule.ts';
