import { chromium } from 'playwright-core';
import type { Driver } from './driver.ts';

/** Debian's Chromium, by Playwright. */
export async function openChromium(): Promise<Driver> {
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  return {
    async outcomeOf(url) {
      const page = await browser.newPage();
      try {
        await page.goto(url);
        return String(await page.evaluate('outcome'));
      } finally {
        await page.close();
      }
    },
    [Symbol.asyncDispose]: () => browser.close(),
  };
}
