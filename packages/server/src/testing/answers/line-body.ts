import type { OperationAnswers } from './contract.ts';
import { within } from './contract.ts';
import type { BodyCheck } from './event-body.ts';
import { whatIsWrongInText } from './schema.ts';

const maxLineLength = 64 * 1024;

/** Lines of JSON: each is what the operation's `x-ndjson-line` says, and has an end. */
export function lineBody({ operation }: OperationAnswers): BodyCheck {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const schema = within(operation, 'x-ndjson-line');
  let rest = '';

  return {
    push(bytes) {
      if (!schema) return `the contract does not say what a line is (${operation.pointer})`;
      try {
        rest += decoder.decode(bytes, { stream: true });
      } catch {
        return 'a line is not UTF-8';
      }
      const lines = rest.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const wrong = whatIsWrongInText(schema, line);
        if (wrong !== undefined) return `a line: ${wrong}`;
      }
      return rest.length > maxLineLength ? `a line has more than ${maxLineLength} characters` : undefined;
    },
    end: (whole) => (whole && rest !== '' ? `the body ends in the middle of a line: ${rest.slice(0, 200)}` : undefined),
  };
}
