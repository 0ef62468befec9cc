// Runs in the head, before the first paint, so that the chosen theme never flashes.
try {
  const theme = localStorage.getItem("roomscope.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage can be forbidden: then the system's theme it is.
}
