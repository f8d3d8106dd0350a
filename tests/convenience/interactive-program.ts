// What a user writes for a shell in a box; started by interactive-box.test.ts.
import { InteractiveBox } from 'boxlite';
import { image, openRuntime } from '../../examples/runtime.ts';

await using runtime = await openRuntime();
await using box = await InteractiveBox.create({ runtime, image });
console.log(`ended with ${await box.wait()}`);
