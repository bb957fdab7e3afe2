"use strict";
// What every page has: a word at its foot, help, light and dark, a link to copy, and the keys for them.
const frame = (() => {
  const $ = (id) => document.getElementById(id);
  const root = document.documentElement;

  // The elements of a part of the page that the server left as text.
  function fromText(part) {
    const made = document.createElement("template");
    made.innerHTML = part.textContent;
    return made.content;
  }

  let silence;
  function say(text) {
    $("toast").textContent = text;
    clearTimeout(silence);
    silence = setTimeout(() => { $("toast").textContent = ""; }, 2500);
  }

  // Without a choice of the reader's the page looks as the system does.
  const isDark = () => root.dataset.theme
    ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const tellColours = () => $("theme").setAttribute("aria-pressed", isDark());
  function recolour() {
    root.dataset.theme = isDark() ? "light" : "dark";
    try { localStorage.setItem("theme", root.dataset.theme); } catch { /* it is forgotten with the page */ }
    tellColours();
  }

  async function copyLink() {
    const address = own.link();
    try {
      await navigator.clipboard.writeText(address);
      say("Link copied");
    } catch {
      say("The link is in the address bar");
      location.assign(address);
    }
  }

  const follow = (id) => () => { if ($(id)) $(id).click(); else say("There is no such state of knowledge"); };
  const keys = {
    y: copyLink, "?": () => $("keys").showModal(), "/": () => $("filter").focus(),
    "[": follow("earlier"), "]": follow("later"),
  };
  // What a page does in its own way: the link to copy, and what a key does where the focus is.
  const own = { link: () => $("pinned")?.href ?? location.href, key: () => null };

  function press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || $("keys").open) return;
    if (event.target.matches("input, select, textarea")) return;
    const does = own.key(event) ?? keys[event.key];
    if (!does) return;
    event.preventDefault();
    does();
  }

  $("theme").addEventListener("click", recolour);
  $("help").addEventListener("click", keys["?"]);
  $("link").addEventListener("click", copyLink);
  document.addEventListener("keydown", press);
  tellColours();
  return { $, fromText, say, keys, own };
})();
