// Where the chosen theme is kept: the key that `first-paint.js` reads.

import { localStorageColorSchemeManager } from '@mantine/core';

export const colorSchemes = localStorageColorSchemeManager({ key: 'gloss.theme' });
