"use strict";
// Before anything is drawn: light or dark, as the reader chose before.
try {
  const theme = localStorage.getItem("theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch { /* the browser keeps nothing; the system decides */ }
