// Compiled against the shipped types by ../types.test.ts; nothing here runs.
import { box as boxSchema, createBox, getBox, type Operation, operations, type Box as WireBox } from '@boxlite/api';
import { main } from '@boxlite/cli';
import { type Endpoint, type Query, query } from '@boxlite/rest';
import { defaultHomeDir, type EngineProbe, openLocal, probeEngines } from '@boxlite/runtime';
import { type App, createApp, type Listening, listen, openIdentity, openServerStore } from '@boxlite/server';
import type { Execution, TerminalSize } from 'boxlite';
import type { BoxBackend, ByteConnection, ExecutionBackend, RuntimeBackend } from 'boxlite/backend';
import { type Attachment, attach, duplexConnection, terminalSize } from 'boxlite/host';
import { expectTypeOf } from 'expect-type';

declare const backend: RuntimeBackend;

// The contract: endpoints as data, results by schema.
expectTypeOf(getBox({ box: 'a' })).toEqualTypeOf<Endpoint>();
expectTypeOf(query(getBox({ box: 'a' }), boxSchema)).toEqualTypeOf<Query<WireBox>>();
expectTypeOf(createBox).parameter(0).toHaveProperty('body');
expectTypeOf(operations).toEqualTypeOf<readonly Operation[]>();

// A backend, in front of which the server stands.
expectTypeOf(openLocal).returns.resolves.toEqualTypeOf<RuntimeBackend>();
expectTypeOf(defaultHomeDir).returns.toEqualTypeOf<string>();
expectTypeOf(probeEngines).returns.resolves.toEqualTypeOf<readonly EngineProbe[]>();
expectTypeOf(backend.create({}, undefined)).resolves.toEqualTypeOf<BoxBackend>();
expectTypeOf<BoxBackend['exec']>().returns.resolves.toEqualTypeOf<ExecutionBackend>();
expectTypeOf<BoxBackend['connect']>().returns.resolves.toEqualTypeOf<ByteConnection>();
expectTypeOf(createApp(backend, { auth: {} })).toEqualTypeOf<App>();
expectTypeOf(listen).parameter(0).toEqualTypeOf<App>();
expectTypeOf(listen).returns.resolves.toEqualTypeOf<Listening>();
expectTypeOf<Listening>().toExtend<AsyncDisposable>();
expectTypeOf(openIdentity).returns.toExtend<Disposable>();
expectTypeOf(openServerStore).parameter(0).toEqualTypeOf<string | undefined>();
expectTypeOf(main).parameters.toEqualTypeOf<[argv: readonly string[]]>();
expectTypeOf(main).returns.resolves.toEqualTypeOf<number>();

// What needs a process around it.
expectTypeOf(attach).parameters.toEqualTypeOf<[execution: Execution, attachment: Attachment]>();
expectTypeOf(attach).returns.resolves.toEqualTypeOf<number>();
expectTypeOf(duplexConnection).returns.toEqualTypeOf<ByteConnection>();
expectTypeOf(terminalSize).returns.toEqualTypeOf<TerminalSize | undefined>();
