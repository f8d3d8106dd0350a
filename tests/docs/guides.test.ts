import { pages } from './page.ts';
import { tryPages } from './tried-pages.ts';

tryPages(pages.filter((page) => page.startsWith('docs/guides/')));
