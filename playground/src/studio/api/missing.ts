// Scripts and styles that could not be loaded: the server is away, or an update replaced them. Each browser words that
// error differently, so that the errors themselves are remembered.

const failures = new WeakSet<object>();

window.addEventListener('vite:preloadError', ({ payload }) => failures.add(payload));

/** Whether an error is about a script or style that could not be loaded. */
export const isMissing = (error: unknown) => typeof error === 'object' && error !== null && failures.has(error);
