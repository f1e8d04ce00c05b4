// Loaded before the first paint, not as a module, so that a chosen theme never flashes.

(() => {
  const root = document.documentElement;
  window.criaTheme = (theme) => { root.dataset.theme = theme; };
  try { window.criaTheme(JSON.parse(localStorage.getItem("cria.theme")) ?? "auto"); } catch { window.criaTheme("auto"); }
})();
