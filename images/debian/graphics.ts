/** Drivers of graphics cards, and the compiler that the one without a card has: a box has no card, and draws without them. */
export const graphicsDrivers: readonly string[] = [
  'libdrm-amdgpu1',
  'libdrm-intel1',
  'libdrm-nouveau2',
  'libdrm-radeon1',
  'libelf1',
  'libgl1-mesa-dri',
  'libllvm15',
  'libpciaccess0',
  'libsensors-config',
  'libsensors5',
  'libz3-4',
];
