// The portal's script: theme, live refresh, tips. The page reads well without it.
"use strict";

const root = document.documentElement;
const asked = new URLSearchParams(location.search).get("theme");
const stored = (() => {
  try { return localStorage.getItem("tally-theme"); } catch { return null; }
})();
const chosen = [asked, stored].find((theme) => theme === "light" || theme === "dark");
if (chosen) root.dataset.theme = chosen;

document.addEventListener("DOMContentLoaded", () => {
  startTheme();
  startTips();
  prepare(document.querySelector("main"));
  startRefresh();
});

// Theme: the system's until the button is used once.
function startTheme() {
  const button = document.getElementById("theme");
  button.hidden = false;
  button.addEventListener("click", () => {
    const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    const theme = (root.dataset.theme || system) === "dark" ? "light" : "dark";
    root.dataset.theme = theme;
    try { localStorage.setItem("tally-theme", theme); } catch { /* lasts for this page only */ }
  });
}

// Refresh: fetch <main> again while somebody looks, and change only what differs.
const refreshMs = 3000;
const failuresMax = 5;

function startRefresh() {
  const live = document.getElementById("live");
  let failures = 0;
  let timer = 0;

  const say = (text, isBad) => {
    if (live.textContent !== text) live.textContent = text;
    live.classList.toggle("bad", isBad);
  };
  const schedule = () => {
    clearTimeout(timer);
    timer = setTimeout(refresh, refreshMs);
  };
  const stop = (reason) => {
    say(reason, true);
    const retry = document.createElement("button");
    retry.className = "button small";
    retry.type = "button";
    retry.textContent = "Try again";
    retry.addEventListener("click", () => { failures = 0; say("Live", false); refresh(); });
    live.append(retry);
  };
  const refresh = async () => {
    if (document.hidden) return;
    try {
      const next = await fetchMain();
      failures = 0;
      say("Live", false);
      if (next) {
        morph(document.querySelector("main"), next);
        document.dispatchEvent(new Event("refreshed"));
      }
      schedule();
    } catch (error) {
      failures += 1;
      if (error.isFinal) return stop(error.message);
      if (failures >= failuresMax) return stop("Not updating: the server does not answer.");
      say("Reconnecting\u2026", true);
      schedule();
    }
  };
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && failures < failuresMax) refresh();
  });
  say("Live", false);
  schedule();
}

// The page's newest <main>; null when a newer program answered and the whole page is loaded anew.
async function fetchMain() {
  const answer = await fetch(location.href, {
    headers: { "Tally-Fragment": "main", Accept: "text/html" },
    cache: "no-store", credentials: "same-origin", signal: AbortSignal.timeout(10000),
  });
  if (answer.status === 401 || answer.status === 403 || answer.redirected) {
    const error = new Error("Not updating: signed out.");
    error.isFinal = true;
    throw error;
  }
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const next = page.querySelector("main");
  if (!next) throw new Error("no main");
  if (next.dataset.build !== document.querySelector("main").dataset.build) {
    location.reload();
    return null;
  }
  return prepare(next);
}

// Native titles of bars would show beside our tips: keep their text as data.
function prepare(main) {
  for (const title of main.querySelectorAll(".slice > title")) {
    title.parentNode.dataset.tip = title.textContent;
    title.remove();
  }
  for (const pre of main.querySelectorAll(".steps pre")) {
    if (navigator.clipboard) pre.parentNode.append(copyButton(pre));
  }
  return main;
}

function copyButton(pre) {
  const button = document.createElement("button");
  button.className = "button small copy";
  button.type = "button";
  button.textContent = "Copy";
  return button;
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest(".copy");
  if (!button) return;
  await navigator.clipboard.writeText(button.parentNode.querySelector("code").textContent);
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = "Copy"; }, 1500);
});

// Makes `old` equal to `next` with the fewest changes, so that focus, scrolling, open details and
// selections stay. Children with a key or an id are found again by it.
function morph(old, next) {
  if (old.isEqualNode(next)) return;
  for (const { name } of [...old.attributes]) {
    if (!next.hasAttribute(name) && name !== "open") old.removeAttribute(name);
  }
  for (const { name, value } of next.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  morphChildren(old, next);
}

const keyOf = (node) => (node.dataset && node.dataset.key) || node.id || null;
const isSame = (a, b) => a.nodeName === b.nodeName && keyOf(a) === keyOf(b);

function morphChildren(old, next) {
  const kept = new Map();
  for (const child of old.children) if (keyOf(child)) kept.set(keyOf(child), child);
  let place = old.firstChild;
  for (const child of [...next.childNodes]) {
    const known = keyOf(child) && kept.get(keyOf(child));
    if (known && known !== place) old.insertBefore(known, place);
    const match = known || (place && isSame(place, child) ? place : null);
    if (!match) {
      if (child.nodeName === "TR") child.classList.add("fresh");
      old.insertBefore(child, place);
    } else {
      place = match.nextSibling;
      if (match.nodeType === Node.ELEMENT_NODE) morph(match, child);
      else if (match.nodeValue !== child.nodeValue) match.nodeValue = child.nodeValue;
    }
  }
  while (place) {
    const after = place.nextSibling;
    place.remove();
    place = after;
  }
}

// Tips: follow the pointer over bars, or the arrow keys while the chart has the focus.
function startTips() {
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.hidden = true;
  document.body.append(tip);
  let lit = null;

  const hide = () => {
    if (lit) lit.classList.remove("lit");
    lit = null;
    tip.hidden = true;
  };
  const show = (slice) => {
    if (!slice || !slice.dataset.tip) return hide();
    if (lit !== slice) hide();
    lit = slice;
    slice.classList.add("lit");
    tip.replaceChildren(...slice.dataset.tip.split("\n").map(tipLine));
    tip.hidden = false;
    const bar = slice.querySelector(".hit").getBoundingClientRect();
    const parts = [...slice.querySelectorAll(":scope > g rect")];
    const top = Math.min(bar.bottom, ...parts.map((part) => part.getBoundingClientRect().top));
    const left = bar.left + bar.width / 2 - tip.offsetWidth / 2;
    const room = root.clientWidth - tip.offsetWidth - 8;
    tip.style.left = `${Math.max(8, Math.min(left, room))}px`;
    tip.style.top = `${Math.max(8, top - tip.offsetHeight - 8)}px`;
  };
  document.addEventListener("refreshed", () => show(lit && lit.isConnected ? lit : null));
  document.addEventListener("pointerover", (event) => show(event.target.closest(".slice")));
  document.addEventListener("scroll", hide, { passive: true });
  document.addEventListener("focusout", hide);
  document.addEventListener("keydown", (event) => {
    const bars = event.target.closest(".bars");
    if (!bars) return;
    if (event.key === "Escape") return hide();
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const slices = [...bars.querySelectorAll(".slice")];
    const from = lit ? slices.indexOf(lit) : step > 0 ? -1 : slices.length;
    show(slices[Math.max(0, Math.min(from + step, slices.length - 1))]);
  });
}

// One line of a tip: `name: credits`, or just text.
function tipLine(text) {
  const line = document.createElement("p");
  const cut = text.lastIndexOf(": ");
  if (cut < 0) {
    line.textContent = text;
    return line;
  }
  const name = text.slice(0, cut);
  const entry = [...document.querySelectorAll(".legend li")].find((item) => item.title === name);
  if (entry) line.append(entry.querySelector(".dot").cloneNode());
  const label = document.createElement("span");
  label.textContent = name;
  const value = document.createElement("b");
  value.textContent = text.slice(cut + 2);
  line.append(label, value);
  return line;
}
