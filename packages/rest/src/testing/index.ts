export { type Expectation, type ExpectingClient, type ExpectingOptions, expecting } from './expecting.ts';
export { type ServingClient, type ServingOptions, serving } from './serving.ts';
