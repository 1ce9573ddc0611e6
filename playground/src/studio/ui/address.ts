// The address as it is now. What a component was rendered with may be one change behind: the router draws a change of the
// address when it has time, and the next change would undo it.

/** The parameters in the browser's address. */
export const present = () => new URLSearchParams(window.location.search);
