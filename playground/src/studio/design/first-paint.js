// Runs before the first paint, so that a chosen theme never flashes in the other colours.
(function () {
  var chosen;
  try {
    chosen = localStorage.getItem('gloss.theme');
  } catch (error) {
    // Storage is closed: the system's choice counts.
  }
  var dark = chosen === 'dark' || (chosen !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light');
})();
