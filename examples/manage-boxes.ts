// Makes, finds and removes a box.
import { image, openRuntime } from './runtime.ts';

await using runtime = await openRuntime();
const name = 'rest-crud-demo';

const box = await runtime.create({ image, memoryMib: 256, autoRemove: false }, name);
console.log(`created ${box.name}`);
try {
  console.log(`by id: ${(await runtime.getInfo(box.id))?.status}`);
  console.log(`by name: ${(await runtime.get(name))?.id === box.id ? 'the same box' : 'another box'}`);
  const again = await runtime.getOrCreate({ image }, name);
  console.log(`getOrCreate: ${again.created ? 'made a new one' : 'gave the one that was there'}`);
  const names = (await runtime.listInfo()).map((info) => info.name);
  console.log(`listed: ${names.includes(name)}`);
} finally {
  await runtime.remove(box.id, { force: true });
}
console.log(`after removal: ${await runtime.getInfo(box.id)}`);
