// Tells when the page's colours may have become others: JupyterLab's theme, a class, or what the computer prefers.
// In: the page. Out: a call. Does not know: colours.

function heedTheme(changed) {
  const watcher = new MutationObserver(changed);
  const attributes = { attributes: true, attributeFilter: ["data-jp-theme-light", "data-theme", "class"] };
  for (const element of [document.documentElement, document.body]) watcher.observe(element, attributes);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", changed);
  return () => {
    watcher.disconnect();
    dark.removeEventListener("change", changed);
  };
}
