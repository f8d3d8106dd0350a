import type { Kit } from './kit.ts';
import type { Need } from './server.ts';

/** Something that a server of the contract does. */
export interface Requirement {
  /** Group and name, such as `boxes.create`; stays the same. */
  readonly id: string;
  /** What must be so, in a sentence. */
  readonly text: string;
  /** Where the contract says so: an operation's id, or a path into spec/openapi.yaml such as `components/responses/NotFound`. */
  readonly clause: string;
  readonly needs?: readonly Need[];
  /** Looks whether it is so: `Unmet` where not, `NotApplicable` where there is nothing to look at. */
  check(kit: Kit): Promise<void>;
}
