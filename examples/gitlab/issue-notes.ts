import { form, type NameOrId, type Pageable, path, type WriteEndpoint } from '@boxlite/rest';
import * as z from 'zod';

/** A note on an issue, as far as this binding looks. */
export const Note = z.object({ id: z.number(), body: z.string(), confidential: z.boolean().optional() });

/** An issue of a project: its number is counted within the project. */
export interface IssuePlace {
  readonly project: NameOrId;
  readonly issue: number;
}

/** The notes of an issue. */
export function issueNotes(
  { project, issue }: IssuePlace,
  options: { readonly orderBy?: 'created_at' | 'updated_at'; readonly sort?: 'asc' | 'desc' } = {},
): Pageable {
  return {
    method: 'GET',
    path: path`/projects/${project}/issues/${issue}/notes`,
    params: { order_by: options.orderBy, sort: options.sort },
    pagination: { mode: 'page' },
  };
}

/** What a new note says, and who may read it. */
export interface CreateIssueNoteOptions {
  readonly body: string;
  readonly confidential?: boolean;
  /** Needs the rights of an administrator or owner. */
  readonly createdAt?: Date;
}

/** Writes a note. */
export function createIssueNote({ project, issue }: IssuePlace, options: CreateIssueNoteOptions): WriteEndpoint {
  const { body, confidential, createdAt } = options;
  return {
    method: 'POST',
    path: path`/projects/${project}/issues/${issue}/notes`,
    body: form({ body, confidential, created_at: createdAt }),
  };
}

/** What changes of a note. */
export interface EditIssueNoteOptions {
  readonly body?: string;
  readonly confidential?: boolean;
}

/** Changes a note. */
export function editIssueNote(
  { project, issue, note }: IssuePlace & { readonly note: number },
  { body, confidential }: EditIssueNoteOptions,
): WriteEndpoint {
  return {
    method: 'PUT',
    path: path`/projects/${project}/issues/${issue}/notes/${note}`,
    body: form({ body, confidential }),
  };
}

/** Deletes a note. */
export function deleteIssueNote({ project, issue, note }: IssuePlace & { readonly note: number }): WriteEndpoint {
  return { method: 'DELETE', path: path`/projects/${project}/issues/${issue}/notes/${note}` };
}
